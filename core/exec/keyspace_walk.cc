#include "core/exec/keyspace_walk.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

// A shard's slots, or those of all shards together, as sets.
struct SlotStates {
  SlotStates() = default;
  explicit SlotStates(const Shard& shard) { Add(shard); }
  explicit SlotStates(const Keyspace& keyspace) {
    for (const Shard& shard : keyspace.shards) Add(shard);
  }
  void Add(const Shard& shard) {
    for (const auto& range : shard.slots) {
      for (int slot = range.first; slot <= range.second; ++slot) owned.set(Index(slot));
    }
    for (int slot : shard.importing) importing.set(Index(slot));
    for (int slot : shard.migrating) migrating.set(Index(slot));
  }
  static size_t Index(int slot) { return static_cast<size_t>(slot); }

  SlotSet open() const { return importing | migrating; }
  // Of all shards together: the shards do not answer at the same moment. A slot may have moved in
  // between, from one that had not answered to one that had, so that nobody owns it; or its keys go
  // to a shard that is not known.
  SlotSet unclear() const { return ~owned | (migrating & ~importing); }

  SlotSet owned;
  SlotSet importing;
  SlotSet migrating;
};

const Shard* FindShard(const Keyspace& keyspace, int node) {
  for (const Shard& shard : keyspace.shards) {
    if (shard.node == node) return &shard;
  }
  return nullptr;
}

// Of the shards that were read, that of the node, or null.
const ShardReading* FindReading(absl::Span<const ShardReading> readings, int node) {
  for (const ShardReading& reading : readings) {
    if (reading.node == node) return &reading;
  }
  return nullptr;
}

// Without a cluster no key moves, but another server may have taken over.
std::vector<ShardReading> ShardsThatAreNew(const Keyspace& before, const Keyspace& after) {
  std::vector<ShardReading> added;
  for (const Shard& shard : after.shards) {
    if (FindShard(before, shard.node) == nullptr) added.push_back({shard.node, ~SlotSet()});
  }
  return added;
}

}  // namespace

std::vector<ShardReading> ShardsToReadAgain(const Keyspace& before, const Keyspace& after,
                                            absl::Span<const ShardReading> read) {
  if (!after.is_cluster) return ShardsThatAreNew(before, after);
  const SlotStates were(before);
  const SlotStates are(after);
  SlotSet unseen;      // in some shard that was read
  SlotSet in_several;  // in two at least
  for (const ShardReading& reading : read) {
    in_several |= unseen & reading.unseen;
    unseen |= reading.unseen;
  }
  // Moves that were taken back, if their slot is where it was.
  const SlotSet closed = were.open() & ~are.open();
  // What was not clear before either is rather an odd state of the cluster than a move.
  const SlotSet lost_sight_of = unseen & are.unclear() & ~were.unclear();
  std::vector<ShardReading> again;
  for (const Shard& shard : after.shards) {
    const Shard* earlier = FindShard(before, shard.node);
    const ShardReading* here = FindReading(read, shard.node);
    const SlotStates now(shard);
    const SlotStates then = earlier == nullptr ? SlotStates() : SlotStates(*earlier);
    const SlotSet received = (now.owned & ~then.owned) | then.importing | now.importing |
                             (now.owned & then.owned & closed);
    SlotSet elsewhere = unseen;  // slots of which another shard than this may have had keys
    if (here != nullptr) elsewhere &= ~here->unseen | in_several | were.unclear();
    ShardReading reading{shard.node, (received & elsewhere) | lost_sight_of};
    if (here != nullptr && earlier != nullptr && shard.epoch != earlier->epoch) {
      reading.unseen |= here->unseen & now.owned;
    }
    if (reading.unseen.any()) again.push_back(reading);
  }
  return again;
}

KeyspaceWalk::State KeyspaceWalk::state() const {
  bool finished = true;
  for (const Reading& reading : readings_) {
    if (reading.ready()) return State::kReady;
    finished = finished && reading.finished;
  }
  if (MustLook()) return State::kReady;
  return finished ? State::kDone : State::kWaiting;
}

bool KeyspaceWalk::MustLook() const {
  if (!begun_ || lost_) return true;
  if (!before_.is_cluster || readings_.empty()) return false;
  return std::all_of(readings_.begin(), readings_.end(),
                     [](const Reading& reading) { return reading.finished; });
}

