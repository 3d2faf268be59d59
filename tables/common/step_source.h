// StepSource: the commands that answer one parameter row of a scan, one after the other.
//
// The scan driver (scan_driver.h) owns waiting, batches and look-ahead; a source only says which
// command is next and what decodes its reply. Replies of one key come in the order of their
// commands; those of different keys, which may be on different nodes, come as they come.

#ifndef REDIS_FDW_TABLES_COMMON_STEP_SOURCE_H_
#define REDIS_FDW_TABLES_COMMON_STEP_SOURCE_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/net/connection.h"
#include "core/resp/command.h"
#include "core/resp/reply_sink.h"
#include "tables/common/row_writer.h"

namespace redis_fdw {

// The sink of one command of a scan. It may be stopped between any two elements because the batch
// is full, and goes on with another batch: what it has seen of a row and not written stays in it.
class StepSink : public ReplySink {
 public:
  explicit StepSink(RowWriter* rows) : rows_(rows) {}

  bool Full() const final { return rows_->Full(); }
  absl::Status OnEnd() final {
    finished_ = true;
    if (finished_count_ != nullptr) ++*finished_count_;
    return Finish();
  }
  absl::Status OnError(const absl::Status& error) final {
    finished_ = true;
    if (finished_count_ != nullptr) ++*finished_count_;
    return Fail(error);
  }
  bool finished() const { return finished_; }
  // *count, which outlives the reply, grows when it is finished.
  void CountFinished(size_t* count) { finished_count_ = count; }

 protected:
  // The reply is complete.
  virtual absl::Status Finish() { return absl::OkStatus(); }
  // The reply is an error; OK to take it as a reply without rows.
  virtual absl::Status Fail(const absl::Status& error) { return error; }
  RowWriter* rows() const { return rows_; }

 private:
  RowWriter* rows_;
  size_t* finished_count_ = nullptr;
  bool finished_ = false;
};

struct Step {
  Command command;
  std::unique_ptr<StepSink> sink;
};

class StepSource {
 public:
  enum class State {
    kReady,    // Next() has a step
    kWaiting,  // the next step depends on a reply in flight
    kDone,
  };

  virtual ~StepSource() = default;
  virtual State state() const = 0;
  // REQUIRES: state() is kReady. `server` is who will be asked; of a source of many keys, the node
  // of one of them. Such a source may wait here, upon which replies may come to its sinks, and may
  // then return a step without a sink: there is nothing to ask, and state() says how to go on.
  virtual absl::StatusOr<Step> Next(const ServerInfo& server) = 0;
  // How many steps may be in flight together.
  virtual size_t window() const { return 2; }
  // The replies of all steps in flight are lost, after rows were written. Goes on with what follows
  // those rows and returns true, or false if the source cannot tell what that is.
  virtual bool Resume() { return false; }
};

// A source of steps known in number beforehand: one command for a snapshot, or many pipelined.
class FixedSource : public StepSource {
 public:
  // Makes step i of `count`.
  using MakeStep = std::function<Step(size_t i)>;
  FixedSource(size_t count, MakeStep make, size_t window = 2)
      : count_(count), make_(std::move(make)), window_(window) {}

  State state() const override { return next_ < count_ ? State::kReady : State::kDone; }
  absl::StatusOr<Step> Next(const ServerInfo&) override { return make_(next_++); }
  size_t window() const override { return window_; }

 private:
  size_t next_ = 0;
  size_t count_;
  MakeStep make_;
  size_t window_;
};

// How many one-row commands are pipelined: enough to hide a round trip, few enough for small
// buffers.
constexpr size_t kPipelinedLookups = 128;

// The error for a reply of a shape that the command does not have. kProtocol.
absl::Status UnexpectedReply(absl::string_view command);

// Whether a reply to TYPE can be one. It is a line, of which RESP gives no length: bytes that were
// added on the way are noticed only here, and a key of another type would be passed over.
bool IsTypeName(absl::string_view reply);

}  // namespace redis_fdw

#endif  // REDIS_FDW_TABLES_COMMON_STEP_SOURCE_H_
