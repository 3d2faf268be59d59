// The statements of a session, drawn at random, with the results that they must have.

#ifndef REDIS_FDW_TESTING_FAULTS_LOAD_H_
#define REDIS_FDW_TESTING_FAULTS_LOAD_H_

#include <string>
#include <vector>

#include "testing/differential/random.h"
#include "testing/faults/contents.h"

namespace redis_fdw::test {

// One statement, or a transaction with a cursor.
struct Work {
  std::string what;               // for statistics
  std::vector<std::string> sql;   // one after the other, until one fails
  std::vector<std::string> rows;  // what all of them give, columns separated by '|'
  bool ordered = false;           // in this order
  int limit = -1;                 // only so many of `rows`, whichever; -1: all
  std::string tag;                // of the last one; empty: not looked at
  // What it writes to, by number, and to what effect; -1: it only reads. (TRUNCATE of an empty
  // table writes, to no effect.)
  int target = -1;
  Effect effect;
  // All that it writes is one batch, so that an error which says that no write was under way means:
  // nothing was done.
  bool at_once = false;

  bool writes() const { return target >= 0; }
};

// The tables of one session, all its own, and what Redis must hold of them.
class Load {
 public:
  Load(int session, uint64_t seed);

  const std::vector<Target>& targets() const { return targets_; }
  std::vector<Contents>& contents() { return contents_; }

  // CREATE FOREIGN TABLE for all of `targets`, on server "through": one by the name of the target,
  // and with _c and _s to be read by cursor and in one command.
  std::string Declarations() const;
  // For what is shared by all sessions and only read; see Fill().
  static std::string SharedDeclarations();
  static void FillShared(RedisServer& redis);

  Work Next();
  // What any session may ask at any time, and must get right.
  Work Probe();

 private:
  Work Read(int target);
  Work ReadNamed(int target);
  Work ReadSequence(int target);
  Work ReadJoin();
  Work Write(int target);
  Work WriteSequence(int target);
  Work InsertNamed(int target, int rows, bool returning);
  Work ChangeNamed(int target);
  Work Append(int target, int rows, bool returning);
  Work InsertSelect();
  Work ByCommand();
  // A name for reading the target.
  std::string Source(int target);
  std::string NewValue(Kind kind);
  const Contents& Rows(int target) const { return contents_[static_cast<size_t>(target)]; }

  const int session_;
  Random random_;
  std::vector<Target> targets_;
  std::vector<Contents> contents_;
  int made_ = 0;  // values, each different
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAULTS_LOAD_H_
