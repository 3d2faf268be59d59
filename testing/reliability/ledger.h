// Ledger: what a session has written, and what Redis may therefore hold.
//
// A cell is one element of Redis's: a string's value, a field's value, a member's score, or that a
// payload is in a list, set or stream. Its history begins with "not there". A statement that was
// acknowledged adds a version that must be there from then on; one that failed without telling
// whether it was done, one that may be there; one that says that nothing was sent, one that must
// not be there.
//
// Not for several threads at once.

#ifndef REDIS_FDW_TESTING_RELIABILITY_LEDGER_H_
#define REDIS_FDW_TESTING_RELIABILITY_LEDGER_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace redis_fdw::test {

enum class Outcome { kAcknowledged, kUnknown, kRefused };

struct Version {
  std::optional<std::string> value;  // none: not there
  absl::Time begin;                  // of the statement
  absl::Time end;                    // when its answer had come
  Outcome outcome = Outcome::kAcknowledged;
};

// The time in which what was acknowledged may be lost by Redis itself: replication is asynchronous.
struct LossWindow {
  absl::Time safe_until = absl::InfiniteFuture();  // what was acknowledged by then is replicated
  absl::Time until = absl::InfinitePast();         // what begins later goes to the new primary

  bool open() const { return safe_until < until; }
  bool MayLose(const Version& version) const {
    return version.end > safe_until && version.begin < until;
  }
};

class Ledger {
 public:
  struct Cell {
    int shard = 0;
    std::vector<Version> history;  // the first one: not there
  };

  // In the order of statements.
  void Add(const std::string& id, int shard, Version version);

  // What is wrong with a value that a statement has read, empty if nothing. `window` is that of the
  // cell's shard.
  std::string Check(const std::string& id, const std::optional<std::string>& seen,
                    const LossWindow& window) const;
  // The same of all cells whose ids begin so: `seen` are those that a statement has found.
  std::string CheckAll(const std::string& prefix, const std::map<std::string, std::string>& seen,
                       const std::vector<LossWindow>& windows) const;
  // Whether it is certain that a cell is there (or not); false where it is not known or may be
  // lost.
  bool Certain(const std::string& id, bool there, const LossWindow& window) const;

  const std::map<std::string, Cell>& cells() const { return cells_; }

 private:
  std::map<std::string, Cell> cells_;
};

// A write that was acknowledged and is not there in the end.
struct MissingWrite {
  std::string cell;
  int shard = 0;
  Version version;
};

// What the end of a run says of one or several ledgers.
struct Verdict {
  int acknowledged = 0;
  int unknown = 0;
  int unknown_applied = 0;  // of `unknown` those that are there (or were overwritten)
  std::vector<MissingWrite> missing;
  std::vector<std::string> wrong;  // values that nobody wrote, refused writes that are there
  // When the last write began that is there, by shard, of those that began before window.until.
  std::vector<absl::Time> last_survivor;
};

// Compares with all that Redis holds; `windows` by shard.
void Judge(const Ledger& ledger, const std::map<std::string, std::string>& truth,
           const std::vector<LossWindow>& windows, Verdict* verdict);

// Of `missing` those that Redis cannot have lost: not in their shard's window, or acknowledged
// before a write of the same shard began that is there. What a replica has not received of its
// primary is the end of a stream of commands, never something from its middle. `in_order`: whether
// the window is closed by the primary's end, so that there is only one such stream.
std::vector<MissingWrite> NotRedisOwn(const Verdict& verdict,
                                      const std::vector<LossWindow>& windows, bool in_order);

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_RELIABILITY_LEDGER_H_
