#include "testing/conformance/conformance_fixture.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/row_batch.h"
#include "core/base/status.h"
#include "tables/registry.h"
#include "tables/write_runner.h"

namespace redis_fdw::test {

RedisServer* ConformanceTest::redis_ = nullptr;

Lines Sorted(Lines lines) {
  std::sort(lines.begin(), lines.end());
  return lines;
}

void ConformanceTest::SetUpTestSuite() {
  auto redis = RedisServer::Start();
  ASSERT_TRUE(redis.ok()) << redis.status();
  redis_ = redis->release();
}

void ConformanceTest::TearDownTestSuite() {
  delete redis_;
  redis_ = nullptr;
}

void ConformanceTest::SetUp() {
  ASSERT_NE(redis_, nullptr);
  redis().FlushAll();
  ASSERT_EQ(Samples().count(GetParam()), 1u)
      << "add a Sample of layout " << GetParam() << " to testing/conformance/sample.cc";
  Bind(sample().columns);

  ConnectionSpec spec;
  spec.endpoint.unix_socket = redis().unix_socket();
  router_ = std::make_shared<StandaloneRouter>(spec);
  waiter_ = std::make_unique<PollWaiter>();
  pool_ = std::make_unique<Pool>(SocketTransportFactory(), waiter_.get());
  pipeline_ = NewPipeline();
}

void ConformanceTest::Bind(const std::vector<ColumnDef>& columns, int64_t ttl_seconds) {
  TableDef def;
  def.name = "t";
  def.key = sample().many_keys ? kKeyPattern : kKey;
  def.row_per_key = sample().row_per_key;
  def.ttl_seconds = ttl_seconds;
  def.columns = columns;
  auto table = FindTableType(sample().type)->Bind(def);
  ASSERT_TRUE(table.ok()) << table.status();
  table_ = std::move(table).value();
  state_ = table_->NewWriteState();
}

std::unique_ptr<Pipeline> ConformanceTest::NewPipeline() {
  return std::make_unique<Pipeline>(pool_.get(), router_, PoolLimits());
}

std::vector<SampleRow> ConformanceTest::Rows(int n, int first) const {
  if (sample().max_rows >= 0) n = std::min(n, sample().max_rows);
  std::vector<SampleRow> rows;
  for (int i = 0; i < n; ++i) rows.push_back(sample().row(first + i));
  return rows;
}

Lines ConformanceTest::LinesOf(const std::vector<SampleRow>& rows) {
  Lines lines;
  for (const SampleRow& row : rows) lines.push_back(row.Line());
  return lines;
}

void ConformanceTest::Run(const std::vector<Argv>& commands) {
  for (const Argv& argv : commands) {
    RedisReply reply = redis().Command(argv);
    ASSERT_FALSE(reply.is_error()) << reply.text;
  }
}

void ConformanceTest::Put(const std::vector<SampleRow>& rows) {
  constexpr size_t kChunk = 1000;
  for (size_t i = 0; i < rows.size(); i += kChunk) {
    auto end = rows.begin() + static_cast<ptrdiff_t>(std::min(i + kChunk, rows.size()));
    std::vector<SampleRow> chunk(rows.begin() + static_cast<ptrdiff_t>(i), end);
    Run(sample().write(kKey, chunk));
  }
}

void ConformanceTest::Remove(const std::vector<SampleRow>& rows) {
  Run(sample().remove(kKey, rows));
}

std::string ConformanceTest::FirstKey() const {
  return sample().many_keys ? std::string(sample().row(0).cells()[0].bytes()) : kKey;
}

bool ConformanceTest::KeysEmpty() {
  RedisReply keys = redis().Command({"KEYS", "*"});
  return std::all_of(keys.elements.begin(), keys.elements.end(), [this](const RedisReply& key) {
    return redis().Cli({"XLEN", key.text}) == "0";
  });
}

bool ConformanceTest::Present(const SampleRow& row) {
  RedisReply reply = redis().Command(sample().probe(kKey, row));
  if (reply.is_nil()) return false;
  std::string text = reply.ToString();
  std::string wanted = sample().present(row);
  if (text == wanted) return true;
  // Redis writes doubles with 17 digits, we with as many as are needed.
  double a = 0;
  double b = 0;
  return ParseDouble(text, &a) && ParseDouble(wanted, &b) && a == b;
}

ScanPlan ConformanceTest::PlanAll(const std::vector<Predicate>& predicates) const {
  ScanRequest request;
  request.predicates = predicates;
  for (size_t i = 0; i < table().columns().size(); ++i) {
    request.output.columns.push_back(static_cast<int>(i));
  }
  return table().Plan(request);
}

std::unique_ptr<redis_fdw::Scan> ConformanceTest::Open(const ScanPlan& plan) {
  auto scan = table().OpenScan(plan, options_, &pipeline());
  EXPECT_TRUE(scan.ok()) << scan.status();
  return std::move(scan).value();
}

absl::Status ConformanceTest::StartWithout(redis_fdw::Scan* scan) {
  absl::Span<const Cell> none;
  return scan->Start(absl::MakeConstSpan(&none, 1));
}

absl::StatusOr<Lines> ConformanceTest::Scan(const ScanPlan& plan,
                                            const std::vector<std::vector<Cell>>& params,
                                            const std::function<void()>& after_batch) {
  ASSIGN_OR_RETURN(std::unique_ptr<redis_fdw::Scan> scan,
                   table().OpenScan(plan, options_, &pipeline()));
  std::vector<absl::Span<const Cell>> spans(params.begin(), params.end());
  RETURN_IF_ERROR(scan->Start(spans));
  RowBatch batch(plan.output.width(), batch_rows_, 16 << 20);
  Lines lines;
  largest_batch_ = 0;
  while (true) {
    RETURN_IF_ERROR(scan->NextBatch(&batch));
    if (batch.rows() == 0) return lines;
    largest_batch_ = std::max(largest_batch_, batch.rows());
    for (size_t i = 0; i < batch.rows(); ++i) {
      std::string ordinal =
          params.size() > 1 ? absl::StrCat(batch.param_ordinal(i), ": ") : std::string();
      lines.push_back(absl::StrCat(ordinal, RowLine(batch.row(i))));
    }
    if (after_batch != nullptr) after_batch();
  }
}

Lines ConformanceTest::ScanAll() {
  auto lines = Scan(PlanAll(), {{}});
  EXPECT_TRUE(lines.ok()) << lines.status();
  return lines.ok() ? *lines : Lines();
}

absl::Status ConformanceTest::Write(const std::vector<WriteOp>& ops, bool want_results) {
  return RunWrites(table(), ops, want_results, 1, state_.get(), &pipeline(), &results_);
}

std::vector<WriteOp> ConformanceTest::Inserts(const std::vector<SampleRow>& rows,
                                              ConflictPolicy conflict) {
  std::vector<WriteOp> ops;
  for (const SampleRow& row : rows) {
    WriteOp op;
    op.kind = WriteKind::kInsert;
    op.new_cells = row.cells();
    op.conflict = conflict;
    ops.push_back(op);
  }
  return ops;
}

std::vector<Cell> ConformanceTest::IdentityOf(const SampleRow& row) const {
  std::vector<Cell> identity;
  for (size_t i = 0; i < table().columns().size(); ++i) {
    if (table().columns()[i].identity) identity.push_back(row.cells()[i]);
  }
  return identity;
}

std::vector<WriteOp> ConformanceTest::Deletes(
    std::vector<SampleRow>* keep, const std::function<bool(const std::string& line)>& wanted) {
  ScanPlan plan = PlanAll();
  std::unique_ptr<redis_fdw::Scan> scan = Open(plan);
  EXPECT_TRUE(StartWithout(scan.get()).ok());
  RowBatch batch(plan.output.width(), batch_rows_, 16 << 20);
  std::vector<WriteOp> ops;
  std::deque<std::pair<SampleRow, int64_t>> found;
  do {
    EXPECT_TRUE(scan->NextBatch(&batch).ok());
    for (size_t i = 0; i < batch.rows(); ++i) {
      if (!wanted(RowLine(batch.row(i)))) continue;
      SampleRow identity;
      for (size_t c = 0; c < table().columns().size(); ++c) {
        if (!table().columns()[c].identity) continue;
        SampleRow one;
        const Cell& cell = batch.row(i)[c];
        if (cell.kind() == Cell::Kind::kBytes) {
          identity.Bytes(cell.bytes());
        } else {
          identity.Int(cell.int64());
        }
      }
      found.emplace_back(std::move(identity), batch.row_number(i));
    }
  } while (batch.rows() > 0);
  keep->reserve(found.size());  // the ops point at its rows
  for (auto& row : found) {
    keep->push_back(row.first);
    WriteOp op;
    op.kind = WriteKind::kDelete;
    op.old.cells = keep->back().cells();
    op.old.row_number = row.second;
    ops.push_back(op);
  }
  return ops;
}

}  // namespace redis_fdw::test
