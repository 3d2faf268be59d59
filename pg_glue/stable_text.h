// The text of values as Redis gets it: the same in every session. Dates are ISO, instants UTC,
// floats the shortest decimal that reads back as the same number.
//
// The common types are written here, without a look at settings. Others are written by their output
// functions, under settings that a StableOutput puts in force meanwhile.

#ifndef REDIS_FDW_PG_GLUE_STABLE_TEXT_H_
#define REDIS_FDW_PG_GLUE_STABLE_TEXT_H_

#include "pg_glue/pg.h"

namespace redis_fdw {

// Each in the current memory context.
char* Float4Text(float4 value);
char* Float8Text(float8 value);
char* DateText(DateADT value);
char* TimestampText(Timestamp value);
char* TimestampTzText(TimestampTz value);

// Whether the output function of a type may heed settings. Of types that we do not know it may.
bool OutputHeedsSettings(Oid type);

// While it is in force, output functions write what does not depend on the session. Sets only what
// the session has otherwise, so that it costs next to nothing in most. Not a C++ object with a
// destructor: an error undoes it with the transaction. Nothing but output functions may run
// meanwhile.
int BeginStableOutput();
void EndStableOutput(int nest_level);

}  // namespace redis_fdw

#endif  // REDIS_FDW_PG_GLUE_STABLE_TEXT_H_
