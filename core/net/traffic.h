// TrafficListener: hears what is sent and received on behalf of whom, to add it up.

#ifndef REDIS_FDW_CORE_NET_TRAFFIC_H_
#define REDIS_FDW_CORE_NET_TRAFFIC_H_

#include <cstdint>

#include "core/base/counters.h"

namespace redis_fdw {

// `server_id` and `user_id` are those of the ConnectionSpec. Called at any time, also by
// destructors while a statement fails: implementations neither wait nor allocate.
class TrafficListener {
 public:
  virtual ~TrafficListener() = default;

  // What was counted since the last call. A few times in a statement, not once per command.
  virtual void OnTraffic(uint32_t server_id, uint32_t user_id, const Counters& delta) noexcept = 0;
  // The pool had no connection to give at once: all are in use by scans of this process.
  virtual void OnPoolWait(uint32_t server_id, uint32_t user_id) noexcept = 0;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_TRAFFIC_H_
