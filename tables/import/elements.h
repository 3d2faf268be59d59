// What the importers of several table types have in common.

#ifndef REDIS_FDW_TABLES_IMPORT_ELEMENTS_H_
#define REDIS_FDW_TABLES_IMPORT_ELEMENTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/resp/command.h"
#include "tables/import/importer.h"

namespace redis_fdw {

// The first columns of a table: `key` if the group is many keys, else none.
std::vector<ImportColumn> KeyColumns(const KeyGroup& group);

// --- Collections whose elements may be large ----------------------------------------------------
// What such a key is asked first: how many elements it has (`count_command`: "LLEN") and how much
// memory; replies 0 and 1.
std::vector<Command> SizeCommands(absl::string_view count_command, absl::string_view key);
// How many elements may be fetched, going by these replies, so that they come to some 100 KiB; none
// if that is not known.
int64_t ElementsToFetch(const KeySample& sample);

// The type of all strings in reply `reply` of the samples.
TypeGuess GuessElements(absl::Span<const KeySample> samples, size_t reply);

// --- Objects with named fields ------------------------------------------------------------------
struct FieldValue {
  absl::string_view name;
  absl::string_view value;
  bool cut = false;  // as in SampledElement; also if nothing of the value is known
};
using Record = std::vector<FieldValue>;

struct FieldColumns {
  // Most fields of most records are the same ones, and names that text can hold.
  bool alike = false;
  std::vector<ImportColumn> columns;  // for fields that are in a good part of the records
  bool others = false;                // there are further fields
};
// Columns for the fields of records. Their names avoid those of `before` and of system columns.
FieldColumns ColumnsOfFields(absl::Span<const Record> records,
                             const std::vector<ImportColumn>& before);
// A jsonb column for the fields that are not mapped, named unlike all of `before`.
ImportColumn OtherFieldsColumn(const std::vector<ImportColumn>& before);

// --- TTL ----------------------------------------------------------------------------------------
Command TtlCommand(absl::string_view key);
// Appends a column `ttl` if a key has one, going by reply `reply` of each sample.
void AppendTtlColumn(absl::Span<const KeySample> samples, size_t reply,
                     std::vector<ImportColumn>* columns);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_IMPORT_ELEMENTS_H_
