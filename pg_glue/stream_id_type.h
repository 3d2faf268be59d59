// The SQL type redis_stream_id: the id of a stream's entry, sorted as Redis sorts it.
//
// Its values are StreamIds: 16 bytes, passed by reference. Its SQL functions are in
// stream_id_type.cc, its operators in redis_fdw--1.0.sql.

#ifndef REDIS_FDW_PG_GLUE_STREAM_ID_TYPE_H_
#define REDIS_FDW_PG_GLUE_STREAM_ID_TYPE_H_

#include "pushdown/stream_id.h"

#include "pg_glue/pg.h"

namespace redis_fdw {

// Whether a type, which is no domain, is the one: by its input function, since a user's own type
// may have that name in another schema, or the extension another schema than it had.
bool IsStreamIdType(Oid type);

// The name of the type that belongs to this handler, with its schema, as DDL takes it; null if the
// handler was created without the extension. In the current memory context.
const char* StreamIdTypeName(Oid handler);

// In the current memory context.
Datum StreamIdToDatum(const StreamId& id);
inline const StreamId& DatumToStreamId(Datum value) { return *(StreamId*)DatumGetPointer(value); }

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_STREAM_ID_TYPE_H_
