// Random sequences of statements mean the same for a foreign table of every type and layout and for
// an ordinary table: what they return, what they refuse, and what is there after each.
//
// A sequence is made of a seed, which a failure prints, together with the last statements. To see
// it again, or to look for more:
//
//   bazel test //testing/pg:property_test --test_filter='*hash_row_ttl*'
//       --test_env=REDIS_FDW_PROPERTY_SEED=12345 --test_env=REDIS_FDW_PROPERTY_STEPS=1000

#include <stdlib.h>

#include <algorithm>
#include <deque>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "gtest/gtest.h"
#include "testing/pg/property_layout.h"
#include "testing/pg/property_model.h"
#include "testing/pg/property_statements.h"
#include "testing/pg_redis_fixture.h"

namespace redis_fdw::test {
namespace {

constexpr uint64_t kSeed = 20240611;
constexpr uint64_t kSteps = 45;
constexpr int kExecutions = 8;  // of a prepared statement: PostgreSQL plans the first five anew
constexpr size_t kHistory = 15;
constexpr int kMostRows = 200;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  uint64_t value = 0;
  return text != nullptr && absl::SimpleAtoi(text, &value) ? value : otherwise;
}

// What the whole sequence runs under.
struct Variant {
  const char* name;
  const char* settings;  // "; SET ..."
  const char* options;   // of the foreign table
};

constexpr Variant kVariants[] = {
    {"plain", "", "SET batch_size '1000', SET fetch_size '1000', SET scan_mode 'auto'"},
    {"generic", "; SET plan_cache_mode = force_generic_plan",
     "SET batch_size '1', SET fetch_size '2', SET scan_mode 'cursor'"},
    {"small", "; SET plan_cache_mode = force_custom_plan",
     "SET batch_size '3', SET fetch_size '5', SET scan_mode 'auto'"},
};

std::ostream& operator<<(std::ostream& out, const Variant& variant) { return out << variant.name; }

class PropertyTest : public PgRedisTest, public ::testing::WithParamInterface<Layout> {
 protected:
  void SetUp() override;
  // A sequence: from empty tables, in a session of its own.
  void RunSequence(const Variant& variant, uint64_t seed);

  const Layout& layout() const { return GetParam(); }
  const Variant& variant() const { return *variant_; }
  PgConnection& session() { return *session_; }
  PgResult MustExec(const std::string& sql) { return session().MustExec(sql); }

  // One statement, or a prepared one several times. False if the two tables differ: it has failed.
  bool Step();
  bool RunPrepared(const Statement& statement);
  // `foreign` and `model`: what to send for `statement`.
  bool Run(const Statement& statement, const std::string& foreign, std::string model);
  bool CompareResults(const Statement& statement, const PgResult& foreign, const PgResult& model);
  bool AfterFailure(const Statement& statement, const PgResult& foreign);
  bool CompareTables();
  bool CompareQueries();
  bool CompareRedis();

  PgResult Send(const std::string& sql, const std::string& copied = "");
  std::string FillIds(const std::string& model, const PgResult& foreign) const;
  std::vector<Row> Sorted(std::vector<Row> rows) const;
  void Reset() { MustExec(absl::StrCat("RESET ALL; SET timezone = 'UTC'", variant().settings)); }
  bool Differ(const std::string& what, const std::string& foreign, const std::string& model);

  const Variant* variant_ = nullptr;
  std::optional<PgConnection> session_;
  std::optional<Statements> statements_;
  std::vector<std::string> strangers_;
  std::deque<std::string> history_;
  uint64_t seed_ = 0;
};

void PropertyTest::SetUp() {
  PgRedisTest::SetUp();
  pg().MustExec(ForeignDdl(layout(), ", batch_size '1', fetch_size '1', scan_mode 'auto'"));
  pg().MustExec(ModelDdl(layout()));
}

void PropertyTest::RunSequence(const Variant& variant, uint64_t seed) {
  variant_ = &variant;
  seed_ = seed;
  // Each sequence has numbers of its own, which do not change when others are added.
  for (char c : absl::StrCat(layout().name, variant.name)) {
    seed = seed * 1099511628211ULL + static_cast<unsigned char>(c);
  }
  statements_.emplace(layout(), seed);
  history_.clear();
  redis().FlushAll();
  strangers_ = MakeStrangers(layout(), &redis());
  session_.emplace(Connect());
  MustExec(absl::StrCat("TRUNCATE m; ALTER FOREIGN TABLE f OPTIONS (", variant.options, ")"));
  Reset();
  const uint64_t steps = FromEnvironment("REDIS_FDW_PROPERTY_STEPS", kSteps);
  for (uint64_t i = 0; i < steps; ++i) {
    if (!Step()) {
      std::cerr << "in step " << i << std::endl;
      return;
    }
  }
  CompareRedis();
}

std::string Readable(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    std::vector<std::string> cells;
    for (const auto& cell : row) {
      cells.push_back(!cell ? "NULL" : cell->size() > 100 ? cell->substr(0, 100) + "..." : *cell);
    }
    absl::StrAppend(&text, "  (", absl::StrJoin(cells, " | "), ")\n");
  }
  return text;
}

