// TableImporter: how a table type declares tables for keys that are there (IMPORT FOREIGN SCHEMA).
//
// A table type that can do so returns one from TableType::importer(). It says which commands show a
// little of a key, and what table the keys of a group make, given what those commands replied. It
// sends nothing itself (sampler.h does), so it is tested without a server.

#ifndef REDIS_FDW_TABLES_IMPORT_IMPORTER_H_
#define REDIS_FDW_TABLES_IMPORT_IMPORTER_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/net/connection.h"
#include "core/resp/command.h"
#include "tables/import/key_groups.h"
#include "tables/import/value_types.h"

namespace redis_fdw {

// A string of a reply.
struct SampledElement {
  std::string bytes;
  bool nil = false;
  bool cut = false;  // `bytes` are only its first
  int depth = 0;     // 0: the reply itself; 1: an element of it; ...
};

// A reply, as far as it was kept.
struct SampledReply {
  bool failed = false;   // it was an error: the key is gone or of another type, or may not be read
  int64_t integer = -1;  // of an integer reply, else -1
  std::vector<SampledElement> elements;  // its strings, in the order of the wire, nested ones too
};

// What is known of a key: the replies to all commands so far, in their order.
struct KeySample {
  std::string key;
  std::vector<SampledReply> replies;

  // Reply `i`, or an empty failed one if there is none.
  const SampledReply& reply(size_t i) const {
    static const SampledReply* const kNone = new SampledReply{/*failed=*/true, -1, {}};
    return i < replies.size() ? replies[i] : *kNone;
  }
};

struct ImportColumn {
  std::string name;
  ValueType type = ValueType::kText;
  std::string role;   // column option `redis`; empty: none
  std::string field;  // column option `field`; empty: none
};

// A table but for its name and what every table has (table_type, table_key_prefix, database).
struct TableDraft {
  std::vector<ImportColumn> columns;
  std::vector<std::pair<std::string, std::string>> options;
};

class TableImporter {
 public:
  virtual ~TableImporter() = default;

  // The commands about a key to be sent next, given the replies to those before (`sample.replies`;
  // empty at first); none: enough is known. Each is cheap and its reply small, however large the
  // key is.
  virtual std::vector<Command> NextCommands(const KeySample& sample,
                                            const ServerInfo& server) const = 0;

  // The table for the keys of `group`. `samples` are of some of them, and may be empty.
  virtual TableDraft Draft(const KeyGroup& group, absl::Span<const KeySample> samples) const = 0;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_IMPORT_IMPORTER_H_
