#include "tables/common/collection_row.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/key_table.h"
#include "tables/common/key_ttl.h"
#include "tables/common/planning.h"
#include "tables/common/write_builder.h"

namespace redis_fdw {
namespace {

constexpr int kElements = 0;
constexpr int kScores = 1;

// ARGV: '1' if what is there must stay, how and how long to live, the type, the command that adds,
// then what to add, in the command's order. The collection is replaced.
constexpr char kInsertScript[] = R"lua(
local reply = other(KEYS[1], ARGV[4])
if type(reply) == 'table' then return reply end
if not reply then
  if ARGV[1] == '1' then return 0 end
  redis.call('UNLINK', KEYS[1])
end
for i = 6, #ARGV, 4000 do
  redis.call(ARGV[5], KEYS[1], unpack(ARGV, i, math.min(i + 3999, #ARGV)))
end
expire(KEYS[1], ARGV[2], ARGV[3])
return 1
)lua";

// KEYS: where the collection is, where it goes (mostly the same). ARGV: '1' if the content changes,
// and the rest as above. The TTL stays unless it is set.
constexpr char kUpdateScript[] = R"lua(
local from, to = KEYS[1], KEYS[2]
local reply = other(from, ARGV[4])
if reply then return reply end
if from ~= to and redis.call('EXISTS', to) == 1 then return -1 end
if ARGV[1] == '1' then
  local left = redis.call('PTTL', from)
  redis.call('UNLINK', from)
  for i = 6, #ARGV, 4000 do
    redis.call(ARGV[5], from, unpack(ARGV, i, math.min(i + 3999, #ARGV)))
  end
  if left > 0 then redis.call('PEXPIRE', from, left) end
end
expire(from, ARGV[2], ARGV[3])
if from ~= to then redis.call('RENAME', from, to) end
return 1
)lua";

const std::string& WithExpire(const char* script) {
  static const std::string* const insert =
      new std::string(absl::StrCat(kExpireLua, kTypeLua, kInsertScript));
  static const std::string* const update =
      new std::string(absl::StrCat(kExpireLua, kTypeLua, kUpdateScript));
  return script == kInsertScript ? *insert : *update;
}

// Gathers a whole collection into one row.
class CollectionSink : public StepSink {
 public:
  CollectionSink(const CollectionRowType& type, RowWriter* rows) : StepSink(rows), type_(type) {}

  absl::Status OnElement(const ReplyElement& element) override {
    const int64_t each = type_.score == nullptr ? 1 : 2;
    if (element.depth == 0 && element.type == ReplyType::kArray && element.integer % each == 0) {
      return absl::OkStatus();
    }
    if (element.depth != 1 || element.type != ReplyType::kBulk) return UnexpectedReply(type_.read);
    if (type_.score == nullptr || element.index % 2 == 0) {
      elements_.emplace_back(element.bytes);
      return absl::OkStatus();
    }
    double score = 0;
    if (!ParseDouble(element.bytes, &score)) {
      return MakeError(ErrorKind::kProtocol, "Redis sent a score that is not a number");
    }
    scores_.push_back(Cell::Double(score));
    return absl::OkStatus();
  }

 protected:
  absl::Status Finish() override {
    if (elements_.empty()) return absl::OkStatus();  // no such key
    if (type_.sorted_by_us) std::sort(elements_.begin(), elements_.end());
    std::vector<Cell> cells;
    cells.reserve(elements_.size());
    for (const std::string& element : elements_) cells.push_back(Cell::Bytes(element));
    Cell parts[] = {Cell::List(cells), Cell::List(scores_)};
    rows()->Write(parts);
    return absl::OkStatus();
  }

 private:
  const CollectionRowType& type_;
  std::vector<std::string> elements_;
  std::vector<Cell> scores_;
};

// The length of a collection of which only its being there matters.
class LengthSink : public StepSink {
 public:
  LengthSink(const char* command, RowWriter* rows) : StepSink(rows), command_(command) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.type != ReplyType::kInteger) return UnexpectedReply(command_);
    if (element.integer > 0) rows()->Write({});
    return absl::OkStatus();
  }

 private:
  const char* const command_;
};

class CollectionRow : public Elements {
 public:
  CollectionRow(const CollectionRowType& type, Columns columns)
      : Elements(std::move(columns)), type_(type) {}
  static LayoutRules Layout(const CollectionRowType& type);

  absl::string_view redis_type() const override { return type_.type; }
  // Of two arrays one may be set, and the other is written with it.
  bool UpdatesByIdentity() const override { return !has_scores(); }
  bool row_is_key() const override { return true; }
  ScanPlan Plan(const ScanRequest& request) const override {
    ScanPlan plan = PlanScan(request);
    plan.cost.rows = 1;
    return plan;
  }
  std::vector<std::string> Describe(const ScanPlan& plan, const ScanOptions&,
                                    absl::Span<const std::string>,
                                    absl::string_view key) const override {
    if (plan.output.columns.empty()) return {absl::StrCat(Length(), " ", key)};
    return {absl::StrCat(type_.read, " ", key, Rest())};
  }
  ElementSourceFactory Open(const ScanPlan& plan, const ScanOptions& options) const override;

  std::string DescribeWrite(WriteKind kind, ConflictPolicy conflict,
                            absl::string_view key) const override;
  absl::Status BuildInserts(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  absl::Status BuildUpdates(const WriteRun& run, std::vector<PlannedWrite>* out) const override;
  absl::Status BuildDeletes(const WriteRun& run, std::vector<PlannedWrite>* out) const override {
    return AppendTypedUnlinks(run, type_.type, out);
  }
  void ShowStored(absl::Span<Cell> parts, Arena* arena) const override;
  std::string DescribeRow(absl::Span<const Cell>, int64_t) const override {
    return absl::StrCat("the ", type_.type);
  }

 private:
  bool has_scores() const { return type_.score != nullptr; }
  // What follows the key in the command that reads.
  const char* Rest() const {
    if (has_scores()) return " 0 -1 WITHSCORES";
    return absl::string_view(type_.read) == "LRANGE" ? " 0 -1" : "";
  }
  // The command that tells how many elements there are; none: no key, so no row.
  const char* Length() const {
    if (has_scores()) return "ZCARD";
    return absl::string_view(type_.read) == "LRANGE" ? "LLEN" : "SCARD";
  }
  absl::Status AppendContent(absl::Span<const Cell> parts, Command* command) const;

  const CollectionRowType& type_;
};

LayoutRules CollectionRow::Layout(const CollectionRowType& type) {
  PartRule elements{type.element, {}};
  elements.bound.kind = Cell::Kind::kList;
  elements.types = TypeBit(ColumnType::kArray);
  elements.types_hint = "an array";
  if (type.score == nullptr) return {type.type, "(an array)", {elements}, false};
  PartRule scores{type.score, elements.bound};
  scores.bound.element = Cell::Kind::kDouble;
  scores.types = elements.types;
  scores.types_hint = "an array of double precision or numeric";
  return {type.type, "(an array of members, an array of scores)", {elements, scores}, false};
}

ElementSourceFactory CollectionRow::Open(const ScanPlan& plan, const ScanOptions&) const {
  if (plan.output.columns.empty()) {
    return [this](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
      return std::make_unique<FixedSource>(1, [this, key, rows](size_t) {
        Step step{Command(Length()), std::make_unique<LengthSink>(Length(), rows)};
        step.command.Key(key).ReadOnly();
        return step;
      });
    };
  }
  return [this](absl::string_view key, absl::Span<const Cell>, RowWriter* rows) {
    return std::make_unique<FixedSource>(1, [this, key, rows](size_t) {
      Step step{Command(type_.read), std::make_unique<CollectionSink>(type_, rows)};
      step.command.Key(key).ReadOnly();
      if (Rest()[0] != '\0') step.command.ArgInt(0).ArgInt(-1);
      if (has_scores()) step.command.Arg("WITHSCORES");
      return step;
    });
  };
}

// What the command that adds takes behind the key.
absl::Status CollectionRow::AppendContent(absl::Span<const Cell> parts, Command* command) const {
  RETURN_IF_ERROR(RequireValue(parts, kElements));
  if (has_scores()) RETURN_IF_ERROR(RequireValue(parts, kScores));
  absl::Span<const Cell> elements = parts[kElements].list();
  absl::Span<const Cell> scores = has_scores() ? parts[kScores].list() : elements;
  if (elements.empty()) {
    return MakeError(ErrorKind::kCheckViolation,
                     absl::StrCat("empty array in ", NamePart(kElements)),
                     "To remove the row, delete it.", "Redis keeps no empty collections.");
  }
  if (scores.size() != elements.size()) {
    return MakeError(ErrorKind::kInvalidData,
                     absl::StrCat(NamePart(kScores), " has ", scores.size(), " elements for the ",
                                  elements.size(), " of ", NamePart(kElements)),
                     "Every member has one score.");
  }
  for (size_t i = 0; i < elements.size(); ++i) {
    if (elements[i].is_null() || scores[i].is_null()) {
      return MakeError(
          ErrorKind::kNullNotAllowed,
          absl::StrCat("null element in ", NamePart(elements[i].is_null() ? kElements : kScores)),
          "", "Redis has no NULL.");
    }
    if (has_scores()) {
      if (std::isnan(scores[i].dbl())) {
        return MakeError(ErrorKind::kInvalidData,
                         absl::StrCat("NaN in ", NamePart(kScores), " cannot be a score in Redis"));
      }
      command->ArgDouble(scores[i].dbl());
    }
    command->Arg(elements[i].bytes());
  }
  return absl::OkStatus();
}

std::string CollectionRow::DescribeWrite(WriteKind kind, ConflictPolicy,
                                         absl::string_view key) const {
  switch (kind) {
    case WriteKind::kInsert:
      return absl::StrCat("EVAL (TYPE, UNLINK, ", type_.add, ") ", key, " ...");
    case WriteKind::kUpdate:
      return absl::StrCat("EVAL (TYPE, UNLINK, ", type_.add, ", PEXPIRE; renames: RENAME) ", key,
                          " ...");
    case WriteKind::kDelete:
      return absl::StrCat("EVAL (TYPE, UNLINK) ", key, " ", type_.type);
  }
  return "";
}

absl::Status CollectionRow::BuildInserts(const WriteRun& run,
                                         std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.max_ops = 1;
  grouping.sets_ttl = true;
  if (run.conflict == ConflictPolicy::kIgnore) grouping.interpret = &InterpretCount;
  if (run.conflict == ConflictPolicy::kError) grouping.interpret = &InterpretCountOrExists;
  auto append = [this, &run](const WriteOp& op, Command* command) {
    command->Arg(run.conflict == ConflictPolicy::kOverwrite ? "0" : "1");
    AppendTtl(run.ttl, command);
    command->Arg(type_.type).Arg(type_.add);
    return AppendContent(op.new_cells, command);
  };
  return AppendCommands(run, ScriptCommand(WithExpire(kInsertScript), run.key), grouping, append,
                        out);
}

absl::Status CollectionRow::BuildUpdates(const WriteRun& run,
                                         std::vector<PlannedWrite>* out) const {
  WriteGrouping grouping;
  grouping.max_ops = 1;
  grouping.sets_ttl = true;
  grouping.interpret = &InterpretEach;
  auto append = [this, &run](const WriteOp& op, Command* command) {
    const bool set = IsChanged(op, kElements) || (has_scores() && IsChanged(op, kScores));
    command->Arg(set ? "1" : "0");
    AppendTtl(run.ttl, command);
    command->Arg(type_.type).Arg(type_.add);
    return set ? AppendContent(op.new_cells, command) : absl::OkStatus();
  };
  return AppendCommands(run, MoveScriptCommand(WithExpire(kUpdateScript), run.key, run.new_key),
                        grouping, append, out);
}

// Members once each, where the last score counts, in the order in which they will be read.
void CollectionRow::ShowStored(absl::Span<Cell> parts, Arena* arena) const {
  if (!type_.unique || parts[kElements].is_null()) return;
  absl::Span<const Cell> elements = parts[kElements].list();
  absl::Span<const Cell> scores;
  if (has_scores() && !parts[kScores].is_null()) scores = parts[kScores].list();
  if (has_scores() && scores.size() != elements.size()) return;
  absl::flat_hash_map<absl::string_view, double> members;
  for (size_t i = 0; i < elements.size(); ++i) {
    const bool refused = elements[i].is_null() ||
                         (has_scores() && (scores[i].is_null() || std::isnan(scores[i].dbl())));
    if (refused) return;
    members[elements[i].bytes()] = has_scores() ? scores[i].dbl() : 0;
  }
  std::vector<std::pair<double, absl::string_view>> sorted;
  for (const auto& [member, score] : members) sorted.emplace_back(score, member);
  std::sort(sorted.begin(), sorted.end());
  absl::Span<Cell> stored = arena->AllocateCells(sorted.size());
  absl::Span<Cell> stored_scores = arena->AllocateCells(sorted.size());
  for (size_t i = 0; i < sorted.size(); ++i) {
    stored[i] = Cell::Bytes(sorted[i].second);
    stored_scores[i] = Cell::Double(sorted[i].first);
  }
  parts[kElements] = Cell::List(stored);
  if (has_scores()) parts[kScores] = Cell::List(stored_scores);
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Table>> BindCollectionRow(const TableDef& def,
                                                               const CollectionRowType& type) {
  return BindKeyTable(def, CollectionRow::Layout(type), true, [&type](Columns columns) {
    return std::make_unique<CollectionRow>(type, std::move(columns));
  });
}

}  // namespace redis_fdw
