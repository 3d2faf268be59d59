// RecordingSink: writes down what it is given.

#ifndef REDIS_FDW_TESTING_FAKES_RECORDING_SINK_H_
#define REDIS_FDW_TESTING_FAKES_RECORDING_SINK_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/resp/reply_sink.h"

namespace redis_fdw::test {

// May serve several commands, one after the other.
class RecordingSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement& e) override {
    const bool number = e.type == ReplyType::kInteger || e.type == ReplyType::kArray;
    std::string value = number ? absl::StrCat(e.integer) : std::string(e.bytes);
    if (e.type == ReplyType::kNil) value = "(nil)";
    if (e.type == ReplyType::kArray) value = "*" + value;
    if (e.type == ReplyType::kError) value = "-" + value;
    values.push_back(std::move(value));
    return element_status;
  }
  absl::Status OnEnd() override {
    ++ends;
    return on_end == nullptr ? absl::OkStatus() : on_end();
  }
  absl::Status OnError(const absl::Status& error) override {
    errors.push_back(error);
    return swallow_errors ? absl::OkStatus() : error;
  }
  bool Full() const override { return values.size() >= full_at; }

  std::vector<std::string> values;   // every element: text, "*count", "(nil)", "-error"
  int ends = 0;                      // replies completed
  std::vector<absl::Status> errors;  // error replies

  absl::Status element_status;           // what OnElement() returns
  std::function<absl::Status()> on_end;  // what OnEnd() does besides
  bool swallow_errors = false;
  size_t full_at = SIZE_MAX;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_FAKES_RECORDING_SINK_H_
