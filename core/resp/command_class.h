// What a command does to the connection that it is sent on, or to whoever waits for its answer.
//
// A caller that sends one command, waits for one reply and closes the connection can run ordinary
// commands only. The others would keep it waiting, answer more than once or never, or change
// nothing but the connection that is about to be closed. Known by name, since it must be decided
// before anything is sent; a command that the server's rename-command calls otherwise, or that a
// module brings, counts as ordinary.
//
// Example:
//   RETURN_IF_ERROR(CheckRunsAlone({"BLPOP", "queue", "0"}));  // kUnsupported, naming LPOP

#ifndef REDIS_FDW_CORE_RESP_COMMAND_CLASS_H_
#define REDIS_FDW_CORE_RESP_COMMAND_CLASS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace redis_fdw {

enum class CommandClass {
  kOrdinary,     // answered once, as soon as it is done
  kBlocking,     // answered when another client has done something
  kSubscribing,  // makes the connection a stream of messages
  kTransaction,  // means something only together with other commands of its connection
  kSession,      // changes its connection and nothing else
  kReplication,  // spoken between servers
  kServer,       // stops, stalls or replaces the server
};

// The class of a command, given with its arguments: of some only a form is special (XREAD BLOCK,
// CLIENT REPLY). Names are compared as Redis does, without regard to case. REQUIRES: !args.empty().
CommandClass ClassOfCommand(absl::Span<const absl::string_view> args);

// OK for an ordinary command, else kUnsupported: why it cannot be run alone, and as a hint what to
// do instead. No argument appears in the message. REQUIRES: !args.empty().
absl::Status CheckRunsAlone(absl::Span<const absl::string_view> args);

}  // namespace redis_fdw

#endif  // REDIS_FDW_CORE_RESP_COMMAND_CLASS_H_
