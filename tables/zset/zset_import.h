// Tables for sorted sets that are there; see tables/import/importer.h.

#ifndef REDIS_FDW_TABLES_ZSET_ZSET_IMPORT_H_
#define REDIS_FDW_TABLES_ZSET_ZSET_IMPORT_H_

#include "tables/import/importer.h"

namespace redis_fdw {

// Lives forever.
const TableImporter* ZsetImporter();

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_ZSET_ZSET_IMPORT_H_