bool PropertyTest::Differ(const std::string& what, const std::string& foreign,
                          const std::string& model) {
  ADD_FAILURE() << what << "\nREDIS_FDW_PROPERTY_SEED=" << seed_ << ", layout " << layout()
                << ", variant " << variant() << "\nthe last statements:\n  "
                << absl::StrJoin(history_, "\n  ") << "\nforeign table:\n"
                << foreign << "\nmodel:\n"
                << model;
  return false;
}

// Rows in an order that does not depend on how they were found. Lists keep theirs, within a key.
std::vector<Row> PropertyTest::Sorted(std::vector<Row> rows) const {
  const int key = layout().IndexOf(Part::kKey);
  if (!layout().is_list()) {
    std::sort(rows.begin(), rows.end());
  } else if (key >= 0) {
    const auto by_key = [i = static_cast<size_t>(key)](const Row& a, const Row& b) {
      return a[i] < b[i];
    };
    std::stable_sort(rows.begin(), rows.end(), by_key);
  }
  return rows;
}

PgResult PropertyTest::Send(const std::string& sql, const std::string& copied) {
  std::string shown = sql.size() > 1500 ? sql.substr(0, 1500) + "..." : sql;
  history_.push_back(absl::StrCat(shown, copied.empty() ? "" : " <- ", copied));
  if (history_.size() > kHistory) history_.pop_front();
  return copied.empty() ? session().Exec(sql) : session().CopyIn(sql, copied);
}

std::string PropertyTest::FillIds(const std::string& model, const PgResult& foreign) const {
  const auto column = static_cast<size_t>(layout().IndexOf(Part::kId));
  std::vector<std::string> ids;
  // The model has to refuse the same rows.
  for (int i = 0; !foreign.ok() && i < kMostRows; ++i)
    ids.push_back(absl::StrCat("'none-", i, "'"));
  for (const Row& row : foreign.rows) ids.push_back(Quote(row[column].value_or("NULL")));
  return absl::StrReplaceAll(
      model, {{kReturnedIds, absl::StrCat("ARRAY[", absl::StrJoin(ids, ", "), "]::text[]")}});
}

bool PropertyTest::CompareResults(const Statement& statement, const PgResult& foreign,
                                  const PgResult& model) {
  if (foreign.error.sqlstate != model.error.sqlstate) {
    return Differ("one is refused, or for another reason",
                  foreign.ok() ? foreign.tag : foreign.error.ToString(),
                  model.ok() ? model.tag : model.error.ToString());
  }
  if (!foreign.ok()) return true;
  if (statement.counts && foreign.tag != model.tag) {
    return Differ("the counts of rows differ", foreign.tag, model.tag);
  }
  if (!statement.returning) return true;
  std::vector<Row> a = foreign.rows;
  std::vector<Row> b = model.rows;
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  return a == b || Differ("the rows returned differ", Readable(a), Readable(b));
}

// Of a statement of several rows some may have been written: then the model starts anew. No UPDATE
// makes or loses a row, though.
bool PropertyTest::AfterFailure(const Statement& statement, const PgResult& foreign) {
  if (foreign.ok() || statement.one_row) return true;
  Reset();
  const std::string counts = "SELECT (SELECT count(*) FROM f), (SELECT count(*) FROM m)";
  const PgResult count = MustExec(counts);
  if (statement.is_update && count.rows[0][0] != count.rows[0][1]) {
    return Differ("an UPDATE that failed has made or lost rows", *count.rows[0][0],
                  *count.rows[0][1]);
  }
  std::vector<const Column*> columns;
  for (const Column& column : layout().columns) columns.push_back(&column);
  const std::string names = NameList(columns);
  MustExec(absl::StrCat("TRUNCATE m; INSERT INTO m (", names, ") SELECT ", names, " FROM f"));
  return true;
}

