#include "tables/common/sample_source.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/optional.h"
#include "core/base/status.h"
#include "core/exec/keyspace_walk.h"
#include "tables/common/fingerprints.h"
#include "tables/common/sample.h"
#include "tables/common/scan_page.h"

namespace redis_fdw {
namespace {

// Keys that a page of SCAN looks at.
constexpr int64_t kPage = 1000;
// Keys that are looked at, for each that is wanted and at least, before a table is taken to have
// few.
constexpr int64_t kLookedAtPerRow = 10;
constexpr int64_t kLookedAtLeast = 100000;
// Keys whose elements are the sample. More would cost commands and tell hardly more.
constexpr int64_t kKeysOfElements = 10000;

// An integer reply; 0 where it is an error of the kind that does no harm.
class IntegerSink : public StepSink {
 public:
  using Take = std::function<void(int64_t value)>;
  IntegerSink(absl::string_view command, absl::optional<ErrorKind> harmless, RowWriter* rows,
              Take take)
      : StepSink(rows), command_(command), harmless_(harmless), take_(std::move(take)) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth != 0 || element.type != ReplyType::kInteger) return UnexpectedReply(command_);
    value_ = element.integer;
    return absl::OkStatus();
  }

 protected:
  absl::Status Finish() override {
    take_(value_);
    return absl::OkStatus();
  }
  absl::Status Fail(const absl::Status& error) override {
    if (!harmless_.has_value() || GetErrorKind(error) != *harmless_) return error;
    take_(0);
    return absl::OkStatus();
  }

 private:
  const absl::string_view command_;
  const absl::optional<ErrorKind> harmless_;
  Take take_;
  int64_t value_ = 0;
};

class SampleSource : public StepSource {
 public:
  SampleSource(SampleReading* reading, RowWriter* rows)
      : reading_(*reading), rows_(rows), random_(reading->seed) {
    reading_.total_rows = -1;
    open_key_.open = [this](absl::string_view key, absl::Span<const Cell> params, RowWriter* out) {
      return OpenKey(key, params, out);
    };
    open_key_.naming = reading_.keys.naming;
    open_key_.elements = &elements();
    open_key_.access = reading_.keys.access;
    open_key_.page = kPage;
    open_key_.pipeline = reading_.keys.pipeline;
    if (many()) {
      walk_.emplace(reading_.keys.pipeline);
      return;
    }
    keys_.push_back(reading_.keys.naming->pattern.literal());
    FoundKeys();
  }

  State state() const override {
    switch (phase_) {
      case Phase::kCountKeys:
        return counted_ < shards_.size() || shards_.empty() ? State::kReady : State::kWaiting;
      case Phase::kFindKeys:
        return MayAskForPage() ? State::kReady : State::kWaiting;
      case Phase::kAskSizes:
        return asked_ < keys_.size() ? State::kReady : State::kWaiting;
      case Phase::kRead:
        break;
    }
    return source_->state();
  }

  absl::StatusOr<Step> Next(const ServerInfo& server) override {
    server_ = server;
    switch (phase_) {
      case Phase::kCountKeys:
        return shards_.empty() ? FindShards() : CountKeys();
      case Phase::kFindKeys:
        return NextPage();
      case Phase::kAskSizes:
        return AskSize();
      case Phase::kRead:
        break;
    }
    return source_->Next(server);
  }

  size_t window() const override { return kPipelinedLookups; }
  bool Resume() override { return source_ != nullptr && source_->Resume(); }

 private:
  enum class Phase { kCountKeys, kFindKeys, kAskSizes, kRead };

  const Elements& elements() const { return *reading_.keys.elements; }
  bool many() const { return reading_.keys.access != KeyAccess::kOne; }
  int64_t keys_wanted() const {
    return elements().row_is_key() ? reading_.rows : std::min(reading_.rows, kKeysOfElements);
  }

  // What is known of a primary.
  struct Found {
    int node;
    int64_t in_database = 0;        // keys
    int64_t looked_at = 0;          // of these
    int64_t found = 0;              // of the table
    std::vector<std::string> keys;  // some of those
    bool complete = false;

    // How many of the table's keys it has: of the keys that were not looked at as many are the
    // table's.
    double in_table() const {
      const double there = static_cast<double>(in_database);
      const double scale = there / static_cast<double>(std::max<int64_t>(looked_at, 1));
      return static_cast<double>(found) * (complete ? 1.0 : std::max(1.0, scale));
    }
  };

