// TrafficReport: tells a pool's TrafficListener what a pipeline has counted, piece by piece.

#ifndef REDIS_FDW_CORE_EXEC_TRAFFIC_REPORT_H_
#define REDIS_FDW_CORE_EXEC_TRAFFIC_REPORT_H_

#include <cstdint>

#include "core/base/counters.h"
#include "core/net/connection_spec.h"
#include "core/net/pool.h"
#include "core/net/traffic.h"

namespace redis_fdw {

class TrafficReport {
 public:
  // Both must outlive the report.
  TrafficReport(const Pool* pool, const Counters* counters) : pool_(pool), counters_(counters) {}
  ~TrafficReport() { Report(); }
  TrafficReport(const TrafficReport&) = delete;
  TrafficReport& operator=(const TrafficReport&) = delete;

  // Whose traffic it is. Until this is called nothing is reported, and nothing is forgotten.
  void SetOwner(const ConnectionSpec& spec) {
    server_id_ = spec.server_id;
    user_id_ = spec.user_id;
    has_owner_ = true;
  }

  // Reports what was counted since the last call, if anything was.
  void Report() noexcept {
    TrafficListener* listener = pool_->traffic_listener();
    if (listener == nullptr || !has_owner_) return;
    const Counters delta = *counters_ - reported_;
    if (delta == Counters()) return;
    reported_ = *counters_;
    listener->OnTraffic(server_id_, user_id_, delta);
  }

 private:
  const Pool* const pool_;
  const Counters* const counters_;
  Counters reported_;
  uint32_t server_id_ = 0;
  uint32_t user_id_ = 0;
  bool has_owner_ = false;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_TRAFFIC_REPORT_H_
