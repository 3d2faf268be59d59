#include "testing/faults/rounds.h"

#include <algorithm>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"

namespace redis_fdw::test {
namespace {

// After this the network is whole again, so that what is only slow ends.
constexpr absl::Duration kFaultsLast = absl::Milliseconds(2800);
// Much longer than all timeouts there are: a session that is not done then is stuck.
constexpr absl::Duration kStuck = absl::Seconds(20);

constexpr char kNotReachable[] = "08001";
constexpr char kBroken[] = "08006";  // while nothing was under way but reads
constexpr char kMaybeApplied[] = "08007";
constexpr char kNotAnswered[] = "57014";
constexpr char kProtocolViolation[] = "08P01";

bool IsAllowed(const std::string& sqlstate, bool writes, bool garbage) {
  return sqlstate == kNotReachable || sqlstate == kBroken || sqlstate == kNotAnswered ||
         (writes && sqlstate == kMaybeApplied) || (garbage && sqlstate == kProtocolViolation);
}

void AppendRows(const PgResult& result, std::vector<std::string>* rows) {
  for (const auto& row : result.rows) {
    rows->push_back(absl::StrJoin(row, "|", [](std::string* out, const auto& value) {
      absl::StrAppend(out, value.value_or("(null)"));
    }));
  }
}

std::string Shown(const std::vector<std::string>& rows) {
  return absl::StrCat(rows.size(), " rows: ", absl::StrJoin(rows, " ").substr(0, 3000));
}

// Whether the rows are those that the work must have.
bool AreRight(const Work& work, std::vector<std::string> rows) {
  std::vector<std::string> expected = work.rows;
  if (!work.ordered) {
    std::sort(rows.begin(), rows.end());
    std::sort(expected.begin(), expected.end());
  }
  if (work.limit < 0) return rows == expected;
  return static_cast<int>(rows.size()) == work.limit &&
         std::includes(expected.begin(), expected.end(), rows.begin(), rows.end());
}

std::string Listed(const std::map<std::string, int64_t>& numbers) {
  return absl::StrJoin(numbers, ", ", absl::PairFormatter(" "));
}

}  // namespace

std::string Tally::ToString(const FaultCounts& counts) const {
  static const char* const kinds[] = {"cut",        "reset",   "delay",      "throttle",
                                      "black hole", "garbage", "flipped bit"};
  std::map<std::string, int64_t> faults = {
      {"all cut", cuts}, {"refused", refusals}, {"silent", silences}};
  for (int i = 0; i < Fault::kKinds; ++i) faults[kinds[i]] = counts.faults[i];
  return absl::StrCat(Faults(counts), " faults in ", rounds, " rounds, ", statements,
                      " statements, ", counts.connections,
                      " connections\n  faults: ", Listed(faults), "\n  work: ", Listed(works),
                      "\n  outcomes: ", Listed(outcomes), "\n  failed writes: ", done_not,
                      " not done, ", done_partly, " in part, ", done_wholly, " done\n");
}

// --- Running ------------------------------------------------------------------------------------

void Rounds::Run(bool faults) {
  ++tally_.rounds;
  // Else most would happen to handshakes.
  if (proxy_->open_numbers().size() < sessions_->size() && random_.Chance(75)) {
    for (Session& session : *sessions_) Probe(&session);
  }
  const FaultCounts before = proxy_->counts();
  const Mix mix =
      faults ? DrawMix(&random_, tls_, proxy_->open_numbers(), static_cast<int>(before.connections))
             : Mix();
  proxy_->SetFaults(mix.faults, mix.random);
  for (Session& session : *sessions_) {
    session.work = session.load.Next();
    session.sent = 0;
    session.rows.clear();
    session.last = PgResult();
    session.done = false;
  }
  Execute(mix);
  proxy_->Clear();
  // What was swallowed is missing for ever: such a connection cannot be used again.
  if (proxy_->counts().of(Fault::Kind::kBlackHole) != before.of(Fault::Kind::kBlackHole)) {
    proxy_->CutAll();
  }
  bool failed_write = false;
  for (Session& session : *sessions_) {
    JudgeAnswer(session, faults, mix.garbage);
    if (session.last.ok() && !random_.Chance(10)) continue;
    Probe(&session);
    failed_write = failed_write || (session.work.writes() && !session.last.ok());
  }
  if (failed_write) Settle();
  for (Session& session : *sessions_) JudgeContents(&session);
}

void Rounds::Execute(const Mix& mix) {
  const absl::Time start = absl::Now();
  bool begun = mix.deed == Mix::Deed::kNone;
  bool ended = begun;
  bool whole = false;
  while (true) {
    bool all_done = true;
    for (Session& session : *sessions_) {
      Step(&session);
      all_done = all_done && session.done;
    }
    const absl::Duration since = absl::Now() - start;
    if (!begun && since >= mix.after) {
      Do(mix, true);
      begun = true;
    } else if (begun && !ended && since >= mix.after + mix.lasting) {
      Do(mix, false);
      ended = true;
    }
    if (all_done) break;
    if (!whole && since > kFaultsLast) {
      proxy_->Clear();
      whole = true;
    }
    SleepBriefly();
  }
}

void Rounds::Do(const Mix& mix, bool begin) {
  switch (mix.deed) {
    case Mix::Deed::kNone:
      return;
    case Mix::Deed::kCutAll:
      if (!begin) return;
      ++tally_.cuts;
      proxy_->CutAll();
      return;
    case Mix::Deed::kRefuse:
      if (begin) ++tally_.refusals;
      proxy_->Refuse(begin);
      if (begin) proxy_->CutAll();
      return;
    case Mix::Deed::kHold:
      if (begin) ++tally_.silences;
      proxy_->HoldAll(begin);
      return;
  }
}

// Takes an answer, if it is there, and sends the next statement.
void Rounds::Step(Session* session) {
  if (session->done) return;
  if (session->sent > 0) {
    if (session->pg.Busy()) return;
    session->last = session->pg.Wait(kStuck);
    AppendRows(session->last, &session->rows);
  }
  if (!session->last.ok() || session->sent == session->work.sql.size()) {
    session->done = true;
    ++tally_.works[session->work.what];
    ++tally_.outcomes[absl::StrCat(session->work.writes() ? "write " : "read ",
                                   session->last.ok() ? "00000" : session->last.error.sqlstate)];
    if (session->work.sql.size() > 1 && !session->last.ok()) session->pg.Exec("ROLLBACK");
    return;
  }
  ++tally_.statements;
  session->pg.Send(session->work.sql[session->sent++]);
}

void Rounds::Settle() {
  for (Session& session : *sessions_) session.pg.MustExec("SELECT redis_fdw_disconnect_all()");
  EXPECT_TRUE(WaitUntil([this] { return redis_->ClientCount() == 0 && proxy_->open() == 0; }))
      << redis_->ClientCount() << " connections are left at Redis, " << proxy_->open()
      << " at the proxy\n"
      << redis_->Cli({"CLIENT", "LIST"});
}

// --- Judging ------------------------------------------------------------------------------------

std::string Rounds::Describe(const Session& session) const {
  return absl::StrCat("round ", tally_.rounds, ", ", session.work.what, ", statement ",
                      session.sent, " of:\n", absl::StrJoin(session.work.sql, ";\n"), "\n",
                      session.last.ok() ? session.last.tag : session.last.error.ToString(), "\n");
}

void Rounds::JudgeAnswer(const Session& session, bool faults, bool garbage) {
  const Work& work = session.work;
  if (session.last.ok()) {
    EXPECT_TRUE(AreRight(work, session.rows))
        << Describe(session) << "got " << Shown(session.rows) << "\nand not " << Shown(work.rows);
    if (!work.tag.empty()) {
      EXPECT_EQ(session.last.tag, work.tag) << Describe(session);
    }
    return;
  }
  const std::string& sqlstate = session.last.error.sqlstate;
  EXPECT_TRUE(faults && IsAllowed(sqlstate, work.writes(), garbage)) << Describe(session);
  EXPECT_TRUE(absl::StrContains(session.last.error.message, absl::StrCat(":", proxy_->port())))
      << "does not say where: " << Describe(session);
}

void Rounds::Probe(Session* session) {
  const Work probe = session->load.Probe();
  const PgResult result = session->pg.Exec(probe.sql[0], kStuck);
  ++tally_.statements;
  std::vector<std::string> rows;
  AppendRows(result, &rows);
  EXPECT_TRUE(result.ok() && AreRight(probe, rows))
      << "the session is not usable: " << probe.sql[0] << "\n"
      << result << "\nafter " << Describe(*session);
}

void Rounds::JudgeContents(Session* session) {
  const Work& work = session->work;
  if (!work.writes()) return;
  const Target& target = session->load.targets()[static_cast<size_t>(work.target)];
  Contents& model = session->load.contents()[static_cast<size_t>(work.target)];
  const Contents now = ReadContents(*redis_, target);
  const Contents whole = Applied(target, model, work.effect);
  if (session->last.ok()) {
    EXPECT_EQ(ToString(now), ToString(whole)) << Describe(*session);
  } else {
    const std::string& sqlstate = session->last.error.sqlstate;
    const bool not_sent = work.at_once && (sqlstate == kNotReachable || sqlstate == kBroken);
    EXPECT_TRUE(not_sent ? now == model : MayBeAfter(target, model, work.effect, now))
        << Describe(*session) << "before " << ToString(model) << "\nnow " << ToString(now)
        << "\nnot " << ToString(whole);
    ++(now == model ? tally_.done_not : now == whole ? tally_.done_wholly : tally_.done_partly);
  }
  model = now;
}

}  // namespace redis_fdw::test
