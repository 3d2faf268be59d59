#include "pg_glue/estimate.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "pg_glue/connect.h"
#include "pg_glue/guard.h"
#include "pg_glue/pg.h"

namespace redis_fdw {
namespace {

// To connect, and to be answered: together a second, which is what a plan may be delayed by.
constexpr int kPatienceMs = 500;
// How long a server that has failed is not asked again: plans would each pay for it.
constexpr absl::Duration kRest = absl::Seconds(10);

// Until when servers that have failed are left alone, by name and address. Never destroyed.
std::map<std::string, absl::Time>& Resting() {
  static auto* const resting = new std::map<std::string, absl::Time>;
  return *resting;
}

std::string ServerOf(const FdwOptions& options) {
  return absl::StrCat(options.server_name, " ", options.host_port);
}

bool Rests(const FdwOptions& options) {
  auto found = Resting().find(ServerOf(options));
  return found != Resting().end() && absl::Now() < found->second;
}

// Whether an error says something about the server, not the key, the user's rights on it, or a
// cancel.
bool IsOfServer(ErrorKind kind) {
  return kind != ErrorKind::kWrongType && kind != ErrorKind::kPermission &&
         kind != ErrorKind::kHost;
}

// The plan that counts all rows; its op says whether there is a command for that.
ScanPlan PlanCount(const Table& table) {
  ScanRequest request;
  request.output.kind = OutputKind::kCount;
  ScanPlan plan = table.Plan(request);
  plan.output = request.output;
  return plan;
}

absl::Status CountRows(const TableBinding& binding, const ScanPlan& plan, double* rows) {
  FdwOptions options = *binding.options;
  options.connect_timeout_ms = kPatienceMs;
  options.command_timeout_ms = kPatienceMs;
  ASSIGN_OR_RETURN(std::shared_ptr<Router> router, NewRouter(options));
  PoolLimits limits = LimitsOf(options);
  limits.acquire_timeout = absl::Milliseconds(kPatienceMs);
  Pipeline pipeline(BackendPool(), std::move(router), limits);
  ASSIGN_OR_RETURN(std::unique_ptr<Scan> scan,
                   binding.table().OpenScan(plan, ScanOptions(), &pipeline));
  absl::Span<const Cell> none;
  RETURN_IF_ERROR(scan->Start(absl::MakeConstSpan(&none, 1)));
  RowBatch batch(plan.output.width(), 1, 1024);
  RETURN_IF_ERROR(scan->NextBatch(&batch));
  if (batch.rows() == 1) *rows = static_cast<double>(batch.row(0)[0].int64());
  scan->Stop();
  return absl::OkStatus();
}

}  // namespace

double RemoteRows(const TableBinding& binding) {
  double rows = -1;
  Raised raised;
  bool known = RunCpp(
      [&] {
        const ScanPlan plan = PlanCount(binding.table());
        if (plan.op != ScanOp::kCount || plan.keys != KeyAccess::kOne) return absl::OkStatus();
        // A scan under way would have to set its rows aside, for a guess.
        const auto most = static_cast<size_t>(binding.options->pool_max_size);
        if (Rests(*binding.options) || BackendPool()->leased() >= most) return absl::OkStatus();
        absl::Status status = CountRows(binding, plan, &rows);
        if (!status.ok() && IsOfServer(GetErrorKind(status))) {
          Resting()[ServerOf(*binding.options)] = absl::Now() + kRest;
        }
        return status;
      },
      &raised);
  if (known) return rows;
  // An error of PostgreSQL's is a cancel, or a standby's conflict with recovery, or graver.
  if (ParkedSqlState() != 0) Raise(raised);
  return -1;
}

bool LearnRows(PlannerInfo* root, const TableBinding& binding, const ScanPlan& plan, bool known,
               RelOptInfo* rel) {
  const RemoteEstimate when = binding.options->use_remote_estimate;
  if (when == RemoteEstimate::kNever) return false;
  // A guess that is wrong costs a join a thousand lookups, or a scan of a million elements.
  const bool joins = bms_membership(root->all_baserels) == BMS_MULTIPLE;
  if (when == RemoteEstimate::kForJoins && (known || !joins)) return false;
  if (plan.op == ScanOp::kLookup || plan.op == ScanOp::kNothing) return false;
  const double rows = RemoteRows(binding);
  if (rows < 0) return false;
  rel->tuples = clamp_row_est(rows);
  return true;
}

double KeysInTable(PlannerInfo* root, RelOptInfo* rel, const TableBinding& binding) {
  const int column = binding.table().key_column();
  if (column < 0) return -1;
  const AttrNumber attnum = binding.attnums[column];
  Oid type;
  int32 typmod;
  Oid collation;
  get_atttypetypmodcoll(binding.relid, attnum, &type, &typmod, &collation);
  Var* var = makeVar((int)rel->relid, attnum, type, typmod, collation, 0);
  VariableStatData statistics;
  examine_variable(root, (Node*)var, 0, &statistics);
  double keys = -1;
  if (HeapTupleIsValid(statistics.statsTuple)) {
    bool is_default = false;
    keys = get_variable_numdistinct(&statistics, &is_default);
    if (is_default) keys = -1;
  }
  ReleaseVariableStats(statistics);
  return keys;
}

}  // namespace redis_fdw
