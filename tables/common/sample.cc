#include "tables/common/sample.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "tables/common/fingerprints.h"

namespace redis_fdw {
namespace {

// Elements of a command: Redis picks so many in about a millisecond.
constexpr int64_t kPerCommand = 1000;
// Blocks that a sample consists of where it is large enough, and elements of a block.
constexpr int64_t kBlocks = 300;
constexpr int64_t kLargestBlock = 100;

int64_t DivideUp(int64_t a, int64_t b) { return (a + b - 1) / b; }

// How many commands that choose `each` elements of `size`, whatever others chose, come to `wanted`
// different ones. Not more than twice what would do if none were chosen twice.
int64_t CommandsFor(int64_t wanted, int64_t each, int64_t size) {
  const double left = 1 - static_cast<double>(wanted) / static_cast<double>(size);
  const double left_by_one = 1 - static_cast<double>(each) / static_cast<double>(size);
  const int64_t least = DivideUp(wanted, each);
  const double commands = std::ceil(std::log(left) / std::log(left_by_one) - 1e-9);
  return std::clamp(static_cast<int64_t>(commands), least, 2 * least);
}

class RandomSource : public StepSource {
 public:
  RandomSource(absl::string_view command, absl::string_view key, const char* rest,
               const ElementSample& sample, const ElementShape* shape, RowWriter* rows)
      : command_(command),
        key_(key),
        rest_(rest),
        wanted_(static_cast<size_t>(sample.wanted)),
        each_(std::min(sample.wanted, kPerCommand)),
        commands_(CommandsFor(sample.wanted, each_, sample.size)),
        shape_(shape),
        rows_(rows) {}

  State state() const override { return asked_ < commands_ ? State::kReady : State::kDone; }
  absl::StatusOr<Step> Next(const ServerInfo&) override {
    ++asked_;
    Step step{Command(command_), std::make_unique<Sink>(this)};
    step.command.Key(key_).ArgInt(each_);
    if (rest_ != nullptr) step.command.Arg(rest_);
    step.command.ReadOnly();
    return step;
  }
  bool Resume() override {
    asked_ = answered_;
    return true;
  }

 private:
  class Sink : public StepSink {
   public:
    explicit Sink(RandomSource* source)
        : StepSink(source->rows_), source_(source), reader_(source->shape_) {}

    absl::Status OnElement(const ReplyElement& element) override {
      if (element.depth == 1 && element.type == ReplyType::kBulk) {
        bool writes = reader_.Take(element.bytes) && source_->Takes(reader_.identity());
        return writes ? reader_.Write(rows()) : absl::OkStatus();
      }
      const bool is_array = element.depth == 0 && element.type == ReplyType::kArray;
      if (!is_array || element.integer % source_->shape_->parts != 0) {
        return UnexpectedReply(source_->command_);
      }
      return absl::OkStatus();
    }

   protected:
    absl::Status Finish() override {
      ++source_->answered_;
      return absl::OkStatus();
    }

   private:
    RandomSource* source_;
    ElementReader reader_;
  };

  bool Takes(absl::string_view identity) {
    return seen_.size() < wanted_ && seen_.Insert(identity);
  }

  const std::string command_;
  const absl::string_view key_;
  const char* const rest_;
  const size_t wanted_;
  const int64_t each_;
  const int64_t commands_;
  const ElementShape* shape_;
  RowWriter* rows_;
  int64_t asked_ = 0;
  int64_t answered_ = 0;
  Fingerprints seen_;
};

// So many steps of another source at most.
class FirstStepsSource : public StepSource {
 public:
  FirstStepsSource(std::unique_ptr<StepSource> source, int64_t steps)
      : source_(std::move(source)), left_(steps) {}

  State state() const override { return left_ == 0 ? State::kDone : source_->state(); }
  absl::StatusOr<Step> Next(const ServerInfo& server) override {
    --left_;
    return source_->Next(server);
  }

 private:
  std::unique_ptr<StepSource> source_;
  int64_t left_;
};

}  // namespace

uint64_t SampleRandom::Next() {
  state_ += 0x9e3779b97f4a7c15;
  uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  return mixed ^ (mixed >> 31);
}

double SampleRandom::Fraction() {
  return static_cast<double>(Next() >> 11) / static_cast<double>(uint64_t{1} << 53);
}

// That some numbers are more likely by some 2^-40 does no harm to a sample.
uint64_t SampleRandom::Below(uint64_t end) { return Next() % end; }

std::unique_ptr<StepSource> NewRandomSource(absl::string_view command, absl::string_view key,
                                            const char* rest, const ElementSample& sample,
                                            const ElementShape* shape, RowWriter* rows) {
  return std::make_unique<RandomSource>(command, key, rest, sample, shape, rows);
}

int64_t SampleBlockLength(int64_t wanted) {
  return std::clamp<int64_t>(DivideUp(wanted, kBlocks), 1, kLargestBlock);
}

std::vector<SampleBlock> ChooseBlocks(const ElementSample& sample) {
  const int64_t length = SampleBlockLength(sample.wanted);
  const int64_t blocks = DivideUp(sample.size, length);
  const int64_t chosen = sample.wanted / length;
  // Floyd's way to choose some of many: every choice is as likely, and no more numbers are drawn
  // than are chosen.
  SampleRandom random(sample.seed);
  absl::flat_hash_set<int64_t> numbers;
  for (int64_t last = blocks - chosen; last < blocks; ++last) {
    const auto number = static_cast<int64_t>(random.Below(static_cast<uint64_t>(last) + 1));
    if (!numbers.insert(number).second) numbers.insert(last);
  }
  std::vector<SampleBlock> list;
  for (int64_t number : numbers) {
    const int64_t start = number * length;
    list.push_back({start, std::min(length, sample.size - start)});
  }
  std::sort(list.begin(), list.end(),
            [](const SampleBlock& a, const SampleBlock& b) { return a.start < b.start; });
  return list;
}

std::unique_ptr<StepSource> NewBlockSource(const ElementSample& sample,
                                           std::function<Command(const SampleBlock&)> make,
                                           const ElementShape* shape, RowWriter* rows) {
  std::vector<SampleBlock> blocks = ChooseBlocks(sample);
  const size_t count = blocks.size();
  return std::make_unique<FixedSource>(
      count,
      [blocks = std::move(blocks), make = std::move(make), shape, rows](size_t i) {
        return SnapshotStep(make(blocks[i]), shape, rows, blocks[i].start);
      },
      kPipelinedLookups);
}

std::unique_ptr<StepSource> NewFirstPagesSource(CollectionCommands commands, absl::string_view key,
                                                const ElementSample& sample, RowWriter* rows) {
  ScanOptions options;
  options.mode = ScanMode::kCursor;
  options.fetch_size = std::min(sample.wanted, kPerCommand);
  return std::make_unique<FirstStepsSource>(
      NewCollectionSource(std::move(commands), key, options, rows),
      DivideUp(sample.wanted, options.fetch_size));
}

}  // namespace redis_fdw
