#include "core/net/pool.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

// How TLS is spoken, if it is.
std::string TlsKeyOf(const ConnectionSpec& spec) {
  if (!spec.endpoint.tls) return "p";
  const TlsOptions& tls = spec.tls;
  std::string key = tls.verify ? "t" : "n";
  for (const std::string* part : {&tls.ca_file, &tls.cert_file, &tls.key_file, &tls.server_name}) {
    absl::StrAppend(&key, part->size(), ":", *part);
  }
  return key;
}

// Whoever connects differently gets another key. Lengths keep parts apart, whatever bytes they
// hold.
std::string KeyOf(const ConnectionSpec& spec) {
  const std::string endpoint = spec.endpoint.ToString();
  return absl::StrCat(spec.server_id, ",", spec.user_id, ",", endpoint.size(), ":", endpoint,
                      TlsKeyOf(spec), spec.username.size(), ":", spec.username,
                      spec.password.size(), ":", spec.password, spec.database,
                      spec.readonly ? "r" : "w", spec.check_role ? "c" : "");
}

// Of a slot whose connection is not to be kept.
constexpr int64_t kDoomed = -1;

ConnectionInfo InfoOf(const Connection& connection, ConnectionInfo::State state, absl::Time now,
                      absl::Duration idle) {
  return ConnectionInfo{&connection.spec(),         state,
                        now - connection.created(), idle,
                        connection.commands(),      connection.bytes_written(),
                        connection.bytes_read()};
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
  if (pool_ != nullptr) slot_->generation = kDoomed;
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
    const absl::Time since = candidate.since;
    std::unique_ptr<Connection> connection = std::move(candidate.connection);
    idle_.erase(idle_.begin() + (i - 1));
    if (expired) continue;
    if (limits.test_on_check_out) {
      if (!connection->Usable()) continue;
      if (now - since >= limits.ping_after) connection->Recheck(now);
    }
    return connection;
  }
  return nullptr;
}

// Sees to it that less than limits.max_size leases of `key` are out, by spilling the oldest that
// can be. A spill that has begun is not given up: its scan would be lost.
absl::Status Pool::MakeRoom(const std::string& key, const ConnectionSpec& spec,
                            const PoolLimits& limits, absl::Time deadline) {
  const size_t max_size = std::max<size_t>(limits.max_size, 1);
  while (LeasedOf(key) >= max_size) {
    if (waiter_->Now() >= deadline) {
      return MakeError(
          ErrorKind::kResourceLimit,
          absl::StrCat("no connection to Redis at ", spec.endpoint.ToString(),
                       " has become free within ", absl::FormatDuration(limits.acquire_timeout)),
          "Raise option \"pool_max_size\" or \"pool_connection_timeout_ms\" of the "
          "server, or close cursors.");
    }
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
  const absl::Time deadline = waiter_->Now() + limits.acquire_timeout;
  const std::string key = KeyOf(spec);
  std::unique_ptr<Connection> connection = TakeIdle(key, limits);
  if (connection == nullptr && LeasedOf(key) >= std::max<size_t>(limits.max_size, 1)) {
    if (traffic_listener_ != nullptr) traffic_listener_->OnPoolWait(spec.server_id, spec.user_id);
    RETURN_IF_ERROR(MakeRoom(key, spec, limits, deadline));
    connection = TakeIdle(key, limits);  // what was spilled may have come back
  }
  if (connection != nullptr) {
    connection->SetTimeouts(spec.connect_timeout, spec.command_timeout);
  } else {
    ASSIGN_OR_RETURN(std::unique_ptr<Transport> transport, factory_->NewTransport(spec));
    connection = std::make_unique<Connection>(spec, std::move(transport), waiter_->Now());
    connection->SetTimeouts(std::min(spec.connect_timeout, deadline - waiter_->Now()),
                            spec.command_timeout);
  }
  // Room to take every lease back without allocating, for destructors must not fail.
  idle_.reserve(idle_.size() + leased_.size() + 1);
  leased_.push_back(Lease::Slot{key, limits, generation_, connection.get(), nullptr});
  lease.slot_ = std::prev(leased_.end());
  lease.pool_ = this;
  lease.connection_ = std::move(connection);
  return lease;
}

// Called from destructors: closes or keeps, allocates nothing.
void Pool::TakeBack(std::list<Lease::Slot>::iterator slot, std::unique_ptr<Connection> connection) {
  if (connection->broken()) {
    idle_.erase(std::remove_if(idle_.begin(), idle_.end(),
                               [slot](const Idle& idle) { return idle.key == slot->key; }),
                idle_.end());
  } else if (connection->idle() && slot->generation == generation_) {
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

size_t Pool::Close(absl::FunctionRef<bool(const ConnectionSpec&)> which) {
  size_t count = 0;
  for (Lease::Slot& slot : leased_) {
    if (!which(slot.connection->spec())) continue;
    slot.generation = kDoomed;
    ++count;
  }
  const auto closed = std::remove_if(idle_.begin(), idle_.end(), [which](const Idle& idle) {
    return which(idle.connection->spec());
  });
  count += static_cast<size_t>(idle_.end() - closed);
  idle_.erase(closed, idle_.end());
  return count;
}

void Pool::ForEach(absl::FunctionRef<void(const ConnectionInfo&)> visit) const {
  const absl::Time now = waiter_->Now();
  for (const Lease::Slot& slot : leased_) {
    visit(InfoOf(*slot.connection,
                 slot.connection->ready() ? ConnectionInfo::State::kInUse
                                          : ConnectionInfo::State::kConnecting,
                 now, absl::ZeroDuration()));
  }
  for (const Idle& idle : idle_) {
    visit(InfoOf(*idle.connection, ConnectionInfo::State::kIdle, now, now - idle.since));
  }
}

}  // namespace redis_fdw
