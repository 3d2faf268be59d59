// Reading streams.

#include <algorithm>
#include <utility>

#include "absl/types/optional.h"
#include "core/base/status.h"
#include "pushdown/operands.h"
#include "pushdown/stream_id.h"
#include "tables/common/planning.h"
#include "tables/common/step_source.h"
#include "tables/stream/stream_table.h"

namespace redis_fdw {
namespace {

// Takes the reply of XRANGE: an array of entries, each an array of an id and an array of fields and
// values in turn. An entry becomes a row when its last value has come; until then its values are
// here, since the batch may be changed in between.
class EntrySink : public StepSink {
 public:
  EntrySink(const StreamElements* table, RowWriter* rows)
      : StepSink(rows),
        table_(table),
        values_(table->columns().parts()),
        cells_(table->columns().parts()) {}

  absl::Status OnElement(const ReplyElement& element) override {
    switch (element.depth) {
      case 0:
        if (element.type != ReplyType::kArray) return UnexpectedReply("XRANGE");
        return absl::OkStatus();
      case 1:
        if (element.type != ReplyType::kArray || element.integer != 2) {
          return UnexpectedReply("XRANGE");
        }
        return absl::OkStatus();
      case 2:
        return element.index == 0 ? BeginEntry(element) : BeginFields(element);
      default:
        if (element.type != ReplyType::kBulk) return UnexpectedReply("XRANGE");
        return AddPart(element);
    }
  }

  int64_t entries() const { return entries_; }

 protected:
  // An entry is complete. Its id is `id`.
  virtual absl::Status OnEntry(absl::string_view /*id*/) { return absl::OkStatus(); }

 private:
  absl::Status BeginEntry(const ReplyElement& element) {
    if (element.type != ReplyType::kBulk) return UnexpectedReply("XRANGE");
    for (Cell& cell : cells_) cell = Cell::Null();
    rest_.clear();
    Put(StreamElements::kId, element.bytes);
    next_guess_ = table_->columns().first_field;
    return absl::OkStatus();
  }

  absl::Status BeginFields(const ReplyElement& element) {
    if (element.type != ReplyType::kArray || element.integer % 2 != 0) {
      return UnexpectedReply("XRANGE");
    }
    parts_left_ = element.integer;
    return parts_left_ == 0 ? EndEntry() : absl::OkStatus();
  }

  absl::Status AddPart(const ReplyElement& element) {
    if (element.index % 2 == 0) {
      part_ = PartOf(element.bytes);
      if (part_ >= 0 && part_ == table_->columns().rest_part) rest_.emplace_back(element.bytes);
    } else if (part_ >= 0 && part_ == table_->columns().rest_part) {
      rest_.emplace_back(element.bytes);
    } else if (part_ >= 0 && cells_[static_cast<size_t>(part_)].is_null()) {
      Put(static_cast<size_t>(part_), element.bytes);
    }
    return --parts_left_ == 0 ? EndEntry() : absl::OkStatus();
  }

  // Entries mostly have their fields in the order of the columns, which spares the search.
  int PartOf(absl::string_view field) {
    const Columns& columns = table_->columns();
    int part = -1;
    if (next_guess_ < columns.parts() && static_cast<int>(next_guess_) != columns.rest_part &&
        columns.fields[next_guess_] == field) {
      part = static_cast<int>(next_guess_);
    } else {
      part = table_->PartOf(field);
    }
    if (part < 0) return -1;
    if (part != columns.rest_part) next_guess_ = static_cast<size_t>(part) + 1;
    return rows()->Uses(part) ? part : -1;
  }

  void Put(size_t part, absl::string_view bytes) {
    values_[part].assign(bytes.data(), bytes.size());
    cells_[part] = Cell::Bytes(values_[part]);
  }

  absl::Status EndEntry() {
    ++entries_;
    const int rest = table_->columns().rest_part;
    if (rest >= 0) {
      rest_cells_.clear();
      for (const std::string& part : rest_) rest_cells_.push_back(Cell::Bytes(part));
      cells_[static_cast<size_t>(rest)] = Cell::List(rest_cells_);
    }
    rows()->Write(cells_);
    return OnEntry(values_[StreamElements::kId]);
  }

  const StreamElements* table_;
  std::vector<std::string> values_;  // by part
  std::vector<Cell> cells_;          // by part; views of values_ and rest_cells_
  std::vector<std::string> rest_;    // names and values in turn
  std::vector<Cell> rest_cells_;
  int64_t parts_left_ = 0;
  int part_ = -1;          // of the field whose value comes next
  size_t next_guess_ = 1;  // the part whose field is expected next
  int64_t entries_ = 0;
};

// Takes the reply of XREVRANGE + - COUNT 1: the id of the last entry.
class LastIdSink : public StepSink {
 public:
  LastIdSink(RowWriter* rows, absl::optional<StreamId>* last) : StepSink(rows), last_(last) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth != 2 || element.index != 0) return absl::OkStatus();
    StreamId id;
    if (!ParseStreamId(element.bytes, &id)) return UnexpectedReply("XREVRANGE");
    *last_ = id;
    return absl::OkStatus();
  }

