#include "testing/differential/runner.h"

#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace redis_fdw::test {
namespace {

constexpr const char* kSessionNames[] = {"with pushdown", "without pushdown", "ordinary table"};

// Errors about single rows, which may be raised in one plan and not in another. The queries avoid
// them all but this: a LIKE pattern that ends in its escape character.
bool MayDependOnPlan(const PgMessage& error) { return error.sqlstate == "22025"; }

// The number of LIMIT or OFFSET in this execution.
std::optional<int64_t> NumberOf(const RowCount& count, const std::vector<std::string>& arguments) {
  if (count.param < 0) return count.number;
  int64_t number = 0;
  if (!absl::SimpleAtoi(arguments[static_cast<size_t>(count.param)], &number)) return std::nullopt;
  return number;
}

Answers AnswersOf(const Query& query, const std::vector<std::string>& arguments,
                  const PgResult& oracle) {
  Answers answers(oracle.rows, query.ranked());
  answers.Limit(query.offset.text.empty() ? std::nullopt : NumberOf(query.offset, arguments),
                query.limit.text.empty() ? std::nullopt : NumberOf(query.limit, arguments),
                query.with_ties);
  return answers;
}

std::string Execute(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return "EXECUTE q";
  return absl::StrCat("EXECUTE q (", absl::StrJoin(arguments, ", "), ")");
}

std::string Rows(const PgResult& result) {
  std::string text;
  for (size_t i = 0; i < result.rows.size() && i < 12; ++i) {
    absl::StrAppend(&text, "\n    ", RowText(result.rows[i]).substr(0, 300));
  }
  if (result.rows.size() > 12) absl::StrAppend(&text, "\n    ... ", result.rows.size(), " rows");
  return text;
}

}  // namespace

std::vector<std::string> RandomPlannerSettings(Random* random) {
  static const auto* const all =
      new std::vector<std::string>{"enable_hashjoin = off",
                                   "enable_mergejoin = off",
                                   "enable_nestloop = off",
                                   "enable_sort = off",
                                   "enable_sort = off",
                                   "enable_incremental_sort = off",
                                   "enable_hashagg = off",
                                   "enable_material = off",
                                   "enable_memoize = off",
                                   "work_mem = '64kB'",
                                   "cursor_tuple_fraction = 1",
                                   "cursor_tuple_fraction = 0.001",
                                   "join_collapse_limit = 1",
                                   "from_collapse_limit = 1",
                                   "geqo_threshold = 2",
                                   "enable_hashjoin = off; SET enable_mergejoin = off",
                                   "enable_hashjoin = off; SET enable_nestloop = off"};
  std::vector<std::string> settings;
  while (random->Chance(35)) settings.push_back(random->Pick(*all));
  if (random->Chance(70)) {
    settings.push_back(absl::StrCat(
        "plan_cache_mode = ", random->Pick<std::string>({"force_generic_plan", "force_generic_plan",
                                                         "force_custom_plan"})));
  }
  return settings;
}

std::vector<std::string> RandomOutputSettings(Random* random) {
  static const auto* const all = new std::vector<std::string>{
      "timezone = 'Asia/Tokyo'", "datestyle = 'German'", "bytea_output = 'escape'",
      "extra_float_digits = 0", "timezone = 'America/New_York'; SET datestyle = 'SQL, DMY'"};
  if (random->Chance(80)) return {};
  return {random->Pick(*all)};
}

Runner::Runner(std::function<PgConnection()> connect) : connect_(std::move(connect)) {
  while (sessions_.size() < kSessions) sessions_.push_back(connect_());
}

std::string Runner::Prelude(const Trial& trial, int session) const {
  std::string sql =
      absl::StrCat("DEALLOCATE ALL; RESET ALL; SET search_path = ", session < kForeign ? "f" : "o",
                   ", public; ");
  for (const std::string& setting : trial.output) absl::StrAppend(&sql, "SET ", setting, "; ");
  if (session >= kForeign) return sql;
  for (const std::string& setting : trial.settings) absl::StrAppend(&sql, "SET ", setting, "; ");
  if (session == 1) sql += "SET redis_fdw.enable_pushdown = off; ";
  return sql;
}

std::vector<PgResult> Runner::Both(const std::vector<std::string>& sql) {
  for (int i = 0; i < kSessions; ++i) sessions_[i].Send(sql[i]);
  std::vector<PgResult> results;
  for (PgConnection& session : sessions_) {
    results.push_back(session.Wait());
    session.TakeNotices();
  }
  return results;
}

