// TRUNCATE: the key, or every key of the pattern and type.

#include <deque>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
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
    if (element.depth != 0 || element.type == ReplyType::kArray || element.bytes.empty()) {
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
  absl::Status OnElement(const ReplyElement& element) override {
    return TakeScanPage(
        element, [this](absl::string_view next) { cursor = std::string(next); },
        [this](absl::string_view key) { keys.emplace_back(key); });
  }
  std::string cursor;
  std::deque<std::string> keys;
};

// Takes replies that say nothing; an error ends the statement.
class DoneSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement&) override { return absl::OkStatus(); }
};

// Removes the keys of a page while the next one is asked for.
absl::Status RemovePage(const KeyPattern& pattern, absl::string_view type,
                        const std::deque<std::string>& keys, ReplySink* sink, Pipeline* pipeline) {
  for (const std::string& key : keys) {
    if (pattern.Matches(key)) RETURN_IF_ERROR(pipeline->Submit(TruncateCommand(key, type), sink));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status KeyTable::TruncateOne(Pipeline* pipeline) const {
  TypeSink sink;
  RETURN_IF_ERROR(
      pipeline->Submit(TruncateCommand(naming_.pattern.literal(), elements_->redis_type()), &sink));
  RETURN_IF_ERROR(pipeline->Drain());
  if (sink.type == "none" || sink.type == elements_->redis_type()) return absl::OkStatus();
  return MakeError(ErrorKind::kWrongType,
                   absl::StrCat("Redis key \"", key(), "\" of foreign table \"", map().table,
                                "\" holds a ", sink.type, ", not a ", elements_->redis_type()),
                   "", "It was not removed.");
}

absl::Status KeyTable::TruncateMany(Pipeline* pipeline) const {
  DoneSink removed;
  std::deque<std::string> doomed;
  std::string cursor = "0";
  std::string run_id;  // of the process whose cursor it is
  do {
    PageSink page;
    Command scan("SCAN");
    ASSIGN_OR_RETURN(const ServerInfo* server, pipeline->ServerFor(scan));
    // Another process has taken over between two pages: from the beginning.
    if (server->run_id != run_id) cursor = "0";
    run_id = server->run_id;
    scan.Arg(cursor).Arg("MATCH").Arg(naming_.pattern.glob()).Arg("COUNT").ArgInt(kPage);
    scan.Arg("TYPE").Arg(elements_->redis_type()).ReadOnly();
    if (cursor != "0") scan.CursorOf(run_id);
    RETURN_IF_ERROR(pipeline->Submit(scan, &page));
    RETURN_IF_ERROR(
        RemovePage(naming_.pattern, elements_->redis_type(), doomed, &removed, pipeline));
    RETURN_IF_ERROR(pipeline->Drain());
    cursor = page.cursor;
    doomed = std::move(page.keys);
  } while (cursor != "0");
  RETURN_IF_ERROR(RemovePage(naming_.pattern, elements_->redis_type(), doomed, &removed, pipeline));
  return pipeline->Drain();
}

absl::Status KeyTable::Truncate(Pipeline* pipeline) const {
  absl::Status status = naming_.many() ? TruncateMany(pipeline) : TruncateOne(pipeline);
  // The sinks end with the calls above, whatever is still on its way.
  if (!status.ok()) pipeline->Abandon();
  pipeline->ReleaseIdle();
  return status;
}

}  // namespace redis_fdw
