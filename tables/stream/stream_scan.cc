// Reading streams.

#include <algorithm>
#include <utility>

#include "absl/types/optional.h"
#include "core/base/status.h"
#include "pushdown/operands.h"
#include "tables/common/planning.h"
#include "tables/common/scan_driver.h"
#include "tables/stream/stream_id.h"
#include "tables/stream/stream_table.h"

namespace redis_fdw {
namespace {

// Takes the reply of XRANGE: an array of entries, each an array of an id and an array of fields and
// values in turn. An entry becomes a row when its last value has come; until then its values are
// here, since the batch may be changed in between.
class EntrySink : public StepSink {
 public:
  EntrySink(const StreamTable* table, RowWriter* rows)
      : StepSink(rows),
        table_(table),
        values_(table->columns().size()),
        cells_(table->columns().size()) {}

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
    Put(StreamTable::kId, element.bytes);
    next_guess_ = 1;
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
      column_ = ColumnOf(element.bytes);
    } else if (column_ >= 0 && cells_[static_cast<size_t>(column_)].is_null()) {
      Put(static_cast<size_t>(column_), element.bytes);
    }
    return --parts_left_ == 0 ? EndEntry() : absl::OkStatus();
  }

  // Entries mostly have their fields in the order of the columns, which spares the search.
  int ColumnOf(absl::string_view field) {
    int column = -1;
    if (next_guess_ < values_.size() && table_->field(next_guess_) == field) {
      column = static_cast<int>(next_guess_);
    } else {
      column = table_->ColumnOf(field);
    }
    if (column < 0) return -1;
    next_guess_ = static_cast<size_t>(column) + 1;
    return rows()->Uses(static_cast<size_t>(column)) ? column : -1;
  }

  void Put(size_t column, absl::string_view bytes) {
    values_[column].assign(bytes.data(), bytes.size());
    cells_[column] = Cell::Bytes(values_[column]);
  }

  absl::Status EndEntry() {
    ++entries_;
    rows()->Write(cells_);
    return OnEntry(values_[StreamTable::kId]);
  }

  const StreamTable* table_;
  std::vector<std::string> values_;  // by column
  std::vector<Cell> cells_;          // by column; views of values_
  int64_t parts_left_ = 0;
  int column_ = -1;        // of the field whose value comes next
  size_t next_guess_ = 1;  // the column whose field is expected next
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
  PagesSource(const StreamTable* table, int64_t page, RowWriter* rows)
      : table_(table), page_(std::max<int64_t>(page, 1)), rows_(rows) {}

  State state() const override { return state_; }

  absl::StatusOr<Step> Next(const ServerInfo&) override {
    if (any_ && !asked_last_) return AskLast();
    const std::string start = any_ ? next_->ToString() : "-";
    const std::string end = last_.has_value() ? last_->ToString() : "+";
    int64_t left = rows_->left();
    int64_t count = left < 0 ? page_ : std::min(page_, left);
    Step step{Command("XRANGE"), std::make_unique<PageSink>(this, count)};
    step.command.Key(table_->key()).Arg(start).Arg(end).Arg("COUNT").ArgInt(count).ReadOnly();
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
    step.command.Key(table_->key()).Arg("+").Arg("-").Arg("COUNT").ArgInt(1).ReadOnly();
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

  const StreamTable* table_;
  const int64_t page_;
  RowWriter* rows_;
  State state_ = State::kReady;
  bool any_ = false;               // rows were written
  absl::optional<StreamId> next_;  // the least id above them; none if there is none
  bool asked_last_ = false;
  absl::optional<StreamId> last_;  // the last entry's id, once known
};

std::unique_ptr<StepSource> NewLookupSource(const StreamTable* table,
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
      [table, rows, ids = std::move(ids)](size_t i) {
        Step step{Command("XRANGE"), std::make_unique<EntrySink>(table, rows)};
        step.command.Key(table->key()).Arg(ids[i]).Arg(ids[i]).ReadOnly();
        return step;
      },
      kPipelinedLookups);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Scan>> StreamTable::OpenScan(const ScanPlan& plan,
                                                            const ScanOptions& options,
                                                            Pipeline* pipeline) const {
  SourceFactory factory;
  if (plan.op == ScanOp::kLookup) {
    factory = [this, predicates = PredicatesOf(plan)](absl::Span<const Cell> params,
                                                      RowWriter* rows) {
      return NewLookupSource(this, ResolveKeys(predicates, kId, params), rows);
    };
  } else {
    factory = [this, page = options.fetch_size](absl::Span<const Cell>, RowWriter* rows) {
      return std::make_unique<PagesSource>(this, page, rows);
    };
  }
  return NewDrivenScan(*this, plan, std::move(factory), pipeline);
}

}  // namespace redis_fdw