  // The walk looks at the keyspace before anything else.
  absl::StatusOr<Step> FindShards() {
    RETURN_IF_ERROR(walk_->Next().status());
    for (const Shard& shard : walk_->keyspace().shards) {
      shards_.emplace_back();
      shards_.back().node = shard.node;
    }
    return Step{Command(""), nullptr};
  }

  Step CountKeys() {
    Found* shard = &shards_[counted_++];
    ++in_flight_;
    auto take = [this, shard](int64_t keys) {
      shard->in_database = keys;
      if (--in_flight_ == 0 && counted_ == shards_.size()) phase_ = Phase::kFindKeys;
    };
    // Who may not ask gets an estimate that is too low.
    Step step{Command("DBSIZE"),
              std::make_unique<IntegerSink>("DBSIZE", ErrorKind::kPermission, rows_, take)};
    step.command.ReadOnly().ToNode(shard->node);
    return step;
  }

  class PageSink : public StepSink {
   public:
    PageSink(SampleSource* source, KeyspaceWalk::Page page)
        : StepSink(source->rows_),
          source_(source),
          page_(std::move(page)),
          shard_(source->ShardOf(page_.node)) {}

    absl::Status OnElement(const ReplyElement& element) override {
      return TakeScanPage(
          element,
          [this](absl::string_view cursor) {
            source_->walk_->OnCursor(page_, cursor);
            last_ = cursor == "0";
          },
          [this](absl::string_view key) { source_->OnKey(key, shard_); });
    }

   protected:
    absl::Status Finish() override {
      source_->walk_->OnEnd(page_);
      shard_->looked_at += kPage;
      shard_->complete = last_;
      source_->OnPage();
      return absl::OkStatus();
    }

   private:
    SampleSource* source_;
    const KeyspaceWalk::Page page_;
    Found* shard_;
    bool last_ = false;
  };

  Found* ShardOf(int node) {
    for (Found& shard : shards_) {
      if (shard.node == node) return &shard;
    }
    return &shards_.front();  // that of a node that was not there when it began
  }

  // Pages come in rounds, one of each shard that has more; none is asked for that may not be
  // needed.
  bool MayAskForPage() const {
    if (walk_->state() != KeyspaceWalk::State::kReady) return false;
    const auto open = std::count_if(shards_.begin(), shards_.end(),
                                    [](const Found& shard) { return !shard.complete; });
    return in_round_ < open;
  }

  absl::StatusOr<Step> NextPage() {
    ASSIGN_OR_RETURN(absl::optional<KeyspaceWalk::Page> page, walk_->Next());
    if (!page.has_value()) return Step{Command(""), nullptr};
    ++in_flight_;
    ++in_round_;
    Command command = page->command;
    const std::string& glob = reading_.keys.naming->pattern.glob();
    if (glob != "*") command.Arg("MATCH").Arg(glob);
    command.Arg("COUNT").ArgInt(kPage).Arg("TYPE").Arg(elements().redis_type()).ReadOnly();
    return Step{std::move(command), std::make_unique<PageSink>(this, *std::move(page))};
  }

  void OnKey(absl::string_view key, Found* shard) {
    if (!reading_.keys.naming->pattern.Matches(key) || !seen_.Insert(key)) return;
    ++shard->found;
    if (static_cast<int64_t>(shard->keys.size()) < keys_wanted()) shard->keys.emplace_back(key);
  }

  void OnPage() {
    if (--in_flight_ > 0) return;
    in_round_ = 0;
    keys_in_table_ = 0;
    int64_t looked_at = 0;
    for (const Found& shard : shards_) {
      keys_in_table_ += shard.in_table();
      looked_at += shard.looked_at;
    }
    const bool complete = std::all_of(shards_.begin(), shards_.end(),
                                      [](const Found& shard) { return shard.complete; });
    const bool enough = looked_at >= std::max(kLookedAtLeast, reading_.rows * kLookedAtPerRow);
    if (!complete && !enough && !HaveShares()) return;
    ChooseKeys();
    FoundKeys();
  }

  // How many keys of the sample a shard has: in proportion to those that it has in all.
  int64_t ShareOf(const Found& shard) const {
    if (keys_in_table_ == 0) return 0;
    const double share = static_cast<double>(keys_wanted()) * (shard.in_table() / keys_in_table_);
    return std::min(keys_wanted(), static_cast<int64_t>(std::ceil(share)));
  }
  bool HaveShares() const {
    int64_t sum = 0;
    for (const Found& shard : shards_) {
      const auto found = static_cast<int64_t>(shard.keys.size());
      if (!shard.complete && found < ShareOf(shard)) return false;
      sum += found;
    }
    return sum >= keys_wanted();
  }

