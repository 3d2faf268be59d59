// What schema_import_test.cc imports from.

#ifndef REDIS_FDW_TABLES_IMPORT_SCHEMA_IMPORT_FIXTURE_H_
#define REDIS_FDW_TABLES_IMPORT_SCHEMA_IMPORT_FIXTURE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/resp.h"

namespace redis_fdw::test {

// A Redis that knows just what importing asks.
class FakeKeyspace {
 public:
  using Argv = FakeServer::Argv;
  using Lines = std::vector<std::string>;
  static constexpr size_t kPage = 1000;

  struct Key {
    std::string type;
    std::vector<std::pair<std::string, std::string>> fields;  // of a hash or stream entry
    std::vector<std::string> elements;                        // of others
    int64_t bytes = 1000;
    int64_t ttl = -1;  // in milliseconds
  };

  std::map<std::string, Key> keys;
  std::map<std::string, std::string> refused;  // command -> error

  std::string Answer(const Argv& argv) {
    auto refusal = refused.find(argv[0]);
    if (refusal != refused.end()) return test::Error(refusal->second);
    if (argv[0] == "SCAN") return Scan(argv);
    const size_t at = argv[0] == "MEMORY" ? 2 : 1;
    auto found = keys.find(argv[at]);
    if (argv[0] == "TYPE") return test::Simple(found == keys.end() ? "none" : found->second.type);
    if (found == keys.end()) return test::Error("ERR gone");
    return About(argv, found->second);
  }

 private:
  // Its cursor is a position in the order of keys; the pattern must end in its only star.
  std::string Scan(const Argv& argv) {
    std::string prefix;
    for (size_t i = 2; i + 1 < argv.size(); ++i) {
      if (argv[i] == "MATCH") prefix = argv[i + 1].substr(0, argv[i + 1].size() - 1);
    }
    const size_t from = std::stoul(argv[1]);
    Lines page;
    size_t i = 0;
    for (const auto& key : keys) {
      if (i >= from && i < from + kPage && absl::StartsWith(key.first, prefix)) {
        page.push_back(key.first);
      }
      ++i;
    }
    const size_t next = from + kPage < keys.size() ? from + kPage : 0;
    return test::Array({Bulk(absl::StrCat(next)), Bulks(page)});
  }

  static std::string About(const Argv& argv, const Key& key) {
    const std::string& name = argv[0];
    if (name == "MEMORY") return Int(key.bytes);
    if (name == "PTTL") return Int(key.ttl);
    if (name == "HLEN") return Int(static_cast<int64_t>(key.fields.size()));
    if (name == "STRLEN") return Int(static_cast<int64_t>(key.elements[0].size()));
    if (name == "GETRANGE") return Bulk(key.elements[0].substr(0, 4096));
    if (name == "LLEN" || name == "SCARD" || name == "ZCARD") {
      return Int(static_cast<int64_t>(key.elements.size()));
    }
    if (name == "XLEN") return Int(1);
    if (name == "LRANGE" || name == "SRANDMEMBER" || name == "ZRANGE") return Bulks(key.elements);
    Lines names;
    Lines both;
    std::map<std::string, std::string> values;
    for (const auto& field : key.fields) {
      names.push_back(field.first);
      both.push_back(field.first);
      both.push_back(field.second);
      values[field.first] = field.second;
    }
    if (name == "HKEYS" || name == "HRANDFIELD") return Bulks(names);
    if (name == "HSTRLEN") return Int(static_cast<int64_t>(values[argv[2]].size()));
    if (name == "HMGET") {
      Lines wanted;
      for (size_t i = 2; i < argv.size(); ++i) wanted.push_back(values[argv[i]]);
      return Bulks(wanted);
    }
    if (name == "XRANGE" || name == "XREVRANGE") {
      return test::Array({test::Array({Bulk("1-1"), Bulks(both)})});
    }
    return test::Error("ERR unexpected");
  }
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TABLES_IMPORT_SCHEMA_IMPORT_FIXTURE_H_
