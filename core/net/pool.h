// Pool: the connections of this process, and leases on them.
//
// Keyed by ConnectionSpec (endpoint, user, password, database), so whoever connects otherwise gets
// another connection. A Lease is exclusive. Its destructor gives the connection back if it is
// clean, and closes it if a reply is unread or it is broken: no reply ever meets another command.
// There are no threads; limits take effect when the pool is next used, and in Tidy().
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

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/net/connection.h"
#include "core/net/transport.h"
#include "core/net/waiter.h"

namespace redis_fdw {

struct PoolLimits {
  size_t max_size = 10;
  absl::Duration idle_timeout = absl::Seconds(600);
  absl::Duration max_lifetime = absl::Seconds(1800);
  bool test_on_check_out = true;
  // How long is tried to get a connection that serves: until a failover is over, Redis has loaded
  // its data, or a cluster is up again.
  absl::Duration acquire_timeout = absl::Seconds(30);
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

  // A connection to spec.endpoint, idle or new; a new one is still connecting: Advance() it. No
  // round trip, but where a lease must be spilled first.
  absl::StatusOr<Lease> Acquire(const ConnectionSpec& spec, const PoolLimits& limits);

  // Closes idle connections that are too old or idle too long.
  void Tidy();
  // Closes all idle connections; those leased are closed when they come back.
  void Invalidate();

  size_t idle() const;
  size_t leased() const;
  Waiter* waiter() const { return waiter_; }

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
  absl::Status MakeRoom(const std::string& key, const ConnectionSpec& spec, size_t max_size);
  void TakeBack(std::list<Lease::Slot>::iterator slot, std::unique_ptr<Connection> connection);
  static bool Expired(const Idle& idle, const PoolLimits& limits, absl::Time now);

  TransportFactory* const factory_;
  Waiter* const waiter_;
  std::vector<Idle> idle_;         // the most recently used last
  std::list<Lease::Slot> leased_;  // the oldest first
  int64_t generation_ = 0;         // Invalidate() begins another
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_NET_POOL_H_
