#include "tables/zset/zset_lex.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/types/optional.h"
#include "core/base/status.h"
#include "pushdown/glob.h"
#include "tables/common/script.h"
#include "tables/zset/zset_scan.h"
#include "tables/zset/zset_table.h"

namespace redis_fdw {
namespace {

// KEYS[1] the sorted set. ARGV: minimum and maximum as ZRANGEBYLEX takes them, how many members to
// bring, and "1" if their scores matter. Replies as ZSCAN does, with the last member as the cursor,
// or nil where no more are in the range. Nil alone if the scores differ, or if the user may not use
// these commands. 0 and -0 are equal where Redis sorts, but not where they are shown.
constexpr char kLexScript[] = R"lua(
local first = redis.pcall('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if first.err then return string.find(first.err, 'WRONGTYPE', 1, true) and first end
if not first[1] then return {false, {}} end
local score = first[2]
if redis.pcall('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2] ~= score then return false end
local members = redis.pcall('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
if members.err then return false end
local zero = tonumber(score) == 0 and ARGV[4] == '1'
local rows = {}
for i, member in ipairs(members) do
  if zero then score = redis.pcall('ZSCORE', KEYS[1], member) end
  if type(score) ~= 'string' then return false end
  rows[2 * i - 1] = member
  rows[2 * i] = score
end
return {#members == tonumber(ARGV[3]) and members[#members], rows}
)lua";

// How likely the scores of a set are equal whose members are asked for by range.
constexpr double kLexChance = 0.5;

int64_t LexPage(const ScanOptions& options, int64_t expected = -1) {
  return std::min(PageSize(options, expected), kMaxScriptRows);
}

// Narrows the range to what begins with `prefix`: up to the first string behind all of these, of
// which there is none if every byte is the greatest.
void NarrowToPrefix(absl::string_view prefix, BytesRange* range) {
  range->RaiseMin(prefix, false);
  std::string behind(prefix);
  while (!behind.empty() && behind.back() == '\xff') behind.pop_back();
  if (behind.empty()) return;
  behind.back() = static_cast<char>(static_cast<unsigned char>(behind.back()) + 1);
  range->LowerMax(behind, true);
}

class LexSource : public StepSource {
 public:
  LexSource(const BytesRange& range, CollectionCommands otherwise, absl::string_view key,
            const ScanOptions& options, RowWriter* rows)
      : min_(LexMin(range)),
        max_(LexMax(range)),
        otherwise_(std::move(otherwise)),
        key_(key),
        options_(options),
        rows_(rows),
        expected_(rows->needed() >= 0 ? rows->needed() : otherwise_.expected_rows),
        page_(LexPage(options, expected_)) {}

  State state() const override { return walk_ == nullptr ? state_ : walk_->state(); }
  absl::StatusOr<Step> Next(const ServerInfo& server) override;
  // What was written is the range up to the last member.
  bool Resume() override {
    if (walk_ != nullptr) return walk_->Resume();
    if (last_.has_value()) min_ = absl::StrCat("(", *last_);
    waits_for_end_ = false;
    state_ = State::kReady;
    return true;
  }

 private:
  class PageSink;

  // What a page begins with: its last member, if more may be in the range.
  void OnLast(absl::optional<absl::string_view> last) {
    if (!last.has_value()) {
      state_ = State::kDone;
      return;
    }
    min_ = absl::StrCat("(", *last);
    waits_for_end_ = enough_;
    if (!enough_) state_ = State::kReady;
  }
  void OnPageRead() {
    if (std::exchange(waits_for_end_, false)) state_ = State::kReady;
  }
  void OnMember(absl::string_view member) {
    last_ = std::string(member);
    (void)otherwise_.returned.Insert(member);
  }
  void Walk() { walk_ = NewCollectionSource(std::move(otherwise_), key_, options_, rows_); }

  std::string min_;  // of the next page
  const std::string max_;
  CollectionCommands otherwise_;
  absl::string_view key_;
  const ScanOptions options_;
  RowWriter* rows_;
  int64_t expected_;  // elements that will be taken; -1: all, or nobody knows any more
  int64_t page_;      // members of the next page
  State state_ = State::kReady;
  bool enough_ = false;               // no page may be needed after the one that is asked for
  bool waits_for_end_ = false;        // so the next is not asked for before that is read
  absl::optional<std::string> last_;  // written
  std::unique_ptr<StepSource> walk_;  // once the scores were not equal
};

class LexSource::PageSink : public StepSink {
 public:
  explicit PageSink(LexSource* source)
      : StepSink(source->rows_), source_(source), reader_(&kMemberAndScore) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 2 && element.type == ReplyType::kBulk) {
      if (!reader_.Take(element.bytes)) return absl::OkStatus();
      source_->OnMember(reader_.identity());
      return reader_.Write(rows());
    }
    const bool nil = element.type == ReplyType::kNil;
    if (element.depth == 0 && nil) {
      source_->Walk();
      return absl::OkStatus();
    }
    if (element.depth == 1 && element.index == 0 && (nil || element.type == ReplyType::kBulk)) {
      source_->OnLast(nil ? absl::optional<absl::string_view>() : element.bytes);
      return absl::OkStatus();
    }
    const bool array = element.type == ReplyType::kArray;
    const bool reply = element.depth == 0 && array && element.integer == 2;
    const bool page = element.depth == 1 && element.index == 1 && array && element.integer % 2 == 0;
    return reply || page ? absl::OkStatus() : UnexpectedReply("ZRANGEBYLEX");
  }

 protected:
  absl::Status Finish() override {
    source_->OnPageRead();
    return absl::OkStatus();
  }
  // Whoever may not use scripts, or has none, may still walk.
  absl::Status Fail(const absl::Status& error) override {
    const ErrorKind kind = GetErrorKind(error);
    if (kind != ErrorKind::kPermission && kind != ErrorKind::kUnsupported) return error;
    source_->Walk();
    return absl::OkStatus();
  }

 private:
  LexSource* source_;
  ElementReader reader_;
};

absl::StatusOr<Step> LexSource::Next(const ServerInfo& server) {
  if (walk_ != nullptr) return walk_->Next(server);
  Command command = ScriptCommand(kLexScript, key_);
  command.Arg(min_)
      .Arg(max_)
      .ArgInt(page_)
      .ArgInt(rows_->Uses(ZsetElements::kScore) ? 1 : 0)
      .ReadOnly();
  enough_ = expected_ >= 0 && expected_ <= page_;
  // Whoever expected few and takes more may take all.
  expected_ = rows_->needed();
  page_ = LexPage(options_);
  state_ = State::kWaiting;
  return Step{std::move(command), std::make_unique<PageSink>(this)};
}

}  // namespace

bool ResolveMemberRange(absl::Span<const Predicate> predicates, int column,
                        absl::Span<const Cell> params, BytesRange* range) {
  bool prefixed = false;
  for (const Predicate& predicate : predicates) {
    if (predicate.column != column || predicate.semantics != Semantics::kBytes) continue;
    if (predicate.op == CompareOp::kIn) continue;
    const absl::string_view operand = params[static_cast<size_t>(predicate.operand)].bytes();
    switch (predicate.op) {
      case CompareOp::kGt:
      case CompareOp::kGe:
        range->RaiseMin(operand, predicate.op == CompareOp::kGt);
        break;
      case CompareOp::kLt:
      case CompareOp::kLe:
        range->LowerMax(operand, predicate.op == CompareOp::kLt);
        break;
      case CompareOp::kLike:
      case CompareOp::kPrefix: {
        const std::string prefix =
            predicate.op == CompareOp::kLike ? PrefixOfLike(operand) : std::string(operand);
        if (!prefix.empty()) NarrowToPrefix(prefix, range);
        prefixed |= !prefix.empty();
        break;
      }
      case CompareOp::kEq:
        range->RaiseMin(operand, false);
        range->LowerMax(operand, false);
        break;
      case CompareOp::kIn:
        break;
    }
  }
  return prefixed || range->bounded();
}

std::string LexMin(const BytesRange& range) {
  if (!range.min.has_value()) return "-";
  return absl::StrCat(range.min_exclusive ? "(" : "[", *range.min);
}

std::string LexMax(const BytesRange& range) {
  if (!range.max.has_value()) return "+";
  return absl::StrCat(range.max_exclusive ? "(" : "[", *range.max);
}

std::unique_ptr<StepSource> NewLexSource(const BytesRange& range, CollectionCommands otherwise,
                                         absl::string_view key, const ScanOptions& options,
                                         RowWriter* rows) {
  return std::make_unique<LexSource>(range, std::move(otherwise), key, options, rows);
}

void CostLexRange(const ScanRequest& request, double rows, ScanPlan* walk) {
  ScanCost* cost = &walk->cost;
  // If the scores differ, the question was one round trip more.
  cost->startup += request.round_trip_cost * (1 - kLexChance);
  const double elements =
      kLexChance * rows * request.element_cost + (1 - kLexChance) * cost->rows * cost->per_row;
  cost->rows = kLexChance * rows + (1 - kLexChance) * cost->rows;
  cost->per_row = elements / cost->rows;
}

std::string DescribeLexPages(absl::string_view key, const ScanOptions& options,
                             absl::string_view narrowed) {
  return absl::StrCat("EVAL (ZRANGEBYLEX) ", key, " MIN MAX LIMIT 0 ", LexPage(options), " (",
                      narrowed, ", if that bounds members, while all scores are equal)");
}

}  // namespace redis_fdw
