// Reading some entries of a stream.

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/types/optional.h"
#include "core/base/status.h"
#include "pushdown/stream_id.h"
#include "tables/common/sample.h"
#include "tables/stream/entry_sink.h"
#include "tables/stream/stream_table.h"

namespace redis_fdw {
namespace {

// Entries of a command at most.
constexpr int64_t kPerCommand = 1000;

// Takes the id of the one entry that is asked for.
class IdSink : public StepSink {
 public:
  IdSink(RowWriter* rows, absl::optional<StreamId>* id) : StepSink(rows), id_(id) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth != 2 || element.index != 0) return absl::OkStatus();
    StreamId id;
    if (!ParseStreamId(element.bytes, &id)) return UnexpectedReply("XRANGE");
    *id_ = id;
    return absl::OkStatus();
  }

 private:
  absl::optional<StreamId>* id_;
};

// Asks for the first entry and the last, and then for some entries behind each of the points that
// divide what is between them.
class StreamSample : public StepSource {
 public:
  StreamSample(const StreamElements* table, absl::string_view key, const ElementSample& sample,
               RowWriter* rows)
      : table_(table), key_(key), wanted_(sample.wanted), random_(sample.seed), rows_(rows) {}

  State state() const override {
    if (asked_ < 2) return State::kReady;
    if (answered_ < 2) return State::kWaiting;
    return next_ < points_.size() ? State::kReady : State::kDone;
  }

  absl::StatusOr<Step> Next(const ServerInfo&) override {
    if (asked_ < 2) return AskEnd(asked_++ == 0);
    const bool last = next_ + 1 == points_.size();
    StreamId end = *last_;
    if (!last) {
      end = points_[next_ + 1];
      end.Decrement();
    }
    Step step{Command("XRANGE"), std::make_unique<EntrySink>(table_, rows_)};
    step.command.Key(key_).Arg(points_[next_].ToString()).Arg(end.ToString());
    step.command.Arg("COUNT").ArgInt(page_).ReadOnly();
    ++next_;
    return step;
  }

 private:
  class EndSink : public IdSink {
   public:
    EndSink(StreamSample* source, absl::optional<StreamId>* id)
        : IdSink(source->rows_, id), source_(source) {}

   protected:
    absl::Status Finish() override {
      if (++source_->answered_ == 2) source_->ChoosePoints();
      return absl::OkStatus();
    }

   private:
    StreamSample* source_;
  };

  Step AskEnd(bool first) {
    const char* command = first ? "XRANGE" : "XREVRANGE";
    Step step{Command(command), std::make_unique<EndSink>(this, first ? &first_ : &last_)};
    step.command.Key(key_).Arg(first ? "-" : "+").Arg(first ? "+" : "-");
    step.command.Arg("COUNT").ArgInt(1).ReadOnly();
    return step;
  }

  // One in each of as many equal parts. What came in one millisecond is divided by its numbers.
  void ChoosePoints() {
    if (!first_.has_value() || !last_.has_value() || *last_ < *first_) return;
    const bool by_time = first_->ms < last_->ms;
    const uint64_t low = by_time ? first_->ms : first_->seq;
    const uint64_t high = by_time ? last_->ms : last_->seq;
    const int64_t parts = wanted_ / SampleBlockLength(wanted_);
    const double span = static_cast<double>(high - low) + 1;
    for (int64_t i = 0; i < parts; ++i) {
      const double at =
          (static_cast<double>(i) + random_.Fraction()) / static_cast<double>(parts) * span;
      const uint64_t number = std::min(high, low + static_cast<uint64_t>(at));
      const StreamId point = by_time ? StreamId{number, 0} : StreamId{first_->ms, number};
      if (points_.empty() || points_.back() < point) points_.push_back(point);
    }
    page_ = std::min(kPerCommand, wanted_ / static_cast<int64_t>(points_.size()));
  }

  const StreamElements* table_;
  const absl::string_view key_;
  const int64_t wanted_;
  SampleRandom random_;
  RowWriter* rows_;
  int asked_ = 0;     // of the two ends
  int answered_ = 0;  // of them
  absl::optional<StreamId> first_;
  absl::optional<StreamId> last_;
  std::vector<StreamId> points_;  // ascending
  int64_t page_ = 0;
  size_t next_ = 0;
};

}  // namespace

std::unique_ptr<StepSource> StreamElements::OpenSample(absl::string_view key,
                                                       const ElementSample& sample,
                                                       RowWriter* rows) const {
  return std::make_unique<StreamSample>(this, key, sample, rows);
}

}  // namespace redis_fdw
