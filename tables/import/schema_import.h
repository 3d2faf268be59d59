// IMPORT FOREIGN SCHEMA but for SQL: from a key pattern to table definitions.
//
// Keys are sampled (sampler.h), grouped (key_groups.h), some keys of each group looked at, and the
// table type of the group's Redis type says what table that makes (importer.h). Memory is bounded
// by the limits of the request and by what is kept of one group's samples at a time.

#ifndef REDIS_FDW_TABLES_IMPORT_SCHEMA_IMPORT_H_
#define REDIS_FDW_TABLES_IMPORT_SCHEMA_IMPORT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/exec/pipeline.h"
#include "tables/import/importer.h"
#include "tables/import/sampler.h"

namespace redis_fdw {

struct ImportRequest {
  std::string pattern;  // a glob, or one key
  std::string delimiter = ":";
  ScanLimits limits;
  size_t max_tables = 200;
};

struct ImportedTable {
  std::string name;
  std::string type;  // option table_type
  std::string key;   // option table_key_prefix; any bytes
  TableDraft draft;
};

// Something that the user should know, in printable ASCII.
struct ImportNote {
  std::string message;
  std::string hint;  // empty: none
};

struct SchemaImport {
  std::vector<ImportedTable> tables;
  std::vector<ImportNote> notes;
};

// `wanted` says of a table name whether the table is asked for; of others no key is looked at.
absl::StatusOr<SchemaImport> ImportSchema(const ImportRequest& request,
                                          absl::FunctionRef<bool(const std::string&)> wanted,
                                          Pipeline* pipeline);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_IMPORT_SCHEMA_IMPORT_H_