 private:
  absl::optional<StreamId>* last_;
};

// XRANGE in pages, up to the entry that was the last when the second page was asked for: a scan
// whose own rows make a stream grow, by a trigger say, would otherwise never end.
class PagesSource : public StepSource {
 public:
  PagesSource(const StreamElements* table, absl::string_view key, int64_t page, RowWriter* rows)
      : table_(table), key_(key), page_(std::max<int64_t>(page, 1)), rows_(rows) {}

  State state() const override { return state_; }

  absl::StatusOr<Step> Next(const ServerInfo&) override {
    if (any_ && !asked_last_) return AskLast();
    const std::string start = any_ ? next_->ToString() : "-";
    const std::string end = last_.has_value() ? last_->ToString() : "+";
    int64_t left = rows_->left();
    int64_t count = left < 0 ? page_ : std::min(page_, left);
    Step step{Command("XRANGE"), std::make_unique<PageSink>(this, count)};
    step.command.Key(key_).Arg(start).Arg(end).Arg("COUNT").ArgInt(count).ReadOnly();
    state_ = State::kWaiting;
    return step;
  }

  bool Resume() override {
    asked_last_ = last_.has_value();
    state_ = !any_ || next_.has_value() ? State::kReady : State::kDone;
    return true;
  }

 private:
  class PageSink : public EntrySink {
   public:
    PageSink(PagesSource* source, int64_t count)
        : EntrySink(source->table_, source->rows_), source_(source), count_(count) {}

   protected:
    absl::Status OnEntry(absl::string_view id) override { return source_->GoOnAfter(id); }
    absl::Status Finish() override {
      bool more = entries() == count_ && source_->MayHoldMore();
      source_->state_ = more ? State::kReady : State::kDone;
      return absl::OkStatus();
    }

   private:
    PagesSource* source_;
    const int64_t count_;
  };

  // In the same round trip as the page that follows it, whose end is open.
  Step AskLast() {
    asked_last_ = true;
    Step step{Command("XREVRANGE"), std::make_unique<LastIdSink>(rows_, &last_)};
    step.command.Key(key_).Arg("+").Arg("-").Arg("COUNT").ArgInt(1).ReadOnly();
    return step;
  }

  bool MayHoldMore() const {
    return next_.has_value() && (!last_.has_value() || !(*last_ < *next_));
  }

  absl::Status GoOnAfter(absl::string_view written) {
    StreamId id;
    if (!ParseStreamId(written, &id)) return UnexpectedReply("XRANGE");
    any_ = true;
    next_ = id.Increment() ? absl::make_optional(id) : absl::nullopt;
    return absl::OkStatus();
  }

  const StreamElements* table_;
  const absl::string_view key_;
  const int64_t page_;
  RowWriter* rows_;
  State state_ = State::kReady;
  bool any_ = false;               // rows were written
  absl::optional<StreamId> next_;  // the least id above them; none if there is none
  bool asked_last_ = false;
  absl::optional<StreamId> last_;  // the last entry's id, once known
};

std::unique_ptr<StepSource> NewLookupSource(const StreamElements* table, absl::string_view key,
                                            absl::Span<const absl::string_view> wanted,
                                            RowWriter* rows) {
  std::vector<absl::string_view> ids;
  for (absl::string_view text : wanted) {
    StreamId id;
    if (ParseStreamId(text, &id)) ids.push_back(text);
  }
  size_t count = ids.size();
  return std::make_unique<FixedSource>(
      count,
      [table, key, rows, ids = std::move(ids)](size_t i) {
        Step step{Command("XRANGE"), std::make_unique<EntrySink>(table, rows)};
        step.command.Key(key).Arg(ids[i]).Arg(ids[i]).ReadOnly();
        return step;
      },
      kPipelinedLookups);
}

}  // namespace

ElementSourceFactory StreamElements::Open(const ScanPlan& plan, const ScanOptions& options) const {
  if (plan.op == ScanOp::kLookup) {
    return [this, predicates = PredicatesOf(plan)](absl::string_view key,
                                                   absl::Span<const Cell> params, RowWriter* rows) {
      return NewLookupSource(this, key, ResolveKeys(predicates, kId, params), rows);
    };
  }
  return [this, page = options.fetch_size](absl::string_view key, absl::Span<const Cell>,
                                           RowWriter* rows) {
    return std::make_unique<PagesSource>(this, key, page, rows);
  };
}

}  // namespace redis_fdw