absl::StatusOr<absl::optional<KeyspaceWalk::Page>> KeyspaceWalk::Next() {
  if (MustLook()) {
    RETURN_IF_ERROR(Look());
    return absl::optional<Page>();
  }
  while (!readings_[turn_ %= readings_.size()].ready()) ++turn_;
  Reading& reading = readings_[turn_++];
  ASSIGN_OR_RETURN(const ServerInfo* server,
                   pipeline_->ServerFor(Command("SCAN").ToNode(reading.shard.node)));
  if (reading.cursor == "0") {
    reading.run_id = server->run_id;
  } else if (reading.run_id != server->run_id) {
    // The cursor means nothing to this process.
    reading = Begin(reading.shard);
    reading.run_id = server->run_id;
  }
  Page page{Command("SCAN"), reading.shard.node, reading.generation};
  page.command.Arg(reading.cursor).ToNode(page.node);
  // Cursor 0 means the same to every process. Should another than this one answer the page, then
  // its cursor is refused.
  if (reading.cursor != "0") page.command.CursorOf(reading.run_id);
  reading.asking = reading.cursor;
  reading.asked = true;
  ++reading.under_way;
  return absl::make_optional(std::move(page));
}

absl::Status KeyspaceWalk::Look() {
  ASSIGN_OR_RETURN(Keyspace now, pipeline_->LookAtKeyspace());
  if (now.shards.empty()) return MakeError(ErrorKind::kNotReady, "no primary is known");
  if (begun_) {
    RETURN_IF_ERROR(Regroup(now));
  } else {
    for (const Shard& shard : now.shards) readings_.push_back(Begin({shard.node, ~SlotSet()}));
    begun_ = true;
  }
  before_ = std::move(now);
  lost_ = false;
  return absl::OkStatus();
}

// Goes on with the shards that have to be read again, and those that have not come to their end.
absl::Status KeyspaceWalk::Regroup(const Keyspace& now) {
  std::vector<ShardReading> read;
  for (const Reading& reading : readings_) read.push_back(reading.shard);
  const std::vector<ShardReading> again = ShardsToReadAgain(before_, now, read);
  if (!again.empty() && ++passes_ > kMaxPasses) {
    return MakeError(ErrorKind::kSerialization,
                     "the slots of the Redis Cluster keep moving between its nodes",
                     "Run the statement again when they have come to rest.",
                     absl::StrCat("Shards that had received keys while they were scanned were "
                                  "scanned again ",
                                  kMaxPasses - 1, " times."));
  }
  std::vector<Reading> readings;
  for (const Shard& shard : now.shards) {
    const ShardReading* anew = FindReading(again, shard.node);
    auto here = std::find_if(readings_.begin(), readings_.end(), [&shard](const Reading& reading) {
      return reading.shard.node == shard.node && !reading.finished;
    });
    const bool unfinished = here != readings_.end();
    if (anew != nullptr) {
      readings.push_back(Begin(*anew));
      if (unfinished) readings.back().shard.unseen |= here->shard.unseen;
    } else if (unfinished) {
      readings.push_back(std::move(*here));
    }
  }
  readings_ = std::move(readings);
  turn_ = 0;
  return absl::OkStatus();
}

KeyspaceWalk::Reading KeyspaceWalk::Begin(const ShardReading& shard) {
  Reading reading;
  reading.shard = shard;
  reading.generation = ++generations_;
  return reading;
}

KeyspaceWalk::Reading* KeyspaceWalk::Find(const Page& page) {
  for (Reading& reading : readings_) {
    if (reading.shard.node == page.node && reading.generation == page.generation) return &reading;
  }
  return nullptr;
}

void KeyspaceWalk::OnCursor(const Page& page, absl::string_view cursor) {
  Reading* reading = Find(page);
  if (reading == nullptr) return;
  reading->cursor = std::string(cursor);
  reading->asked = false;
  reading->at_end = cursor == "0";
}

void KeyspaceWalk::OnEnd(const Page& page) {
  Reading* reading = Find(page);
  if (reading == nullptr) return;
  // Pages of a shard end in their order.
  --reading->under_way;
  reading->whole = reading->under_way == 0 ? reading->cursor : reading->asking;
  reading->finished = reading->at_end && reading->under_way == 0;
}

void KeyspaceWalk::Lose(Reading* reading) {
  reading->generation = ++generations_;
  reading->cursor = reading->whole;
  reading->under_way = 0;
  reading->asked = false;
  reading->at_end = false;
  lost_ = true;
}

bool KeyspaceWalk::OnLost(const Page& page) {
  Reading* reading = Find(page);
  if (reading != nullptr) Lose(reading);
  return ++lost_pages_ <= kMaxPasses;
}

void KeyspaceWalk::OnAllLost() {
  for (Reading& reading : readings_) {
    if (!reading.finished) Lose(&reading);
  }
}

}  // namespace redis_fdw
