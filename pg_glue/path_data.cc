#include "pg_glue/path_data.h"

#include <cstdlib>

namespace redis_fdw {

List* EncodePathData(const PathData& data) {
  List* shape = list_make4_int((int)data.kind, data.wish.order.column,
                               data.wish.order.descending ? 1 : 0, data.wish.count ? 1 : 0);
  List* sort = list_make2_oid(data.sort_operator, data.collation);
  return list_make3(shape, sort, makeString(psprintf("%.0f", data.wish.rows)));
}

PathData DecodePathData(List* fdw_private) {
  PathData data;
  if (fdw_private == NIL) return data;
  List* shape = (List*)linitial(fdw_private);
  data.kind = (PathKind)list_nth_int(shape, 0);
  data.wish.order.column = list_nth_int(shape, 1);
  data.wish.order.descending = list_nth_int(shape, 2) != 0;
  data.wish.count = list_nth_int(shape, 3) != 0;
  List* sort = (List*)lsecond(fdw_private);
  data.sort_operator = list_nth_oid(sort, 0);
  data.collation = list_nth_oid(sort, 1);
  data.wish.rows = strtod(StringValue(lthird(fdw_private)), nullptr);
  return data;
}

}  // namespace redis_fdw
