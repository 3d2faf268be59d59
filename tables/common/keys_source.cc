#include "tables/common/keys_source.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <list>
#include <utility>

#include "absl/types/optional.h"
#include "core/base/status.h"
#include "core/exec/keyspace_walk.h"
#include "tables/common/fingerprints.h"
#include "tables/common/key_ttl.h"
#include "tables/common/scan_page.h"

namespace redis_fdw {
namespace {

// With fewer keys waiting to be read than this, the next page is asked for.
constexpr size_t kFewKeys = 2 * kPipelinedLookups;

// A key being read.
struct OpenKey {
  OpenKey(std::string name, RowWriter writer) : key(std::move(name)), rows(writer) {}
  const std::string key;
  RowWriter rows;
  std::unique_ptr<StepSource> source;
  std::list<OpenKey>::iterator self;
  int ttl_steps = 0;  // to be submitted before those of the source
  int in_flight = 0;
  bool gone = false;    // it turned out to be of another type
  bool live = false;    // there is something to ask, now or when a reply has come
  bool queued = false;  // there is now
};

// Keys whose values are read by one command.
struct ManyKeys {
  std::vector<std::string> keys;
  size_t answered = 0;
};
// How many keys go into such a command, and how many of them are under way: Redis makes the replies
// at once, and keeps what we have not read yet.
constexpr size_t kKeysPerCommand = 100;
constexpr size_t kMaxCommandsForMany = 4;

// The answer to TYPE, where the row is the key and only its being there matters.
class TypeSink : public StepSink {
 public:
  TypeSink(absl::string_view type, RowWriter* rows) : StepSink(rows), type_(type) {}
  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth != 0 || element.type == ReplyType::kArray || !IsTypeName(element.bytes)) {
      return UnexpectedReply("TYPE");
    }
    if (element.bytes == type_) rows()->Write({});
    return absl::OkStatus();
  }

 private:
  absl::string_view type_;
};

class KeysSource : public StepSource {
 public:
  KeysSource(const KeysReading* reading, std::string glob, std::vector<std::string> keys,
             absl::Span<const Cell> params, RowWriter* rows)
      : reading_(*reading),
        glob_(std::move(glob)),
        params_(params),
        rows_(rows),
        waiting_(keys.begin(), keys.end()) {
    if (reading->access == KeyAccess::kScan) walk_.emplace(reading->pipeline);
    const RowTarget& target = rows->target();
    key_is_row_ = reading_.elements->row_is_key() && reading_.access != KeyAccess::kOne &&
                  !target.uses_any_part();
    alone_ = !walk_.has_value() && waiting_.size() == 1;
    ttl_steps_ = (target.uses_ttl() ? 1 : 0) + (target.uses_expires() ? 1 : 0);
  }

  State state() const override {
    if (MayScan() || !ready_.empty() || MayOpen()) return State::kReady;
    const bool scanned = !walk_.has_value() || walk_->state() == KeyspaceWalk::State::kDone;
    return live_ == 0 && waiting_.empty() && scanned ? State::kDone : State::kWaiting;
  }

  absl::StatusOr<Step> Next(const ServerInfo& server) override {
    if (MayScan()) return NextPage();
    if (ready_.empty() && ReadsMany(server)) return NextMany();
    if (ready_.empty()) OpenNext();
    if (!server.cluster_enabled) return NextOf(ready_.front(), server);
    // The key may be on any node. Until it can be asked its replies may come, and what was to be
    // asked next be no longer.
    Command probe("EXISTS");
    probe.Key(ready_.front()->key).ReadOnly();
    ASSIGN_OR_RETURN(const ServerInfo* node, reading_.pipeline->ServerFor(probe));
    if (ready_.empty() || ready_.front()->key != probe.key()) return Step{Command(""), nullptr};
    return NextOf(ready_.front(), *node);
  }

  // So many for each node.
  size_t window() const override {
    return kPipelinedLookups * (walk_.has_value() ? walk_->shards() : 1);
  }
  bool Resume() override;

 private:
  class KeySink;
  class ManySink;
  class PageSink;

  bool MayScan() const {
    return walk_.has_value() && waiting_.size() < kFewKeys &&
           walk_->state() == KeyspaceWalk::State::kReady;
  }
  bool MayOpen() const { return !waiting_.empty() && many_.size() < kMaxCommandsForMany; }
  // Whether the keys that wait are read several by a command. Not where they may be on several
  // nodes.
  bool ReadsMany(const ServerInfo& server) const {
    return reading_.elements->many_command() != nullptr && waiting_.size() > 1 && !key_is_row_ &&
           ttl_steps_ == 0 && !server.cluster_enabled;
  }

  // Notes whether the key has something to ask, after whatever may have changed that.
  void Update(OpenKey* key) {
    const State state = key->ttl_steps > 0 ? State::kReady : key->source->state();
    const bool live = !key->gone && state != State::kDone;
    if (live != key->live) live_ += live ? 1 : -1;
    key->live = live;
    const bool ready = live && state == State::kReady;
    if (ready == key->queued) return;
    key->queued = ready;
    if (ready) {
      ready_.push_back(key);
    } else {
      // Mostly the first, which has just been asked for its last step.
      ready_.erase(std::find(ready_.begin(), ready_.end(), key));
    }
  }

