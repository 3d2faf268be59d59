// TRUNCATE: the key, or every key of the pattern and type.

#include <deque>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "core/exec/keyspace_walk.h"
#include "tables/common/key_table.h"
#include "tables/common/scan_page.h"
#include "tables/common/script.h"

namespace redis_fdw {
namespace {

constexpr int64_t kPage = 1000;

// Replies the type of the key, and removes it if that is ARGV[1].
constexpr char kTruncateScript[] = R"lua(
local held = redis.call('TYPE', KEYS[1]).ok
if held == ARGV[1] then redis.call('UNLINK', KEYS[1]) end
return held
)lua";

Command TruncateCommand(absl::string_view key, absl::string_view type) {
  Command command = ScriptCommand(kTruncateScript, key);
  command.Arg(type);
  return command;
}

// Takes a type.
class TypeSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth != 0 || element.type == ReplyType::kArray || !IsTypeName(element.bytes)) {
      return UnexpectedReply("TYPE");
    }
    type = std::string(element.bytes);
    return absl::OkStatus();
  }
  std::string type;
};

// Takes a page of SCAN.
class PageSink : public ReplySink {
 public:
  PageSink(KeyspaceWalk* walk, KeyspaceWalk::Page page) : walk_(walk), page_(std::move(page)) {}

  absl::Status OnElement(const ReplyElement& element) override {
    return TakeScanPage(
        element, [this](absl::string_view next) { walk_->OnCursor(page_, next); },
        [this](absl::string_view key) { keys.emplace_back(key); });
  }
  absl::Status OnEnd() override {
    walk_->OnEnd(page_);
    return absl::OkStatus();
  }
  // A cursor that another process would have to take is refused.
  absl::Status OnError(const absl::Status& error) override {
    const bool lost = GetErrorKind(error) == ErrorKind::kConnectionLost;
    return lost && walk_->OnLost(page_) ? absl::OkStatus() : error;
  }
  std::deque<std::string> keys;

 private:
  KeyspaceWalk* walk_;
  const KeyspaceWalk::Page page_;
};

// Takes replies that say nothing; an error ends the statement.
class DoneSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement&) override { return absl::OkStatus(); }
};

// Removes the keys of a pattern and type. Those of the pages that have come are removed while the
// next pages are asked for, one of each primary.
class Truncation {
 public:
  Truncation(const KeyPattern& pattern, absl::string_view type, Pipeline* pipeline)
      : pattern_(pattern), type_(type), pipeline_(pipeline), walk_(pipeline) {}

  absl::Status Run() {
    for (int losses = 0; walk_.state() != KeyspaceWalk::State::kDone || !doomed_.empty();) {
      absl::Status status = Round();
      if (status.ok()) continue;
      // Of a connection on which nothing but pages was under way, or else it would be
      // kMaybeApplied. Removals that were not sent yet are gone with it: all are asked for again,
      // which does no harm.
      const bool lost = GetErrorKind(status) == ErrorKind::kConnectionLost;
      if (!lost || ++losses > kMaxLosses) return status;
      walk_.OnAllLost();
    }
    return absl::OkStatus();
  }

 private:
  // Connections that may be lost.
  static constexpr int kMaxLosses = 4;

  absl::Status Round() {
    RETURN_IF_ERROR(AskForPages());
    for (const std::string& key : doomed_) {
      if (!pattern_.Matches(key)) continue;
      RETURN_IF_ERROR(pipeline_->Submit(TruncateCommand(key, type_), &removed_));
    }
    RETURN_IF_ERROR(pipeline_->Drain());
    doomed_.clear();
    for (PageSink& page : pages_) {
      for (std::string& key : page.keys) doomed_.push_back(std::move(key));
    }
    pages_.clear();
    return absl::OkStatus();
  }
  absl::Status AskForPages() {
    while (walk_.state() == KeyspaceWalk::State::kReady) {
      ASSIGN_OR_RETURN(absl::optional<KeyspaceWalk::Page> page, walk_.Next());
      if (!page.has_value()) continue;
      Command scan = page->command;
      scan.Arg("MATCH").Arg(pattern_.glob()).Arg("COUNT").ArgInt(kPage);
      scan.Arg("TYPE").Arg(type_).ReadOnly();
      pages_.emplace_back(&walk_, *std::move(page));
      RETURN_IF_ERROR(pipeline_->Submit(std::move(scan), &pages_.back()));
    }
    return absl::OkStatus();
  }

  const KeyPattern& pattern_;
  const absl::string_view type_;
  Pipeline* const pipeline_;
  KeyspaceWalk walk_;
  DoneSink removed_;
  std::deque<PageSink> pages_;      // asked for; after a loss some may still come
  std::deque<std::string> doomed_;  // until their removal is answered
};

}  // namespace

absl::Status KeyTable::TruncateOne(Pipeline* pipeline) const {
  TypeSink sink;
  absl::Status status =
      pipeline->Submit(TruncateCommand(naming_.pattern.literal(), elements_->redis_type()), &sink);
  if (status.ok()) status = pipeline->Drain();
  if (!status.ok()) {
    pipeline->Abandon();
    return status;
  }
  if (sink.type == "none" || sink.type == elements_->redis_type()) return absl::OkStatus();
  return MakeError(ErrorKind::kWrongType,
                   absl::StrCat("Redis key \"", key(), "\" of foreign table \"", map().table,
                                "\" holds a ", sink.type, ", not a ", elements_->redis_type()),
                   "", "It was not removed.");
}

absl::Status KeyTable::TruncateMany(Pipeline* pipeline) const {
  Truncation truncation(naming_.pattern, elements_->redis_type(), pipeline);
  absl::Status status = truncation.Run();
  // The sinks end here, whatever is still on its way.
  if (!status.ok()) pipeline->Abandon();
  return status;
}

absl::Status KeyTable::Truncate(Pipeline* pipeline) const {
  absl::Status status = naming_.many() ? TruncateMany(pipeline) : TruncateOne(pipeline);
  pipeline->ReleaseIdle();
  return status;
}

}  // namespace redis_fdw
