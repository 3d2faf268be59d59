#include "pg_glue/instant.h"

#include <limits>

#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

constexpr int64 kUsPerMs = 1000;
// From 1970 to 2000.
constexpr int64 kEpochMs = INT64CONST(86400000) * (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE);
constexpr int64 kInfinity = std::numeric_limits<int64_t>::max();

}  // namespace

TimestampTz TimestampTzOfMs(int64 ms) {
  if (ms == kInfinity) return DT_NOEND;
  constexpr int64 kFarthest = std::numeric_limits<int64_t>::max() / kUsPerMs;
  if (ms <= kFarthest + kEpochMs && ms >= kEpochMs - kFarthest) {
    TimestampTz instant = (ms - kEpochMs) * kUsPerMs;
    if (IS_VALID_TIMESTAMP(instant)) return instant;
  }
  ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                  errmsg("instant " INT64_FORMAT " ms after 1970 is out of range for type %s", ms,
                         format_type_be(TIMESTAMPTZOID))));
  pg_unreachable();
}

int64 MsOfTimestampTz(TimestampTz instant) {
  if (TIMESTAMP_IS_NOEND(instant)) return kInfinity;
  if (TIMESTAMP_IS_NOBEGIN(instant)) {
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                    errmsg("-infinity is no instant that Redis knows"),
                    errhint("'infinity' means that there is no end.")));
  }
  // Division rounds towards zero.
  int64 ms = instant / kUsPerMs;
  if (instant % kUsPerMs < 0) --ms;
  return ms + kEpochMs;
}

}  // namespace redis_fdw
