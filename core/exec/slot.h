// The hash slot of a key in a Redis Cluster (https://redis.io/docs/reference/cluster-spec/).

#ifndef REDIS_FDW_CORE_EXEC_SLOT_H_
#define REDIS_FDW_CORE_EXEC_SLOT_H_

#include "absl/strings/string_view.h"

namespace redis_fdw {

// 0 to kSlots - 1: CRC16 (XMODEM) of the key, or of its hash tag: what stands between the first '{'
// and the first '}' after it, if that is not empty. Keys are bytes.
int KeySlot(absl::string_view key);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_SLOT_H_