  void OpenSource(OpenKey* key) {
    key->ttl_steps = ttl_steps_;
    if (!key_is_row_) {
      key->source = reading_.open(key->key, params_, &key->rows);
      return;
    }
    auto type = [this, key](size_t) {
      Step step{Command("TYPE"),
                std::make_unique<TypeSink>(reading_.elements->redis_type(), &key->rows)};
      step.command.Key(key->key).ReadOnly();
      return step;
    };
    key->source = std::make_unique<FixedSource>(1, type);
  }

  void OpenNext() {
    open_.emplace_back(std::move(waiting_.front()), rows_->ForKey(alone_));
    waiting_.pop_front();
    OpenKey* key = &open_.back();
    key->self = std::prev(open_.end());
    if (reading_.access != KeyAccess::kOne) {
      key->rows.Share(kKeyPart, Cell::Bytes(reading_.naming->Shown(key->key)));
    }
    OpenSource(key);
    Update(key);
  }

  Step TtlStepOf(OpenKey* key, const ServerInfo& server);
  absl::StatusOr<Step> NextOf(OpenKey* key, const ServerInfo& server);
  absl::StatusOr<Step> NextPage();
  Step NextMany();
  void OnKey(absl::string_view key) {
    if (!reading_.naming->pattern.Matches(key) || !seen_.Insert(key)) return;
    if (!key_is_row_ || ttl_steps_ > 0) {
      waiting_.emplace_back(key);
      return;
    }
    RowWriter row = rows_->ForKey();
    row.Share(kKeyPart, Cell::Bytes(reading_.naming->Shown(key)));
    row.Write({});
  }
  // A reply of the key is complete.
  void OnReply(OpenKey* key) {
    --key->in_flight;
    Update(key);
    if (key->in_flight == 0 && !key->live) open_.erase(key->self);
  }

  const KeysReading& reading_;
  const std::string glob_;
  const absl::Span<const Cell> params_;
  RowWriter* rows_;
  std::deque<std::string> waiting_;  // found and not begun
  std::list<OpenKey> open_;          // begun and not finished
  std::deque<OpenKey*> ready_;       // of these, those that are queued
  int live_ = 0;                     // how many of them are live
  std::list<ManyKeys> many_;         // under way
  bool key_is_row_;
  bool alone_;  // there is one key
  int ttl_steps_;
  absl::optional<KeyspaceWalk> walk_;  // where keys are found by it
  Fingerprints seen_;
};

// Passes a reply on to the sink of the key's own source, and the end of it to the keys.
class KeysSource::KeySink : public StepSink {
 public:
  KeySink(KeysSource* keys, OpenKey* key, std::unique_ptr<StepSink> inner)
      : StepSink(keys->rows_), keys_(keys), key_(key), inner_(std::move(inner)) {}

  absl::Status OnElement(const ReplyElement& element) override {
    RETURN_IF_ERROR(inner_->OnElement(element));
    // A cursor tells what to ask next before its page has come.
    if (!key_->queued) keys_->Update(key_);
    return absl::OkStatus();
  }

 protected:
  absl::Status Finish() override {
    absl::Status status = inner_->OnEnd();
    keys_->OnReply(key_);
    return status;
  }
  absl::Status Fail(const absl::Status& error) override {
    absl::Status status = inner_->OnError(error);
    if (!status.ok()) {
      const bool named = keys_->reading_.access == KeyAccess::kOne;
      if (named || GetErrorKind(status) != ErrorKind::kWrongType) return status;
      key_->gone = true;
    }
    keys_->OnReply(key_);
    return absl::OkStatus();
  }

 private:
  KeysSource* keys_;
  OpenKey* key_;
  std::unique_ptr<StepSink> inner_;
};

// The answers for many keys.
class KeysSource::ManySink : public StepSink {
 public:
  ManySink(KeysSource* keys, std::list<ManyKeys>::iterator many)
      : StepSink(keys->rows_), keys_(keys), many_(many) {}

  absl::Status OnElement(const ReplyElement& element) override {
    const auto count = static_cast<int64_t>(many_->keys.size());
    if (element.depth == 0) {
      bool fits = element.type == ReplyType::kArray && element.integer == count;
      return fits ? absl::OkStatus() : Unexpected();
    }
    if (element.depth != 1 || element.index >= count) return Unexpected();
    const std::string& key = many_->keys[static_cast<size_t>(element.index)];
    many_->answered = static_cast<size_t>(element.index) + 1;
    if (element.type == ReplyType::kNil) return absl::OkStatus();  // gone, or of another type
    if (element.type != ReplyType::kBulk) return Unexpected();
    RowWriter row = keys_->rows_->ForKey();
    row.Share(kKeyPart, Cell::Bytes(keys_->reading_.naming->Shown(key)));
    const Cell value = Cell::Bytes(element.bytes);
    row.Write(absl::MakeConstSpan(&value, 1));
    return absl::OkStatus();
  }

