// Tables for strings that are there; see tables/import/importer.h.

#ifndef REDIS_FDW_TABLES_STRING_STRING_IMPORT_H_
#define REDIS_FDW_TABLES_STRING_STRING_IMPORT_H_

#include "tables/import/importer.h"

namespace redis_fdw {

// Lives forever.
const TableImporter* StringImporter();

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_STRING_STRING_IMPORT_H_
