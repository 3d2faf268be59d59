// Fuzz target: whatever a server sends, the decoder passes on a well-formed tree or says what is
// wrong, the same wherever the bytes are cut, and never more than was sent.
//
// Input: a byte that says where to cut, one that says at which element the sink fails (0: at none),
// and what the server sends.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "core/resp/reply_decoder.h"
#include "core/resp/reply_sink.h"

namespace redis_fdw {
namespace {

constexpr int64_t kMaxBulk = 1024;
constexpr int kMaxDepth = 8;
// The shortest element: ":1\r\n" without its digit.
constexpr size_t kShortest = 3;

void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// Checks that the elements are those of a tree, and writes them down.
class TreeSink : public ReplySink {
 public:
  explicit TreeSink(size_t fail_at) : fail_at_(fail_at) {}

  absl::Status OnElement(const ReplyElement& element) override {
    Require(element.depth >= 0 && element.depth <= kMaxDepth, "depth");
    Require(element.depth == static_cast<int>(open_.size()), "an element outside of its array");
    if (open_.empty()) {
      Require(elements_in_reply_ == 0, "two elements that are the reply itself");
      Require(element.index == 0, "an index of what is in no array");
    } else {
      Require(element.index == open_.back().next, "index");
      ++open_.back().next;
    }
    const bool text = element.type == ReplyType::kBulk || element.type == ReplyType::kStatus ||
                      element.type == ReplyType::kError;
    Require(text || element.bytes.empty(), "bytes of what has none");
    Require(
        element.type != ReplyType::kBulk || static_cast<int64_t>(element.bytes.size()) <= kMaxBulk,
        "a bulk string over the limit");
    ++elements_in_reply_;
    ++elements;
    absl::StrAppend(&events, static_cast<int>(element.type), ",", element.depth, ",",
                    element.integer, ",", element.bytes, ";");
    if (element.type == ReplyType::kArray) {
      Require(element.integer >= 0, "an array of a negative length");
      open_.push_back({0, element.integer});
    }
    Close();
    if (++seen_ == fail_at_) return absl::CancelledError("the sink fails");
    return absl::OkStatus();
  }

  // After each reply, as DecodeOne() tells it.
  void EndReply(const std::string& error) {
    Require(open_.empty(), "a reply ends within an array");
    Require((elements_in_reply_ == 0) == !error.empty(), "an error and elements, or neither");
    elements_in_reply_ = 0;
    absl::StrAppend(&events, "end ", error, ";");
  }

  std::string events;
  size_t elements = 0;

 private:
  struct Open {
    int64_t next;
    int64_t size;
  };

  void Close() {
    while (!open_.empty() && open_.back().next == open_.back().size) open_.pop_back();
  }

  std::vector<Open> open_;
  size_t elements_in_reply_ = 0;
  size_t seen_ = 0;
  const size_t fail_at_;
};

struct Outcome {
  std::string events;
  absl::Status status;
};

// Decodes what is there; false after an error.
bool DecodeAll(ReplyDecoder* decoder, TreeSink* sink, absl::Status* status) {
  while (true) {
    std::string error;
    const absl::StatusOr<bool> done = decoder->DecodeOne(sink, &error);
    if (!done.ok()) {
      *status = done.status();
      return false;
    }
    if (!*done) return true;
    sink->EndReply(error);
    Require(!decoder->mid_reply(), "mid reply after its end");
  }
}

// `step`: how the pieces' lengths follow from one another; 0: all at once.
Outcome Decode(absl::string_view bytes, size_t step, size_t fail_at) {
  ReplyDecoder decoder(kMaxBulk);
  TreeSink sink(fail_at);
  Outcome outcome;
  size_t length = step == 0 ? bytes.size() : step;
  size_t fed = 0;
  bool alive = true;
  while (alive && fed < bytes.size()) {
    const absl::string_view piece = bytes.substr(fed, length);
    fed += piece.size();
    alive = decoder.Feed(piece).ok() && DecodeAll(&decoder, &sink, &outcome.status);
    Require(sink.elements * kShortest <= fed, "more elements than were sent");
    length = 1 + (length * 7 + step) % 13;
  }
  if (!alive) {
    // Dead for good, for the same reason.
    std::string error;
    Require(decoder.Feed("+OK\r\n") == outcome.status, "a dead decoder takes input");
    Require(decoder.DecodeOne(&sink, &error).status() == outcome.status, "a dead decoder decodes");
  }
  outcome.events = std::move(sink.events);
  return outcome;
}

void Check(absl::string_view bytes, size_t step, size_t fail_at) {
  const Outcome whole = Decode(bytes, 0, fail_at);
  const Outcome cut = Decode(bytes, step, fail_at);
  if (cut.status.ok()) {
    Require(whole.status.ok(), "wrong only where it comes at once");
    Require(whole.events == cut.events, "other elements where it comes in pieces");
    return;
  }
  // What comes in pieces may be refused earlier: a length that goes on and on.
  Require(absl::string_view(whole.events).substr(0, cut.events.size()) == cut.events,
          "other elements where it comes in pieces, before an error");
}

}  // namespace
}  // namespace redis_fdw

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const absl::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  // Callers feed no more at once.
  redis_fdw::Check(bytes.substr(0, redis_fdw::ReplyDecoder::kChunk), 1 + data[0], data[1]);
  return 0;
}