 protected:
  absl::Status Finish() override {
    keys_->many_.erase(many_);
    return absl::OkStatus();
  }

 private:
  absl::Status Unexpected() const {
    return UnexpectedReply(keys_->reading_.elements->many_command());
  }

  KeysSource* keys_;
  std::list<ManyKeys>::iterator many_;
};

class KeysSource::PageSink : public StepSink {
 public:
  PageSink(KeysSource* keys, KeyspaceWalk::Page page)
      : StepSink(keys->rows_), keys_(keys), page_(std::move(page)) {}

  absl::Status OnElement(const ReplyElement& element) override {
    return TakeScanPage(
        element, [this](absl::string_view cursor) { keys_->walk_->OnCursor(page_, cursor); },
        [this](absl::string_view key) { keys_->OnKey(key); });
  }

 protected:
  absl::Status Finish() override {
    keys_->walk_->OnEnd(page_);
    return absl::OkStatus();
  }
  // A cursor that another process would have to take is refused.
  absl::Status Fail(const absl::Status& error) override {
    const bool lost = GetErrorKind(error) == ErrorKind::kConnectionLost;
    return lost && keys_->walk_->OnLost(page_) ? absl::OkStatus() : error;
  }

 private:
  KeysSource* keys_;
  const KeyspaceWalk::Page page_;
};

Step KeysSource::TtlStepOf(OpenKey* key, const ServerInfo& server) {
  const bool expires = key->ttl_steps == 2 || !rows_->target().uses_ttl();
  --key->ttl_steps;
  return expires ? ExpiresStep(key->key, server, &key->rows) : TtlStep(key->key, &key->rows);
}

absl::StatusOr<Step> KeysSource::NextOf(OpenKey* key, const ServerInfo& server) {
  // Then it is not the key's that is shown.
  if (reading_.elements->HasRowTtl(server)) key->ttl_steps = 0;
  absl::StatusOr<Step> step =
      key->ttl_steps > 0 ? TtlStepOf(key, server) : key->source->Next(server);
  if (!step.ok()) return step;
  ++key->in_flight;
  step->sink = std::make_unique<KeySink>(this, key, std::move(step->sink));
  Update(key);
  return step;
}

Step KeysSource::NextMany() {
  many_.emplace_back();
  std::vector<std::string>& keys = many_.back().keys;
  Command command(reading_.elements->many_command());
  while (!waiting_.empty() && keys.size() < kKeysPerCommand) {
    keys.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    if (keys.size() == 1) {
      command.Key(keys.back());
    } else {
      command.Arg(keys.back());
    }
  }
  command.ReadOnly();
  return Step{std::move(command), std::make_unique<ManySink>(this, std::prev(many_.end()))};
}

absl::StatusOr<Step> KeysSource::NextPage() {
  ASSIGN_OR_RETURN(absl::optional<KeyspaceWalk::Page> page, walk_->Next());
  if (!page.has_value()) return Step{Command(""), nullptr};
  Command command = std::move(page->command);
  if (glob_ != "*") command.Arg("MATCH").Arg(glob_);
  command.Arg("COUNT").ArgInt(reading_.page).Arg("TYPE").Arg(reading_.elements->redis_type());
  command.ReadOnly();
  return Step{std::move(command), std::make_unique<PageSink>(this, *std::move(page))};
}

// The walk goes on where it can; keys
// that were being read begin again if they have given no row yet. Those of another type, and those
// of which nothing but the end of a reply was missing, are done.
bool KeysSource::Resume() {
  for (ManyKeys& many : many_) {
    waiting_.insert(waiting_.end(), many.keys.begin() + static_cast<std::ptrdiff_t>(many.answered),
                    many.keys.end());
  }
  many_.clear();
  for (auto next = open_.begin(); next != open_.end();) {
    OpenKey* key = &*next++;
    key->in_flight = 0;
    if (!key->gone && key->rows.written() == 0) {
      key->rows.BeginAgain();
      OpenSource(key);
    } else if (!key->gone) {
      if (!key->source->Resume()) return false;
      if (key->source->state() != State::kDone) key->ttl_steps = ttl_steps_;
    }
    Update(key);
    if (!key->live) open_.erase(key->self);
  }
  if (walk_.has_value()) walk_->OnAllLost();
  return true;
}

}  // namespace

std::unique_ptr<StepSource> NewKeysSource(const KeysReading* reading, std::string glob,
                                          std::vector<std::string> keys,
                                          absl::Span<const Cell> params, RowWriter* rows) {
  // Operands that no element can have are the same for all keys.
  RowWriter none = rows->ForKey();
  if (reading->open("", params, &none)->state() == StepSource::State::kDone) {
    return std::make_unique<FixedSource>(0, nullptr);
  }
  return std::make_unique<KeysSource>(reading, std::move(glob), std::move(keys), params, rows);
}

}  // namespace redis_fdw
