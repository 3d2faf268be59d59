#include "tables/stream/stream_pages.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/types/optional.h"
#include "core/base/status.h"
#include "tables/stream/entry_sink.h"

namespace redis_fdw {
namespace {

class PagesSource : public StepSource {
 public:
  PagesSource(const StreamElements* table, absl::string_view key, EntriesWanted wanted,
              RowWriter* rows)
      : table_(table),
        key_(key),
        wanted_(std::move(wanted)),
        rows_(rows),
        left_(wanted_.range),
        next_page_(wanted_.first_page),
        state_(left_.empty() ? State::kDone : State::kReady) {
    if (wanted_.grouped || !wanted_.text_bounds.empty()) {
      to_ask_ = Ask::kFirst;
    } else if (wanted_.descending) {
      end_known_ = true;  // nothing comes below the first entry
    }
  }

  State state() const override { return state_; }

  absl::StatusOr<Step> Next(const ServerInfo&) override {
    if (to_ask_ == Ask::kFirst) {
      to_ask_ = Ask::kLast;
      return AskFirst();
    }
    if (to_ask_ == Ask::kLast) {
      to_ask_ = Ask::kNothing;
      state_ = State::kWaiting;
      return AskLast();
    }
    if (any_ && !end_known_ && !asked_end_) {
      asked_end_ = true;
      return AskLast();
    }
    return NextPage();
  }

  bool Resume() override {
    asked_end_ = false;
    state_ = left_.empty() ? State::kDone : State::kReady;
    return true;
  }

 private:
  class PageSink;
  class IdSink;
  enum class Ask { kFirst, kLast, kNothing };

  static std::string LowText(const StreamId& id) {
    return id == StreamId::Least() ? "-" : id.ToString();
  }
  static std::string HighText(const StreamId& id) {
    return id == StreamId::Greatest() ? "+" : id.ToString();
  }

  Step AskFirst();
  Step AskLast();
  Step NextPage();

  absl::Status OnFirst(const absl::optional<StreamId>& id) {
    first_ = id;
    return absl::OkStatus();
  }
  absl::Status OnLast(const absl::optional<StreamId>& id);
  absl::Status GoOnBeyond(absl::string_view written, int64_t* group);

  const StreamElements* table_;
  const absl::string_view key_;
  const EntriesWanted wanted_;
  RowWriter* rows_;
  StreamIdRange left_;  // what is still to be read
  int64_t next_page_;
  State state_;
  Ask to_ask_ = Ask::kNothing;  // before the first page
  absl::optional<StreamId> first_;
  bool groups_are_ms_ = false;
  bool any_ = false;        // rows were written
  bool end_known_ = false;  // nothing that comes later is within left_
  bool asked_end_ = false;
};

// Takes the reply of XRANGE or XREVRANGE with COUNT 1 and passes the id on.
class PagesSource::IdSink : public StepSink {
 public:
  using OnId = absl::Status (PagesSource::*)(const absl::optional<StreamId>& id);
  IdSink(PagesSource* source, OnId on_id)
      : StepSink(source->rows_), source_(source), on_id_(on_id) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 0 && element.type != ReplyType::kArray) return UnexpectedReply("XRANGE");
    if (element.depth != 2 || element.index != 0) return absl::OkStatus();
    StreamId id;
    if (!ParseStreamId(element.bytes, &id)) return UnexpectedReply("XRANGE");
    id_ = id;
    return absl::OkStatus();
  }

 protected:
  absl::Status Finish() override { return (source_->*on_id_)(id_); }

 private:
  PagesSource* source_;
  const OnId on_id_;
  absl::optional<StreamId> id_;
};

class PagesSource::PageSink : public EntrySink {
 public:
  PageSink(PagesSource* source, int64_t count)
      : EntrySink(source->table_, source->rows_), source_(source), count_(count) {}

 protected:
  absl::Status OnEntry(absl::string_view id, int64_t* group) override {
    return source_->GoOnBeyond(id, group);
  }
  absl::Status Finish() override {
    const bool more = entries() == count_ && !source_->left_.empty();
    source_->state_ = more ? State::kReady : State::kDone;
    return absl::OkStatus();
  }

 private:
  PagesSource* source_;
  const int64_t count_;
};

Step PagesSource::AskFirst() {
  Step step{Command("XRANGE"), std::make_unique<IdSink>(this, &PagesSource::OnFirst)};
  step.command.Key(key_).Arg("-").Arg("+").Arg("COUNT").ArgInt(1).ReadOnly();
  return step;
}

Step PagesSource::AskLast() {
  Step step{Command("XREVRANGE"), std::make_unique<IdSink>(this, &PagesSource::OnLast)};
  step.command.Key(key_).Arg("+").Arg("-").Arg("COUNT").ArgInt(1).ReadOnly();
  return step;
}

Step PagesSource::NextPage() {
  const int64_t needed = rows_->needed();
  const int64_t count = needed < 0 ? next_page_ : std::min(wanted_.page, needed);
  next_page_ = std::min(wanted_.page, 2 * next_page_);
  const std::string low = LowText(left_.min);
  const std::string high = HighText(left_.max);
  Step step{Command(wanted_.descending ? "XREVRANGE" : "XRANGE"),
            std::make_unique<PageSink>(this, count)};
  step.command.Key(key_);
  step.command.Arg(wanted_.descending ? high : low).Arg(wanted_.descending ? low : high);
  step.command.Arg("COUNT").ArgInt(count).ReadOnly();
  state_ = State::kWaiting;
  return step;
}

// The last entry: the end of a scan that has begun, or with the first what there is before it
// begins.
absl::Status PagesSource::OnLast(const absl::optional<StreamId>& id) {
  end_known_ = true;
  if (any_) {
    // None: all that was there has gone, and what comes is new.
    Intersect(id.has_value() ? StreamIdRange{StreamId::Least(), *id} : StreamIdRange::Nothing(),
              &left_);
    return absl::OkStatus();
  }
  if (!first_.has_value() || !id.has_value()) {
    state_ = State::kDone;
    return absl::OkStatus();
  }
  Intersect({*first_, *id}, &left_);
  const int digits = DecimalDigits(first_->ms);
  if (digits == DecimalDigits(id->ms)) {
    groups_are_ms_ = wanted_.grouped;
    NarrowByText(wanted_.text_bounds, digits, &left_);
  }
  state_ = left_.empty() ? State::kDone : State::kReady;
  return absl::OkStatus();
}

absl::Status PagesSource::GoOnBeyond(absl::string_view written, int64_t* group) {
  StreamId id;
  if (!ParseStreamId(written, &id)) return UnexpectedReply("XRANGE");
  any_ = true;
  // Which group it is does not matter, only that it is another.
  if (wanted_.grouped) *group = groups_are_ms_ ? static_cast<int64_t>(id.ms) : 0;
  if (wanted_.descending ? id.Decrement() : id.Increment()) {
    (wanted_.descending ? left_.max : left_.min) = id;
  } else {
    left_ = StreamIdRange::Nothing();
  }
  return absl::OkStatus();
}

}  // namespace

std::unique_ptr<StepSource> NewPagesSource(const StreamElements* table, absl::string_view key,
                                           EntriesWanted wanted, RowWriter* rows) {
  wanted.page = std::max<int64_t>(wanted.page, 1);
  wanted.first_page = std::min(std::max<int64_t>(wanted.first_page, 1), wanted.page);
  return std::make_unique<PagesSource>(table, key, std::move(wanted), rows);
}

}  // namespace redis_fdw
