// What the tests of KeysSource share: tables of many keys, and keyspaces that a fake server answers
// for.

#ifndef REDIS_FDW_TABLES_COMMON_KEYS_SOURCE_FIXTURE_H_
#define REDIS_FDW_TABLES_COMMON_KEYS_SOURCE_FIXTURE_H_

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "gtest/gtest.h"
#include "tables/common/table_test_util.h"

namespace redis_fdw::test {

// Strings are the plainest rows of keys; other types where it matters.
class KeysSourceTest : public ::testing::Test {
 protected:
  void BindMany(absl::string_view type, const Lines& columns, const std::string& pattern = "u:*",
                bool row_per_key = false) {
    TableDef def;
    def.key = pattern;
    def.row_per_key = row_per_key;
    t_.Bind(type, columns, def);
  }
  void BindStrings(const std::string& pattern = "u:*") {
    BindMany("string", {"key", "value"}, pattern);
  }
  void BindTemplate(absl::string_view type, const Lines& columns) {
    TableDef def;
    def.key_template = "u:{id}:x";
    t_.Bind(type, columns, def);
  }

  static Predicate Key(CompareOp op, int operand = 0) {
    return Where(0, op, Semantics::kBytes, operand);
  }
  static std::string Page(const std::string& cursor, const Lines& keys) {
    return Array({Bulk(cursor), Bulks(keys)});
  }
  static std::string KeyName(int i) { return absl::StrCat("u:", i); }
  // "0: \"u:1\", \"v u:1\"", as AnswerStrings() makes them.
  static std::string StringRow(const std::string& key) {
    return absl::StrCat("0: \"", key, "\", \"v ", key, "\"");
  }
  static Lines StringRows(int count) {
    Lines rows;
    for (int i = 0; i < count; ++i) rows.push_back(StringRow(KeyName(i)));
    std::sort(rows.begin(), rows.end());
    return rows;
  }
  static Lines Sorted(Lines lines) {
    std::sort(lines.begin(), lines.end());
    return lines;
  }
  // A keyspace u:0 ... u:count-1 of strings, in pages of `page` keys, each of which repeats the
  // last key of the one before.
  std::string AnswerStrings(const FakeServer::Argv& argv, int count, int page) {
    if (argv[0] == "GET") return Bulk("v " + argv[1]);
    EXPECT_EQ(argv[0], "SCAN");
    int begin = std::stoi(argv[1]);
    int end = std::min(begin + page, count);
    Lines keys;
    for (int i = std::max(begin - 1, 0); i < end; ++i) keys.push_back(KeyName(i));
    return Page(end == count ? "0" : absl::StrCat(end), keys);
  }
  void HandleStrings(int count, int page) {
    t_.Handle([this, count, page](const FakeServer::Argv& argv) {
      return AnswerStrings(argv, count, page);
    });
  }
  // Commands of that name among those sent.
  size_t Sent(const std::string& name) {
    size_t count = 0;
    for (const FakeServer::Argv& argv : t_.server().commands()) count += argv[0] == name ? 1 : 0;
    return count;
  }
  std::unique_ptr<Scan> Open(const ScanPlan& plan) {
    auto scan = t_.table().OpenScan(plan, t_.options, &t_.pipeline());
    EXPECT_TRUE(scan.ok()) << scan.status();
    return std::move(scan).value();
  }
  static absl::Status StartWithout(Scan* scan) {
    absl::Span<const Cell> none;
    return scan->Start(absl::MakeConstSpan(&none, 1));
  }

  TableTester t_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TABLES_COMMON_KEYS_SOURCE_FIXTURE_H_
