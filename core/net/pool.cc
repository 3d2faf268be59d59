#include "core/net/pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

// Whoever connects differently gets another key. Lengths keep parts apart, whatever bytes they
// hold.
std::string KeyOf(const ConnectionSpec& spec) {
  const std::string endpoint = spec.endpoint.ToString();
  return absl::StrCat(spec.server_id, ",", spec.user_id, ",", endpoint.size(), ":", endpoint,
                      spec.endpoint.tls ? "t" : "p", spec.username.size(), ":", spec.username,
                      spec.password.size(), ":", spec.password, spec.database,
                      spec.readonly ? "r" : "w", spec.check_role ? "c" : "");
}

}  // namespace

// --- Lease --------------------------------------------------------------------------------------

Lease::Lease(Lease&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)),
      connection_(std::move(other.connection_)),
      slot_(other.slot_) {}

Lease& Lease::operator=(Lease&& other) noexcept {
  if (this != &other) {
    Return();
    pool_ = std::exchange(other.pool_, nullptr);
    connection_ = std::move(other.connection_);
    slot_ = other.slot_;
  }
  return *this;
}

Lease::~Lease() { Return(); }

void Lease::Return() {
  if (pool_ == nullptr) return;
  std::exchange(pool_, nullptr)->TakeBack(slot_, std::move(connection_));
}

void Lease::Discard() {
  connection_.reset();
  Return();
}

void Lease::SetSpill(std::function<absl::Status()> spill) {
  if (pool_ != nullptr) slot_->spill = std::move(spill);
}

// --- Pool ---------------------------------------------------------------------------------------

Pool::Pool(TransportFactory* factory, Waiter* waiter) : factory_(factory), waiter_(waiter) {}

Pool::~Pool() = default;

size_t Pool::idle() const { return idle_.size(); }
size_t Pool::leased() const { return leased_.size(); }

size_t Pool::LeasedOf(const std::string& key) const {
  return std::count_if(leased_.begin(), leased_.end(),
                       [&key](const Lease::Slot& slot) { return slot.key == key; });
}

bool Pool::Expired(const Idle& idle, const PoolLimits& limits, absl::Time now) {
  return now >= idle.since + limits.idle_timeout ||
         now >= idle.connection->created() + limits.max_lifetime;
}

std::unique_ptr<Connection> Pool::TakeIdle(const std::string& key, const PoolLimits& limits) {
  const absl::Time now = waiter_->Now();
  for (size_t i = idle_.size(); i > 0; --i) {
    Idle& candidate = idle_[i - 1];
    if (candidate.key != key) continue;
    const bool expired = Expired(candidate, limits, now);
    std::unique_ptr<Connection> connection = std::move(candidate.connection);
    idle_.erase(idle_.begin() + (i - 1));
    if (expired) continue;
    if (limits.test_on_check_out && !connection->Usable()) continue;
    return connection;
  }
  return nullptr;
}

// Sees to it that less than `max_size` leases of `key` are out, by spilling the oldest that can be.
absl::Status Pool::MakeRoom(const std::string& key, const ConnectionSpec& spec, size_t max_size) {
  max_size = std::max<size_t>(max_size, 1);
  while (LeasedOf(key) >= max_size) {
    const auto oldest = std::find_if(
        leased_.begin(), leased_.end(),
        [&key](const Lease::Slot& slot) { return slot.key == key && slot.spill != nullptr; });
    if (oldest == leased_.end()) {
      return MakeError(
          ErrorKind::kResourceLimit,
          absl::StrCat("all ", max_size, " connections to Redis at ", spec.endpoint.ToString(),
                       " are in use by scans of this session"),
          "Raise option \"pool_max_size\" of the server, or close cursors.");
    }
    // Taken out, so that it is called once, and lives on while it releases its own lease.
    const std::function<absl::Status()> spill = std::exchange(oldest->spill, nullptr);
    RETURN_IF_ERROR(spill());
  }
  return absl::OkStatus();
}

absl::StatusOr<Lease> Pool::Acquire(const ConnectionSpec& spec, const PoolLimits& limits) {
  Tidy();
  Lease lease;
  const std::string key = KeyOf(spec);
  std::unique_ptr<Connection> connection = TakeIdle(key, limits);
  if (connection == nullptr && LeasedOf(key) >= std::max<size_t>(limits.max_size, 1)) {
    RETURN_IF_ERROR(MakeRoom(key, spec, limits.max_size));
    connection = TakeIdle(key, limits);  // what was spilled may have come back
  }
  if (connection != nullptr) {
    connection->SetTimeouts(spec.connect_timeout, spec.command_timeout);
  } else {
    ASSIGN_OR_RETURN(std::unique_ptr<Transport> transport, factory_->NewTransport(spec));
    connection = std::make_unique<Connection>(spec, std::move(transport), waiter_->Now());
  }
  // Room to take every lease back without allocating, for destructors must not fail.
  idle_.reserve(idle_.size() + leased_.size() + 1);
  leased_.push_back(Lease::Slot{key, limits, generation_, nullptr});
  lease.slot_ = std::prev(leased_.end());
  lease.pool_ = this;
  lease.connection_ = std::move(connection);
  return lease;
}

// Called from destructors: closes or keeps, allocates nothing.
void Pool::TakeBack(std::list<Lease::Slot>::iterator slot, std::unique_ptr<Connection> connection) {
  if (connection != nullptr && connection->idle() && slot->generation == generation_) {
    Idle idle{std::move(slot->key), slot->limits, waiter_->Now(), std::move(connection)};
    if (idle.since < idle.connection->created() + idle.limits.max_lifetime) {
      idle_.push_back(std::move(idle));
    }
  }
  leased_.erase(slot);
}

void Pool::Tidy() {
  const absl::Time now = waiter_->Now();
  idle_.erase(std::remove_if(idle_.begin(), idle_.end(),
                             [now](const Idle& idle) { return Expired(idle, idle.limits, now); }),
              idle_.end());
}

void Pool::Invalidate() {
  ++generation_;
  idle_.clear();
}

}  // namespace redis_fdw