bool PropertyTest::Run(const Statement& statement, const std::string& foreign, std::string model) {
  const PgResult of_foreign = Send(foreign, statement.copied);
  if (model.find(kReturnedIds) != std::string::npos) {
    model = FillIds(model, of_foreign);
  }
  const std::string last = session().Query1("SELECT coalesce(max(ord), 0) FROM m");
  PgResult of_model = Send(model);
  const std::string renumber = Renumber(layout());
  if (!renumber.empty()) {
    MustExec(renumber);
    // Which indexes a list gives to new rows is known only now.
    if (statement.returning && foreign.rfind("INSERT", 0) == 0 && of_model.ok()) {
      of_model.rows =
          MustExec(absl::StrCat("SELECT ", ShownColumns(layout()), " FROM m t WHERE ord > ", last))
              .rows;
    }
  }
  return CompareResults(statement, of_foreign, of_model) && AfterFailure(statement, of_foreign);
}

bool PropertyTest::RunPrepared(const Statement& statement) {
  std::vector<std::string> types;
  for (const Column* column : statement.params) types.push_back(column->type);
  const std::string list = types.empty() ? "" : absl::StrCat("(", absl::StrJoin(types, ", "), ")");
  const PgResult foreign = Send(absl::StrCat("PREPARE pf ", list, " AS ", statement.foreign));
  const PgResult model = Send(absl::StrCat("PREPARE pm ", list, " AS ", statement.model));
  if (!CompareResults(statement, foreign, model)) return false;
  for (int i = 0; i < kExecutions && foreign.ok(); ++i) {
    const std::string arguments = statements_->Arguments(statement);
    if (!Run(statement, "EXECUTE pf " + arguments, "EXECUTE pm " + arguments)) return false;
    if (!CompareTables()) return false;
  }
  MustExec("DEALLOCATE ALL");
  return true;
}

bool PropertyTest::CompareTables() {
  const std::string shown = ShownColumns(layout());
  const PgResult foreign = MustExec(absl::StrCat("SELECT ", shown, " FROM f t"));
  const PgResult model = MustExec(absl::StrCat("SELECT ", shown, " FROM m t ORDER BY ord"));
  std::vector<Row> a = Sorted(foreign.rows);
  std::vector<Row> b = Sorted(model.rows);
  if (a != b) return Differ("the tables differ", Readable(a), Readable(b));
  const int id = layout().IndexOf(Part::kId);
  for (const Row& row : b) {
    if (id >= 0) statements_->KnowId(row[static_cast<size_t>(id)].value_or(""));
  }
  statements_->Know(std::move(b));
  return true;
}

bool PropertyTest::CompareQueries() {
  for (int i = 0; i < 3; ++i) {
    const Statement query = statements_->Query();
    const PgResult model = MustExec(query.model);
    for (const char* pushdown : {"on", "off"}) {
      MustExec(absl::StrCat("SET redis_fdw.enable_pushdown = ", pushdown));
      const PgResult foreign = Send(query.foreign);
      if (!CompareResults(query, foreign, model)) return false;
    }
  }
  return true;
}

bool PropertyTest::CompareRedis() {
  const PgResult model = MustExec(ModelState(layout()));
  std::vector<std::string> expected;
  for (const Row& row : model.rows) {
    std::vector<std::string> parts;
    for (const auto& part : row) {
      if (part) parts.push_back(*part);
    }
    expected.push_back(StateLine(layout(), parts));
  }
  std::sort(expected.begin(), expected.end());
  const std::vector<std::string> found = RedisState(layout(), &redis(), strangers_);
  if (found != expected) {
    return Differ("Redis holds something else", absl::StrJoin(found, "\n"),
                  absl::StrJoin(expected, "\n"));
  }
  for (const std::string& stranger : strangers_) {
    if (redis().Cli({"EXISTS", stranger}) != "1") return Differ("lost", stranger, stranger);
  }
  return true;
}

bool PropertyTest::Step() {
  const std::string settings = statements_->Settings();
  if (!settings.empty()) Send(settings);
  if (statements_->Chance(10)) {
    if (!RunPrepared(statements_->NextPrepared())) return false;
  } else {
    const Statement statement = statements_->Next();
    if (!Run(statement, statement.foreign, statement.model)) return false;
  }
  Reset();
  if (!CompareTables()) return false;
  if (statements_->Chance(30)) {
    if (!settings.empty()) Send(settings);
    if (!CompareQueries()) return false;
    Reset();
  }
  return !statements_->Chance(20) || CompareRedis();
}

TEST_P(PropertyTest, MeansTheSameAsAnOrdinaryTable) {
  const uint64_t seed = FromEnvironment("REDIS_FDW_PROPERTY_SEED", kSeed);
  for (const Variant& variant : kVariants) RunSequence(variant, seed);
}

INSTANTIATE_TEST_SUITE_P(Layouts, PropertyTest, ::testing::ValuesIn(AllLayouts()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace redis_fdw::test