std::string Runner::CompareErrors(const std::vector<PgResult>& results) {
  bool all_failed = true;
  bool tolerable = true;
  std::string text;
  for (int i = 0; i < kSessions; ++i) {
    all_failed = all_failed && results[i].error.sqlstate == results[0].error.sqlstate;
    tolerable = tolerable && (results[i].ok() || MayDependOnPlan(results[i].error));
    absl::StrAppend(&text, "\n  ", kSessionNames[i], ": ",
                    results[i].ok() ? "no error" : results[i].error.ToString());
  }
  if (tolerable) ++tolerated_;
  if (all_failed && absl::StartsWith(results[0].error.sqlstate, "42")) {
    return absl::StrCat("a query that is none: ", results[0].error.ToString());
  }
  return all_failed || tolerable ? "" : "errors differ" + text;
}

std::string Runner::Compare(const Query& query, const std::vector<std::string>& arguments,
                            const std::vector<PgResult>& results) {
  ++executions_;
  for (const PgResult& result : results) {
    if (!result.ok()) return CompareErrors(results);
  }
  const Answers answers = AnswersOf(query, arguments, results[kForeign]);
  if (answers.size() > 0) ++with_rows_;
  std::string wrong;
  for (int i = 0; i < kForeign; ++i) {
    const std::string one = answers.Check(results[i].rows);
    if (one.empty()) continue;
    absl::StrAppend(&wrong, kSessionNames[i], ": ", one, Rows(results[i]), "\n");
  }
  if (!wrong.empty()) {
    absl::StrAppend(&wrong, "ordinary table (", answers.size(),
                    " of its rows wanted):", Rows(results[kForeign]), "\n",
                    arguments.empty() ? "" : Execute(arguments));
  }
  return wrong;
}

std::string Runner::RunPlain(const Trial& trial) {
  const std::string sql = trial.query.Sql();
  return Compare(trial.query, {},
                 Both({Prelude(trial, 0) + sql, Prelude(trial, 1) + sql,
                       Prelude(trial, 2) + trial.query.OracleSql()}));
}

std::string Runner::RunPrepared(const Trial& trial) {
  const Query& query = trial.query;
  std::string prepare = "PREPARE q";
  if (!query.params.empty())
    absl::StrAppend(&prepare, " (", absl::StrJoin(query.params, ", "), ")");
  prepare += " AS ";
  const std::string sql = query.Sql();
  const std::vector<PgResult> prepared = Both(
      {absl::StrCat(Prelude(trial, 0), prepare, sql), absl::StrCat(Prelude(trial, 1), prepare, sql),
       absl::StrCat(Prelude(trial, 2), prepare, query.OracleSql())});
  for (const PgResult& result : prepared) {
    if (!result.ok()) return CompareErrors(prepared);
  }
  for (const std::vector<std::string>& arguments : query.arguments) {
    const std::string execute = Execute(arguments);
    std::string wrong = Compare(query, arguments, Both({execute, execute, execute}));
    if (!wrong.empty()) return wrong;
  }
  return "";
}

std::string Runner::RunCursor(const Trial& trial) {
  const Query& query = trial.query;
  const std::string declare =
      absl::StrCat("BEGIN; DECLARE c ", query.scroll ? "SCROLL " : "", "CURSOR FOR ", query.Sql());
  std::vector<PgResult> results = Both({Prelude(trial, 0) + declare, Prelude(trial, 1) + declare,
                                        Prelude(trial, 2) + query.OracleSql()});
  std::vector<std::vector<ResultRow>> rows[kForeign];
  const PgResult oracle = results[kForeign];
  for (const Fetch& fetch : query.fetches) {
    const std::string sql = absl::StrCat("FETCH ", fetch.direction, " FROM c");
    bool failed = false;
    for (const PgResult& result : results) failed = failed || !result.ok();
    if (failed) break;
    results = Both({sql, sql, "SELECT"});
    for (int i = 0; i < kForeign; ++i) rows[i].push_back(results[i].rows);
  }
  results[kForeign] = oracle;
  const std::vector<PgResult> ended = Both({"ROLLBACK", "ROLLBACK", "SELECT"});
  ++executions_;
  for (const PgResult& result : results) {
    if (!result.ok()) return CompareErrors(results);
  }
  for (const PgResult& result : ended) {
    if (!result.ok()) return CompareErrors(ended);
  }
  const Answers answers = AnswersOf(query, {}, oracle);
  if (answers.size() > 0) ++with_rows_;
  for (int i = 0; i < kForeign; ++i) {
    const std::string wrong = answers.CheckFetches(query.fetches, rows[i]);
    if (!wrong.empty()) return absl::StrCat(kSessionNames[i], ": ", wrong);
  }
  return "";
}

