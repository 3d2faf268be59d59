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

// A page that has all elements.
constexpr int64_t kWholePage = int64_t{1} << 31;
// Cursors of a scan that may be refused.
constexpr int kMostRefusals = 4;

// Pages of a scan that will probably stop soon: a smaller one costs Redis no less.
constexpr int64_t kSmallestPage = 10;

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

class CountSink : public StepSink {
 public:
  CountSink(absl::string_view command, RowWriter* rows) : StepSink(rows), command_(command) {}

  absl::Status OnElement(const ReplyElement& element) override {
    const bool count = element.depth == 0 && element.type == ReplyType::kInteger;
    if (!count || element.integer < 0) return UnexpectedReply(command_);
    rows()->WriteMany(element.integer);
    return absl::OkStatus();
  }

 private:
  const std::string command_;
};

class CursorSource : public StepSource {
 public:
  CursorSource(CollectionCommands commands, absl::string_view key, const ScanOptions& options,
               RowWriter* rows)
      : commands_(std::move(commands)),
        key_(key),
        page_(PageSize(options)),
        rows_(rows),
        begun_(commands_.returned.size() > 0),
        seen_(std::move(commands_.returned)) {
    if (commands_.match == "*") commands_.match.clear();
    expected_ = rows->needed() >= 0 ? rows->needed() : commands_.expected_rows;
    count_ = PageSize(options, commands_.match.empty() ? expected_ : -1);
  }

  State state() const override { return state_; }
  absl::StatusOr<Step> Next(const ServerInfo& server) override;
  // Begins again, whoever answers: what was written is remembered, unless it all came at once.
  bool Resume() override {
    if (complete_ && seen_.size() == 0) return false;
    BeginAgain();
    return true;
  }

 private:
  class PageSink;

  void BeginAgain() {
    cursor_ = "0";
    complete_ = false;
    waits_for_end_ = false;
    state_ = State::kReady;
  }
  // Begins again if that is what the error of a page asked for by a cursor means: the key is on
  // another node of the cluster now. Where it happens again, as it does while its slot is moving
  // and redirects lead to the key, one page has to have all.
  absl::Status OnRefusal(const absl::Status& error) {
    const bool refused = is_cluster_ && GetErrorKind(error) == ErrorKind::kConnectionLost;
    if (!refused || ++refusals_ > kMostRefusals) return error;
    BeginAgain();
    if (refusals_ > 1) count_ = page_ = kWholePage;
    return absl::OkStatus();
  }
  // What a page begins with.
  void OnCursor(absl::string_view cursor) {
    complete_ = cursor == "0";
    waits_for_end_ = enough_ && !complete_;
    if (complete_) {
      state_ = State::kDone;
    } else if (!enough_) {
      state_ = State::kReady;
    }
    cursor_ = std::string(cursor);
  }
  void OnPageRead() {
    if (std::exchange(waits_for_end_, false)) state_ = State::kReady;
  }
  // Whether this element was not returned before; it is remembered, but where it is part of the
  // `whole` collection in one reply.
  bool IsNew(absl::string_view identity, bool whole) {
    return (whole && !begun_) || seen_.Insert(identity);
  }

  CollectionCommands commands_;
  const std::string key_;
  int64_t page_;
  RowWriter* rows_;
  int64_t count_;  // of the next page
  int64_t
      expected_;  // elements that will be taken, as far as that was known when it began; -1: all
  State state_ = State::kReady;
  bool enough_ = false;         // no page may be needed after the one that is asked for
  bool waits_for_end_ = false;  // so the next is not asked for before that is read
  bool first_page_ = true;
  bool complete_ = false;  // the last page has begun to arrive
  std::string cursor_ = "0";
  std::string run_id_;       // of the process that it belongs to
  bool is_cluster_ = false;  // as far as it was told
  int refusals_ = 0;         // of cursors
  const bool begun_;         // some elements were returned before this source began
  Fingerprints seen_;
};

class CursorSource::PageSink : public StepSink {
 public:
  PageSink(CursorSource* source, bool first_page, bool by_cursor)
      : StepSink(source->rows_),
        source_(source),
        reader_(source->commands_.shape),
        first_page_(first_page),
        by_cursor_(by_cursor) {}

