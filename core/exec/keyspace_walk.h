// KeyspaceWalk: SCAN over the keys of every primary, exact while slots move and primaries fail
// over.
//
//   KeyspaceWalk walk(pipeline);
//   while (walk.state() == KeyspaceWalk::State::kReady) {
//     ASSIGN_OR_RETURN(absl::optional<KeyspaceWalk::Page> page, walk.Next());
//     if (!page.has_value()) continue;
//     page->command.Arg("COUNT").ArgInt(1000).ReadOnly();
//     ... submit it, and tell the walk what becomes of it: OnCursor(), OnEnd(), or OnLost()
//   }
//
// Every key that is there from beginning to end comes at least once, wherever it moves meanwhile;
// it is the caller who remembers which came before. It works like this. Keys move only from a shard
// to one that takes a slot over. So a key that was not seen was moved before the scan of the shard
// that it left had come to it, to a shard whose scan had passed its place. The walk looks at the
// slots before the first page and after the last one, and reads again, whole, every shard that may
// have received keys in between (ShardsToReadAgain). While it does, more keys may move; but all
// that were not seen yet are in those shards and slots, so that only what leaves these matters.
// Slots that move one way, however many, therefore cost two passes and not more. Where they move to
// and fro there may be no end to it: after kMaxPasses the walk fails (kSerialization).
//
// What no look can tell is a slot that began to move, whose move was taken back together with the
// keys that had moved, all within one pass.
//
// On one server there is one shard and nothing to look at: as many commands and round trips as
// pages. A lost connection costs the pages that were under way; a shard goes on from the last
// cursor that came with a whole page if the same process answers, else from its beginning; in a
// cluster the walk looks at the slots again, since a failover puts another shard in the place of
// one.
//
// The walk always goes to primaries.

#ifndef REDIS_FDW_CORE_EXEC_KEYSPACE_WALK_H_
#define REDIS_FDW_CORE_EXEC_KEYSPACE_WALK_H_

#include <bitset>
#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "core/exec/keyspace.h"
#include "core/exec/pipeline.h"
#include "core/resp/command.h"

namespace redis_fdw {

using SlotSet = std::bitset<kSlots>;

// A shard to be read, or read, and the slots of which it may then hold keys that nobody has seen.
struct ShardReading {
  int node = 0;
  SlotSet unseen;
};

// Which shards of `after` may hold keys that were not seen, and of which slots, in the order of
// `after`. At the time of `before` all keys that had not been seen were in the shards `read` as
// these say, which were read from beginning to end between the two looks. So it is those that took
// over, or were about to, a slot of which another shard of `read` may have had keys; those of
// `read` that may have lost a slot and taken it back (their epoch grew); and all, if it is not
// clear where a slot is now.
std::vector<ShardReading> ShardsToReadAgain(const Keyspace& before, const Keyspace& after,
                                            absl::Span<const ShardReading> read);

class KeyspaceWalk {
 public:
  // Passes, the first included, in which a shard had to be read again.
  static constexpr int kMaxPasses = 8;

  enum class State {
    kReady,    // Next() has something to do
    kWaiting,  // for a page
    kDone,
  };

  // A page asked for.
  struct Page {
    Command command;  // "SCAN cursor", to the node; the caller adds MATCH, COUNT ...
    int node;         // these two name the page
    int generation = 0;
  };

  // `pipeline` must outlive the walk. No I/O.
  explicit KeyspaceWalk(Pipeline* pipeline) : pipeline_(pipeline) {}

  State state() const;
  // The next page, of the shards in turn; one may be under way for each, and a further one once the
  // cursor of that has come. Nothing: the walk looked at the keyspace; ask state() again. Waits:
  // for that look, or to connect, upon which replies may come to the sinks of the pipeline.
  // REQUIRES: state() is kReady.
  absl::StatusOr<absl::optional<Page>> Next();

  // The cursor of the page has come, or all of it.
  void OnCursor(const Page& page, absl::string_view cursor);
  void OnEnd(const Page& page);
  // The page never comes: its connection is lost, or another process would have to answer. False if
  // that has happened too often for it to be worth going on.
  bool OnLost(const Page& page);
  // The same of all pages that have not come whole, and perhaps of a node that could not be asked.
  void OnAllLost();

  // As the walk saw it last; without shards before the first Next().
  const Keyspace& keyspace() const { return before_; }
  // How many shards there are; 1 before the first page.
  size_t shards() const { return before_.shards.empty() ? 1 : before_.shards.size(); }

 private:
  // The scan of a shard.
  struct Reading {
    ShardReading shard;
    int generation = 0;        // pages of earlier ones do not count
    std::string cursor = "0";  // of the next page
    std::string asking = "0";  // of the page asked for last
    std::string whole = "0";   // pages before this cursor have come whole
    std::string run_id;        // of the process whose cursors they are
    int under_way = 0;         // pages
    bool asked = false;        // for a page whose cursor has not come
    bool at_end = false;       // the cursor of the last page has come
    bool finished = false;     // and the page

    bool ready() const { return !asked && !at_end; }
  };

  Reading* Find(const Page& page);
  void Lose(Reading* reading);
  bool MustLook() const;
  absl::Status Look();
  absl::Status Regroup(const Keyspace& now);
  Reading Begin(const ShardReading& shard);

  Pipeline* const pipeline_;
  Keyspace before_;
  std::vector<Reading> readings_;  // of this pass
  bool begun_ = false;
  bool lost_ = false;  // something since the last look
  size_t turn_ = 0;
  int generations_ = 0;
  int passes_ = 1;
  int lost_pages_ = 0;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_KEYSPACE_WALK_H_
