// Pool: the connections of this process, and leases on them.
//
// Keyed by ConnectionSpec (all but timeouts, role and name), so whoever connects otherwise gets
// another connection. A Lease is exclusive. Its destructor gives the connection back if it is
// clean, and closes it if a reply is unread or it is broken: no reply ever meets another command.
// If it is broken, the idle ones to the same place are closed with it: what has cut one has most
// likely cut all, and each would have to be found out. There are no threads; limits take effect
// when the pool is next used, and in Tidy().
//
// A pool never makes its owner wait for itself: when max_size leases of a key are out, the oldest
// that can be spilled is asked to (it drains its replies elsewhere and lets go); if none can,
// Acquire() fails with kResourceLimit.

#ifndef REDIS_FDW_CORE_NET_POOL_H_
#define REDIS_FDW_CORE_NET_POOL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/net/connection.h"
#include "core/net/traffic.h"
#include "core/net/transport.h"
#include "core/net/waiter.h"

namespace redis_fdw {

struct PoolLimits {
  size_t max_size = 10;
  absl::Duration idle_timeout = absl::Seconds(600);
  absl::Duration max_lifetime = absl::Seconds(1800);
  // Whether an idle connection is looked at before it is used again (has it been closed?), and
  // asked (PING) if it has been idle for `ping_after`, for something between may have forgotten it.
  absl::Duration ping_after = absl::Seconds(30);
  bool test_on_check_out = true;
  // How long is tried to get a connection that serves: until a failover is over, Redis has loaded
  // its data, or a cluster is up again.
  absl::Duration acquire_timeout = absl::Seconds(30);
};

// A connection of a pool, as an operator sees it. Nothing of it is secret but what spec holds.
struct ConnectionInfo {
  enum class State : uint8_t { kIdle, kInUse, kConnecting };
  const ConnectionSpec* spec;
  State state;
  absl::Duration age;
  absl::Duration idle;  // since its last use; zero unless kIdle
  // Ever. Commands without those of the handshake; bytes of RESP.
  uint64_t commands;
  uint64_t bytes_sent;
  uint64_t bytes_received;
};

class Pool;

// Movable, not copyable; empty after a move or Discard().
class Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  ~Lease();

  explicit operator bool() const { return connection_ != nullptr; }
  Connection* operator->() const { return connection_.get(); }
  Connection* get() const { return connection_.get(); }

  // Closes the connection.
  void Discard();

  // `spill` is called when the pool needs this connection: it must finish or abandon what is
  // outstanding and then destroy or release this lease. Not set: the lease cannot be spilled. It
  // may use the pool in any way that does not need another connection of the same key.
  void SetSpill(std::function<absl::Status()> spill);

 private:
  friend class Pool;
  // What the pool knows of a lease. Defined here since iterators of a list need it complete.
  struct Slot {
    std::string key;
    PoolLimits limits;
    int64_t generation;
    const Connection* connection;
    std::function<absl::Status()> spill;
  };
  Pool* pool_ = nullptr;
  std::unique_ptr<Connection> connection_;
  std::list<Slot>::iterator slot_;
  void Return();
};

class Pool {
 public:
  // Both must outlive the pool.
  Pool(TransportFactory* factory, Waiter* waiter);
  ~Pool();  // REQUIRES: no lease is out

  // A connection to spec.endpoint, idle or new; a new one is still connecting, and one that has
  // been idle for long may still have to answer a PING: Advance() it. No round trip, but where a
  // lease must be spilled first.
  absl::StatusOr<Lease> Acquire(const ConnectionSpec& spec, const PoolLimits& limits);

  // Closes idle connections that are too old or idle too long.
  void Tidy();
  // Closes all idle connections; those leased are closed when they come back.
  void Invalidate();
  // The same for those that `which` says; how many there are.
  size_t Close(absl::FunctionRef<bool(const ConnectionSpec&)> which);

  // Visits all connections, those leased first. `visit` must not use the pool.
  void ForEach(absl::FunctionRef<void(const ConnectionInfo&)> visit) const;

  size_t idle() const;
  size_t leased() const;
  Waiter* waiter() const { return waiter_; }

  // Who hears of the traffic on this pool's connections; null: nobody. Must outlive the pool.
  void SetTrafficListener(TrafficListener* listener) { traffic_listener_ = listener; }
  TrafficListener* traffic_listener() const { return traffic_listener_; }

 private:
  friend class Lease;
  // A connection that waits for its next use.
  struct Idle {
    std::string key;
    PoolLimits limits;
    absl::Time since;
    std::unique_ptr<Connection> connection;
  };

  std::unique_ptr<Connection> TakeIdle(const std::string& key, const PoolLimits& limits);
  size_t LeasedOf(const std::string& key) const;
  absl::Status MakeRoom(const std::string& key, const ConnectionSpec& spec,
                        const PoolLimits& limits, absl::Time deadline);
  void TakeBack(std::list<Lease::Slot>::iterator slot, std::unique_ptr<Connection> connection);
  static bool Expired(const Idle& idle, const PoolLimits& limits, absl::Time now);

  TransportFactory* const factory_;
  Waiter* const waiter_;
  TrafficListener* traffic_listener_ = nullptr;
  std::vector<Idle> idle_;         // the most recently used last
  std::list<Lease::Slot> leased_;  // the oldest first
  int64_t generation_ = 0;         // Invalidate() begins another
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_POOL_H_
