// Looking for elements of lists.

#include <limits>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "core/base/status.h"
#include "tables/common/positions.h"
#include "tables/list/list_scan.h"

namespace redis_fdw {
namespace {

// https://redis.io/commands/lpos/
bool HasLpos(const ServerInfo& server) { return server.redis_version >= 60006; }

bool IsAll(const IntRange& range) {
  return range.min <= 0 && range.max == std::numeric_limits<int64_t>::max();
}

class ElementsSource : public StepSource {
 public:
  ElementsSource(absl::string_view key, std::vector<absl::string_view> elements,
                 const IntRange& range, RowWriter* rows)
      : key_(key), elements_(std::move(elements)), range_(range), rows_(rows) {}

  State state() const override { return next_ < elements_.size() ? State::kReady : State::kDone; }
  absl::StatusOr<Step> Next(const ServerInfo& server) override;
  size_t window() const override { return kPipelinedLookups; }

 private:
  class IndexesSink;
  class ListSink;

  absl::string_view key_;
  const std::vector<absl::string_view> elements_;
  const IntRange range_;
  RowWriter* rows_;
  size_t next_ = 0;
};

// The indexes of an element.
class ElementsSource::IndexesSink : public StepSink {
 public:
  IndexesSink(absl::string_view element, const IntRange& range, RowWriter* rows)
      : StepSink(rows), element_(element), range_(range) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 0) {
      const bool indexes = element.type == ReplyType::kArray || element.type == ReplyType::kNil;
      return indexes ? absl::OkStatus() : UnexpectedReply("LPOS");
    }
    if (element.type != ReplyType::kInteger) return UnexpectedReply("LPOS");
    const bool within = element.integer >= range_.min && element.integer <= range_.max;
    return within ? WriteIndexed(element_, element.integer, rows()) : absl::OkStatus();
  }

 private:
  const absl::string_view element_;
  const IntRange range_;
};

// Elements from a position on, of which some are wanted.
class ElementsSource::ListSink : public StepSink {
 public:
  ListSink(absl::Span<const absl::string_view> wanted, int64_t first, RowWriter* rows)
      : StepSink(rows), wanted_(wanted.begin(), wanted.end()), first_(first) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 1 && element.type == ReplyType::kBulk) {
      if (!wanted_.contains(element.bytes)) return absl::OkStatus();
      return WriteIndexed(element.bytes, first_ + element.index, rows());
    }
    const bool is_array = element.depth == 0 && element.type == ReplyType::kArray;
    return is_array ? absl::OkStatus() : UnexpectedReply("LRANGE");
  }

 private:
  const absl::flat_hash_set<absl::string_view> wanted_;
  const int64_t first_;
};

absl::StatusOr<Step> ElementsSource::Next(const ServerInfo& server) {
  if (!HasLpos(server)) {
    next_ = elements_.size();
    const Positions positions = PositionsOf(range_, RowWindow());
    Step step{Command("LRANGE"), std::make_unique<ListSink>(elements_, positions.first, rows_)};
    step.command.Key(key_).ArgInt(positions.first).ArgInt(positions.last).ReadOnly();
    return step;
  }
  const absl::string_view element = elements_[next_++];
  // Each of them may have all that are wanted; indexes that are not in the range are not among
  // those.
  const int64_t count = IsAll(range_) && rows_->needed() > 0 ? rows_->needed() : 0;
  Step step{Command("LPOS"), std::make_unique<IndexesSink>(element, range_, rows_)};
  step.command.Key(key_).Arg(element).Arg("COUNT").ArgInt(count).ReadOnly();
  return step;
}

}  // namespace

std::unique_ptr<StepSource> NewElementsSource(absl::string_view key,
                                              std::vector<absl::string_view> elements,
                                              const IntRange& range, RowWriter* rows) {
  if (!MayHold(range)) elements.clear();
  return std::make_unique<ElementsSource>(key, std::move(elements), range, rows);
}

}  // namespace redis_fdw
