#include "tables/common/sample_source.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/optional.h"
#include "core/base/status.h"
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
    if (many()) return;
    keys_.push_back(reading_.keys.naming->pattern.literal());
    FoundKeys();
  }

  State state() const override {
    switch (phase_) {
      case Phase::kCountKeys:
      case Phase::kFindKeys:
        return in_flight_ > 0 ? State::kWaiting : State::kReady;
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
        return CountKeys();
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

  Step CountKeys() {
    ++in_flight_;
    auto take = [this](int64_t keys) {
      --in_flight_;
      keys_in_database_ = keys;
      phase_ = Phase::kFindKeys;
    };
    // Who may not ask gets an estimate that is too low.
    Step step{Command("DBSIZE"),
              std::make_unique<IntegerSink>("DBSIZE", ErrorKind::kPermission, rows_, take)};
    step.command.ReadOnly();
    return step;
  }

  class PageSink : public StepSink {
   public:
    explicit PageSink(SampleSource* source) : StepSink(source->rows_), source_(source) {}

    absl::Status OnElement(const ReplyElement& element) override {
      return TakeScanPage(
          element, [this](absl::string_view cursor) { source_->cursor_ = std::string(cursor); },
          [this](absl::string_view key) { source_->OnKey(key); });
    }

   protected:
    absl::Status Finish() override {
      source_->OnPage();
      return absl::OkStatus();
    }

   private:
    SampleSource* source_;
  };

  Step NextPage() {
    ++in_flight_;
    Command command("SCAN");
    command.Arg(cursor_);
    const std::string& glob = reading_.keys.naming->pattern.glob();
    if (glob != "*") command.Arg("MATCH").Arg(glob);
    command.Arg("COUNT").ArgInt(kPage).Arg("TYPE").Arg(elements().redis_type()).ReadOnly();
    if (cursor_ != "0") command.CursorOf(server_.run_id);
    return Step{std::move(command), std::make_unique<PageSink>(this)};
  }

  void OnKey(absl::string_view key) {
    if (!reading_.keys.naming->pattern.Matches(key) || !seen_.Insert(key)) return;
    ++keys_found_;
    if (static_cast<int64_t>(keys_.size()) < keys_wanted()) keys_.emplace_back(key);
  }

  void OnPage() {
    --in_flight_;
    looked_at_ += kPage;
    const bool complete = cursor_ == "0";
    const bool enough = static_cast<int64_t>(keys_.size()) == keys_wanted() ||
                        looked_at_ >= std::max(kLookedAtLeast, reading_.rows * kLookedAtPerRow);
    if (!complete && !enough) return;
    keys_in_table_ = static_cast<double>(keys_found_);
    if (!complete) {
      // Of the keys that were not looked at as many are the table's.
      keys_in_table_ *=
          std::max(1.0, static_cast<double>(keys_in_database_) / static_cast<double>(looked_at_));
    }
    FoundKeys();
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
    const size_t i = asked_++;
    auto take = [this](int64_t size) {
      // Answers come in the order of the questions.
      sizes_.push_back(size);
      if (sizes_.size() == keys_.size()) ShareOut();
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

  int64_t keys_in_database_ = 0;
  std::string cursor_ = "0";
  Fingerprints seen_;
  int64_t keys_found_ = 0;
  int64_t looked_at_ = 0;
  std::vector<std::string> keys_;  // of the sample
  double keys_in_table_ = 1;

  size_t asked_ = 0;
  std::vector<int64_t> sizes_;                               // of keys_
  absl::flat_hash_map<std::string, ElementSample> samples_;  // of those that are not read whole
  std::unique_ptr<StepSource> source_;
};

}  // namespace

std::unique_ptr<StepSource> NewSampleSource(SampleReading* reading, RowWriter* rows) {
  return std::make_unique<SampleSource>(reading, rows);
}

}  // namespace redis_fdw