  // Takes the shares, and makes up for what some shards have not got from the others.
  void ChooseKeys() {
    const auto wanted = static_cast<size_t>(keys_wanted());
    std::vector<std::string> others;
    for (Found& shard : shards_) {
      const auto share = static_cast<size_t>(ShareOf(shard));
      for (size_t i = 0; i < shard.keys.size(); ++i) {
        const bool taken = i < share && keys_.size() < wanted;
        (taken ? keys_ : others).push_back(std::move(shard.keys[i]));
      }
      shard.keys.clear();
    }
    for (size_t i = 0; i < others.size() && keys_.size() < wanted; ++i) {
      keys_.push_back(std::move(others[i]));
    }
  }

  void FoundKeys() {
    if (elements().row_is_key()) {
      if (many()) reading_.total_rows = keys_in_table_;
      BeginReading();
    } else if (keys_.empty()) {
      reading_.total_rows = 0;
      BeginReading();
    } else {
      phase_ = Phase::kAskSizes;
    }
  }

  Step AskSize() {
    sizes_.resize(keys_.size());
    const size_t i = asked_++;
    auto take = [this, i](int64_t size) {
      sizes_[i] = size;
      if (++answered_ == keys_.size()) ShareOut();
    };
    // One of many keys may have turned into another type meanwhile.
    absl::optional<ErrorKind> harmless;
    if (many()) harmless = ErrorKind::kWrongType;
    const char* name = elements().size_command();
    Step step{Command(name), std::make_unique<IntegerSink>(name, harmless, rows_, take)};
    step.command.Key(keys_[i]).ReadOnly();
    return step;
  }

  // Says how many rows each key gives, and begins to read.
  void ShareOut() {
    double sum = 0;
    for (int64_t size : sizes_) sum += static_cast<double>(size);
    const double keys = static_cast<double>(keys_.size());
    reading_.total_rows = many() ? sum / keys * keys_in_table_ : sum;
    const double share = static_cast<double>(reading_.rows) / sum;
    std::vector<std::string> giving;
    for (size_t i = 0; i < keys_.size(); ++i) {
      if (sizes_[i] == 0) continue;
      if (share < 1) {
        // Rounded up or down by chance, so that small keys are not left out.
        const double exact = share * static_cast<double>(sizes_[i]);
        const auto wanted = static_cast<int64_t>(exact + random_.Fraction());
        if (wanted == 0) continue;
        if (wanted < sizes_[i]) {
          samples_[keys_[i]] = {wanted, sizes_[i], random_.Next(), nullptr};
        }
      }
      giving.push_back(std::move(keys_[i]));
    }
    keys_ = std::move(giving);
    BeginReading();
  }

  void BeginReading() {
    phase_ = Phase::kRead;
    source_ = NewKeysSource(&open_key_, "", std::move(keys_), {}, rows_);
  }

  std::unique_ptr<StepSource> OpenKey(absl::string_view key, absl::Span<const Cell> params,
                                      RowWriter* rows) {
    auto found = samples_.find(key);
    if (found == samples_.end()) return reading_.keys.open(key, params, rows);
    found->second.server = &server_;
    return elements().OpenSample(key, found->second, rows);
  }

  SampleReading& reading_;
  RowWriter* rows_;
  SampleRandom random_;
  KeysReading open_key_;  // reads keys as OpenKey() says
  ServerInfo server_;
  Phase phase_ = Phase::kCountKeys;
  int in_flight_ = 0;  // of the phases that find keys

  absl::optional<KeyspaceWalk> walk_;  // where there are many keys
  std::vector<Found> shards_;
  size_t counted_ = 0;    // of these
  int64_t in_round_ = 0;  // pages asked for
  Fingerprints seen_;
  std::vector<std::string> keys_;  // of the sample
  double keys_in_table_ = 1;

  size_t asked_ = 0;
  size_t answered_ = 0;
  std::vector<int64_t> sizes_;                               // of keys_
  absl::flat_hash_map<std::string, ElementSample> samples_;  // of those that are not read whole
  std::unique_ptr<StepSource> source_;
};

}  // namespace

std::unique_ptr<StepSource> NewSampleSource(SampleReading* reading, RowWriter* rows) {
  return std::make_unique<SampleSource>(reading, rows);
}

}  // namespace redis_fdw
