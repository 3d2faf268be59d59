// What a ForeignPath carries to the plan made of it.

#ifndef REDIS_FDW_PG_GLUE_PATH_DATA_H_
#define REDIS_FDW_PG_GLUE_PATH_DATA_H_

#include "pg_glue/pg.h"
#include "pg_glue/scan_choice.h"

namespace redis_fdw {

// What the path does beside scanning the table.
enum class PathKind {
  kScan = 0,
  kLimit = 1,  // the query's LIMIT and OFFSET too
  kCount = 2,  // count(*)
};

// Plain data.
struct PathData {
  PathKind kind = PathKind::kScan;
  // Its `rows`, of kScan: rows after which the scan ends; of kLimit: how many are expected.
  ScanWish wish;
  // Of a wish for an order: how PostgreSQL sorts by it.
  Oid sort_operator = InvalidOid;
  Oid collation = InvalidOid;
};

// As ForeignPath.fdw_private, and back; NIL is a plain scan.
List* EncodePathData(const PathData& data);
PathData DecodePathData(List* fdw_private);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_PATH_DATA_H_