  absl::Status OnElement(const ReplyElement& element) override {
    if (element.depth == 2 && element.type == ReplyType::kBulk) {
      // Not before the element is complete: of one whose rest is lost with the connection, nothing
      // may be remembered.
      bool writes = reader_.Take(element.bytes) && source_->IsNew(reader_.identity(), whole_);
      return writes ? reader_.Write(rows()) : absl::OkStatus();
    }
    if (element.depth == 1 && element.index == 0 && element.type == ReplyType::kBulk) {
      source_->OnCursor(element.bytes);
      whole_ = first_page_ && element.bytes == "0";
      return absl::OkStatus();
    }
    bool reply = element.depth == 0 && element.type == ReplyType::kArray && element.integer == 2;
    bool page = element.depth == 1 && element.index == 1 && element.type == ReplyType::kArray &&
                element.integer % source_->commands_.shape->parts == 0;
    return reply || page ? absl::OkStatus() : UnexpectedReply(source_->commands_.cursor);
  }

 protected:
  absl::Status Finish() override {
    source_->OnPageRead();
    return absl::OkStatus();
  }
  absl::Status Fail(const absl::Status& error) override {
    return by_cursor_ ? source_->OnRefusal(error) : error;
  }

 private:
  CursorSource* source_;
  ElementReader reader_;
  const bool first_page_;
  const bool by_cursor_;  // not from the beginning
  bool whole_ = false;    // the first page is the last
};

absl::StatusOr<Step> CursorSource::Next(const ServerInfo& server) {
  Command command(commands_.cursor);
  if (commands_.cursor_script != nullptr) {
    command = ScriptCommand(commands_.cursor_script, key_);
  } else {
    command.Key(key_);
  }
  command.Arg(cursor_);
  if (!commands_.match.empty()) command.Arg("MATCH").Arg(commands_.match);
  command.Arg("COUNT").ArgInt(count_).ReadOnly();
  // Cursor 0 means the same to every process, any other only to the one that gave it. Should
  // another than `server` answer the first page, since the key has moved, then its cursor is
  // refused.
  is_cluster_ = server.cluster_enabled;
  if (cursor_ == "0") {
    run_id_ = server.run_id;
  } else {
    command.CursorOf(run_id_);
  }
  auto sink = std::make_unique<PageSink>(this, first_page_, cursor_ != "0");
  // Whoever expected few and takes more may take all.
  const int64_t left = rows_->needed() >= 0 || !first_page_ ? rows_->needed() : expected_;
  enough_ = left >= 0 && left <= count_;
  count_ = std::min(page_, 2 * count_);
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

int64_t PageSize(const ScanOptions& options, int64_t expected) {
  const bool full = options.mode == ScanMode::kAuto;
  const int64_t page = std::max<int64_t>(options.fetch_size, full ? kAutoPage : 1);
  return expected < 0 ? page : std::min(page, std::max(expected, kSmallestPage));
}

std::unique_ptr<StepSource> NewSnapshotSource(Command command, const ElementShape* shape,
                                              RowWriter* rows, int64_t first_position) {
  return std::make_unique<FixedSource>(
      1, [command = std::move(command), shape, rows, first_position](size_t) {
        return SnapshotStep(command, shape, rows, first_position);
      });
}

Step SnapshotStep(Command command, const ElementShape* shape, RowWriter* rows,
                  int64_t first_position) {
  command.ReadOnly();
  auto sink = std::make_unique<SnapshotSink>(command.name(), shape, rows, first_position);
  return Step{std::move(command), std::move(sink)};
}

std::unique_ptr<StepSource> NewCollectionSource(CollectionCommands commands, absl::string_view key,
                                                const ScanOptions& options, RowWriter* rows) {
  if (options.mode == ScanMode::kSnapshot && commands.cursor_script == nullptr) {
    return NewSnapshotSource(std::move(commands.snapshot), commands.shape, rows);
  }
  return std::make_unique<CursorSource>(std::move(commands), key, options, rows);
}

std::unique_ptr<StepSource> NewCountSource(Command command, RowWriter* rows) {
  command.ReadOnly();
  return std::make_unique<FixedSource>(1, [command = std::move(command), rows](size_t) {
    return Step{command, std::make_unique<CountSink>(command.name(), rows)};
  });
}

std::string DescribeCollectionScan(absl::string_view snapshot, absl::string_view cursor,
                                   absl::string_view key, absl::string_view rest,
                                   const ScanOptions& options, absl::string_view narrowed) {
  if (options.mode == ScanMode::kSnapshot) return absl::StrCat(snapshot, " ", key, rest);
  const std::string match = narrowed.empty() ? "" : absl::StrCat(" MATCH (", narrowed, ")");
  return absl::StrCat(cursor, " ", key, " CURSOR", match, " COUNT ", PageSize(options));
}

}  // namespace redis_fdw
