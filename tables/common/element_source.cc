#include "tables/common/element_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status.h"
#include "tables/common/script.h"

namespace redis_fdw {
namespace {

// Pages of ScanMode::kAuto have at least this many elements: Redis walks them in about a
// millisecond.
constexpr int64_t kAutoPage = 1000;

int64_t PageSize(const ScanOptions& options) {
  if (options.mode == ScanMode::kAuto) return std::max(options.fetch_size, kAutoPage);
  return std::max<int64_t>(options.fetch_size, 1);
}

class SnapshotSink : public StepSink {
 public:
  SnapshotSink(absl::string_view command, const ElementShape* shape, RowWriter* rows,
               int64_t first_position)
      : StepSink(rows), command_(command), parts_(shape->parts), reader_(shape, first_position) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 1 && element.type == ReplyType::kBulk) {
      return reader_.Take(element.bytes) ? reader_.Write(rows()) : absl::OkStatus();
    }
    bool is_array = element.depth == 0 && element.type == ReplyType::kArray;
    if (!is_array || element.integer % parts_ != 0) return UnexpectedReply(command_);
    return absl::OkStatus();
  }

 private:
  const std::string command_;
  const int parts_;
  ElementReader reader_;
};

class CursorSource : public StepSource {
 public:
  CursorSource(absl::string_view command, const char* script, absl::string_view key, int64_t count,
               const ElementShape* shape, RowWriter* rows)
      : command_(command), script_(script), key_(key), count_(count), shape_(shape), rows_(rows) {}

  State state() const override { return state_; }
  absl::StatusOr<Step> Next(const ServerInfo& server) override;
  // Begins again, whoever answers: what was written is remembered, unless it all came at once.
  bool Resume() override {
    if (complete_ && seen_.size() == 0) return false;
    cursor_ = "0";
    complete_ = false;
    state_ = State::kReady;
    return true;
  }

 private:
  class PageSink;

  // What a page begins with.
  void OnCursor(absl::string_view cursor) {
    complete_ = cursor == "0";
    state_ = complete_ ? State::kDone : State::kReady;
    cursor_ = std::string(cursor);
  }
  // Whether this element was not returned before; it is remembered, but where it is part of the
  // whole collection in one reply.
  bool IsNew(absl::string_view identity, bool first_page) {
    return (first_page && complete_) || seen_.Insert(identity);
  }

  const std::string command_;
  const char* const script_;
  const std::string key_;
  const int64_t count_;
  const ElementShape* shape_;
  RowWriter* rows_;
  State state_ = State::kReady;
  bool first_page_ = true;
  bool complete_ = false;  // the last page has begun to arrive
  std::string cursor_ = "0";
  Fingerprints seen_;
};

class CursorSource::PageSink : public StepSink {
 public:
  PageSink(CursorSource* source, bool first_page)
      : StepSink(source->rows_),
        source_(source),
        reader_(source->shape_),
        first_page_(first_page) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 2 && element.type == ReplyType::kBulk) {
      // Not before the element is complete: of one whose rest is lost with the connection, nothing
      // may be remembered.
      bool writes = reader_.Take(element.bytes) && source_->IsNew(reader_.identity(), first_page_);
      return writes ? reader_.Write(rows()) : absl::OkStatus();
    }
    if (element.depth == 1 && element.index == 0 && element.type == ReplyType::kBulk) {
      source_->OnCursor(element.bytes);
      return absl::OkStatus();
    }
    bool reply = element.depth == 0 && element.type == ReplyType::kArray && element.integer == 2;
    bool page = element.depth == 1 && element.index == 1 && element.type == ReplyType::kArray &&
                element.integer % source_->shape_->parts == 0;
    return reply || page ? absl::OkStatus() : UnexpectedReply(source_->command_);
  }

 private:
  CursorSource* source_;
  ElementReader reader_;
  const bool first_page_;
};

absl::StatusOr<Step> CursorSource::Next(const ServerInfo& server) {
  Command command(command_);
  if (script_ != nullptr) {
    command = ScriptCommand(script_, key_);
  } else {
    command.Key(key_);
  }
  command.Arg(cursor_).Arg("COUNT").ArgInt(count_).ReadOnly();
  // Cursor 0 means the same to every server, any other only to the one that gave it.
  if (cursor_ != "0") command.CursorOf(server.run_id);
  auto sink = std::make_unique<PageSink>(this, first_page_);
  state_ = State::kWaiting;
  first_page_ = false;
  return Step{std::move(command), std::move(sink)};
}

}  // namespace

bool ElementReader::Take(absl::string_view part) {
  have_first_ = shape_->parts == 2 && !have_first_;
  if (have_first_) {
    first_.assign(part.data(), part.size());
  } else {
    last_ = part;
  }
  return !have_first_;
}

std::unique_ptr<StepSource> NewSnapshotSource(Command command, const ElementShape* shape,
                                              RowWriter* rows, int64_t first_position) {
  command.ReadOnly();
  return std::make_unique<FixedSource>(
      1, [command = std::move(command), shape, rows, first_position](size_t) {
        return Step{command,
                    std::make_unique<SnapshotSink>(command.name(), shape, rows, first_position)};
      });
}

std::unique_ptr<StepSource> NewCursorSource(absl::string_view command, const char* script,
                                            absl::string_view key, int64_t count,
                                            const ElementShape* shape, RowWriter* rows) {
  return std::make_unique<CursorSource>(command, script, key, count, shape, rows);
}

std::unique_ptr<StepSource> NewCollectionSource(const CollectionCommands& commands,
                                                absl::string_view key, const ScanOptions& options,
                                                RowWriter* rows) {
  if (options.mode == ScanMode::kSnapshot && commands.cursor_script == nullptr) {
    return NewSnapshotSource(commands.snapshot, commands.shape, rows);
  }
  return NewCursorSource(commands.cursor, commands.cursor_script, key, PageSize(options),
                         commands.shape, rows);
}

std::string DescribeCollectionScan(absl::string_view snapshot, absl::string_view cursor,
                                   absl::string_view key, absl::string_view rest,
                                   const ScanOptions& options) {
  if (options.mode == ScanMode::kSnapshot) return absl::StrCat(snapshot, " ", key, rest);
  return absl::StrCat(cursor, " ", key, " CURSOR COUNT ", PageSize(options));
}

}  // namespace redis_fdw