std::string Runner::Run(const Trial& trial) {
  // Where a query has crashed a server process, the others have lost their sessions too.
  for (PgConnection& session : sessions_) {
    if (!session.connected()) session = connect_();
  }
  switch (trial.query.mode) {
    case Query::Mode::kPlain:
      return RunPlain(trial);
    case Query::Mode::kPrepared:
      return RunPrepared(trial);
    case Query::Mode::kCursor:
      return RunCursor(trial);
  }
  return "";
}

Trial Runner::Reduce(Trial trial) {
  // Takes something away and keeps that if the difference stays.
  const auto attempt = [this, &trial](auto change) {
    Trial smaller = trial;
    change(&smaller);
    const std::string wrong = Run(smaller);
    if (wrong.empty() || absl::StartsWith(wrong, "a query that is none")) return false;
    trial = std::move(smaller);
    return true;
  };
  const auto drop_each = [&attempt](auto list_of, auto* trial) {
    for (size_t i = list_of(trial)->size(); i > 0; --i) {
      attempt([&](Trial* t) { list_of(t)->erase(list_of(t)->begin() + static_cast<int>(i) - 1); });
    }
  };
  attempt([](Trial* t) { t->output.clear(); });
  drop_each([](Trial* t) { return &t->settings; }, &trial);
  drop_each([](Trial* t) { return &t->query.arguments; }, &trial);
  drop_each([](Trial* t) { return &t->query.fetches; }, &trial);
  attempt([](Trial* t) { t->query.offset = RowCount(); });
  attempt([](Trial* t) { t->query.limit = RowCount(), t->query.with_ties = false; });
  drop_each([](Trial* t) { return &t->query.conjuncts; }, &trial);
  drop_each([](Trial* t) { return &t->query.order; }, &trial);
  if (trial.query.whole.empty()) {
    for (size_t i = trial.query.outputs.size(); i > 0 && trial.query.outputs.size() > 1; --i) {
      attempt([i](Trial* t) {
        t->query.outputs.erase(t->query.outputs.begin() + static_cast<int>(i) - 1);
      });
    }
  }
  return trial;
}

std::string Runner::Describe(const Trial& trial) {
  const Query& query = trial.query;
  std::string text =
      absl::StrCat("query: ", query.Sql(), "\nasked of the ordinary table: ", query.OracleSql());
  if (query.mode == Query::Mode::kPrepared) {
    absl::StrAppend(&text, "\nprepared (", absl::StrJoin(query.params, ", "), "), executed with");
    for (const auto& arguments : query.arguments) {
      absl::StrAppend(&text, "\n  (", absl::StrJoin(arguments, ", "), ")");
    }
  }
  if (query.mode == Query::Mode::kCursor) {
    absl::StrAppend(&text, "\nby a cursor", query.scroll ? " that scrolls" : "", ":");
    for (const Fetch& fetch : query.fetches)
      absl::StrAppend(&text, " FETCH ", fetch.direction, ";");
  }
  absl::StrAppend(&text, "\nsettings: ", absl::StrJoin(trial.settings, "; "), "; ",
                  absl::StrJoin(trial.output, "; "));
  for (int i = 0; i < kForeign; ++i) {
    std::string explain = "EXPLAIN (VERBOSE) " + query.Sql();
    if (query.mode == Query::Mode::kPrepared && !query.arguments.empty()) {
      std::string types = absl::StrJoin(query.params, ", ");
      if (!types.empty()) types = absl::StrCat(" (", types, ")");
      explain = absl::StrCat("PREPARE q", types, " AS ", query.Sql(), "; EXPLAIN (VERBOSE) ",
                             Execute(query.arguments.back()));
    }
    absl::StrAppend(&text, "\nplan ", kSessionNames[i], ":\n",
                    sessions_[static_cast<size_t>(i)].Exec(Prelude(trial, i) + explain).Text());
  }
  return text;
}

}  // namespace redis_fdw::test
