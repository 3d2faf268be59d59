// Flight: a command from the moment it is submitted until its reply is complete, so that it can be
// sent again, here or to another node.

#ifndef REDIS_FDW_CORE_EXEC_FLIGHT_H_
#define REDIS_FDW_CORE_EXEC_FLIGHT_H_

#include <cstdint>
#include <list>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/resp/command.h"
#include "core/resp/reply_sink.h"

namespace redis_fdw {

class Flight;
using Flights = std::list<Flight>;

// Whose flights they are.
class FlightOwner {
 public:
  virtual ~FlightOwner() = default;
  // The reply is complete. `flight` is gone when it returns; may call the flight's own sink.
  virtual absl::Status OnFlightEnd(Flight* flight) = 0;
  // The server answered with an error. Likewise, unless it is to be sent again.
  virtual absl::Status OnFlightError(Flight* flight, const absl::Status& error) = 0;
};

// Stands in a connection's queue for the sink that wants the reply.
class Flight : public ReplySink {
 public:
  // `pinned`: the node it has to go to, -1 for the one that its key has.
  Flight(FlightOwner* owner, Command c, ReplySink* s, int pinned_node, int64_t number)
      : command(std::move(c)), sink(s), pinned(pinned_node), sequence(number), owner_(owner) {}

  absl::Status OnElement(const ReplyElement& element) override {
    begun = true;
    return sink->OnElement(element);
  }
  absl::Status OnEnd() override { return owner_->OnFlightEnd(this); }
  absl::Status OnError(const absl::Status& error) override {
    return owner_->OnFlightError(this, error);
  }
  bool Full() const override { return sink->Full(); }

  const Command command;
  ReplySink* const sink;
  const int pinned;
  const int64_t sequence;  // in the order of submission
  Flights::iterator self;
  int node = -1;                                   // where it was sent
  int next_node = -1;                              // where a redirect sends it, once
  bool asking = false;                             // and after ASKING
  bool begun = false;                              // its sink has had a part of a reply
  int tries = 0;                                   // how often it was refused or lost
  absl::Time refused_at = absl::InfiniteFuture();  // first
  absl::Status refusal;                            // last
  bool overtaken = false;  // a later command on its key went through: not to be sent any more
  bool held = false;       // such a command is under way: not to be sent yet

 private:
  FlightOwner* const owner_;
};

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_EXEC_FLIGHT_H_
