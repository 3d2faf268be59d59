#include "core/resp/command_class.h"

#include <cstddef>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

// A command that is not ordinary. `hint` replaces that of its class.
struct Special {
  const char* name;
  const char* subcommand;  // empty: whatever comes after the name
  CommandClass command_class;
  const char* hint;
};

constexpr char kWaitHint[] =
    "It concerns earlier writes of its own connection, of which there are none.";
constexpr char kUserHint[] =
    "Options \"username\" and \"password\" of the user mapping say who connects.";
constexpr char kSelectHint[] =
    "A script reaches another database: EVAL with redis.call('SELECT', ...) in it.";

constexpr Special kSpecials[] = {
    {"BLPOP", "", CommandClass::kBlocking, "LPOP does the same without waiting."},
    {"BRPOP", "", CommandClass::kBlocking, "RPOP does the same without waiting."},
    {"BRPOPLPUSH", "", CommandClass::kBlocking, "RPOPLPUSH does the same without waiting."},
    {"BLMOVE", "", CommandClass::kBlocking, "LMOVE does the same without waiting."},
    {"BLMPOP", "", CommandClass::kBlocking, "LMPOP does the same without waiting."},
    {"BZPOPMIN", "", CommandClass::kBlocking, "ZPOPMIN does the same without waiting."},
    {"BZPOPMAX", "", CommandClass::kBlocking, "ZPOPMAX does the same without waiting."},
    {"BZMPOP", "", CommandClass::kBlocking, "ZMPOP does the same without waiting."},
    {"WAIT", "", CommandClass::kBlocking, kWaitHint},
    {"WAITAOF", "", CommandClass::kBlocking, kWaitHint},

    {"SUBSCRIBE", "", CommandClass::kSubscribing, nullptr},
    {"PSUBSCRIBE", "", CommandClass::kSubscribing, nullptr},
    {"SSUBSCRIBE", "", CommandClass::kSubscribing, nullptr},
    {"UNSUBSCRIBE", "", CommandClass::kSubscribing, nullptr},
    {"PUNSUBSCRIBE", "", CommandClass::kSubscribing, nullptr},
    {"SUNSUBSCRIBE", "", CommandClass::kSubscribing, nullptr},
    {"MONITOR", "", CommandClass::kSubscribing, "Use redis-cli MONITOR."},

    {"MULTI", "", CommandClass::kTransaction, nullptr},
    {"EXEC", "", CommandClass::kTransaction, nullptr},
    {"DISCARD", "", CommandClass::kTransaction, nullptr},
    {"WATCH", "", CommandClass::kTransaction, nullptr},
    {"UNWATCH", "", CommandClass::kTransaction, nullptr},

    {"AUTH", "", CommandClass::kSession, kUserHint},
    {"HELLO", "", CommandClass::kSession, kUserHint},
    {"SELECT", "", CommandClass::kSession, kSelectHint},
    {"RESET", "", CommandClass::kSession, nullptr},
    {"QUIT", "", CommandClass::kSession, nullptr},
    {"ASKING", "", CommandClass::kSession, nullptr},
    {"READONLY", "", CommandClass::kSession, nullptr},
    {"READWRITE", "", CommandClass::kSession, nullptr},
    {"CLIENT", "REPLY", CommandClass::kSession, nullptr},
    {"CLIENT", "TRACKING", CommandClass::kSession, nullptr},
    {"CLIENT", "CACHING", CommandClass::kSession, nullptr},
    {"SCRIPT", "DEBUG", CommandClass::kSession, "Use redis-cli --ldb."},

    {"SYNC", "", CommandClass::kReplication, nullptr},
    {"PSYNC", "", CommandClass::kReplication, nullptr},
    {"REPLCONF", "", CommandClass::kReplication, nullptr},

    {"FAILOVER", "", CommandClass::kServer, nullptr},
    {"SHUTDOWN", "", CommandClass::kServer, nullptr},
    {"DEBUG", "", CommandClass::kServer, nullptr},
};

// XREAD and XREADGROUP wait only if they say BLOCK, which comes before STREAMS; after it stand
// keys, and after GROUP two names, which may be any words.
bool SaysBlock(absl::Span<const absl::string_view> args) {
  for (size_t i = 1; i < args.size(); ++i) {
    if (absl::EqualsIgnoreCase(args[i], "STREAMS")) return false;
    if (absl::EqualsIgnoreCase(args[i], "BLOCK")) return true;
    if (absl::EqualsIgnoreCase(args[i], "COUNT")) i += 1;
    if (absl::EqualsIgnoreCase(args[i], "GROUP")) i += 2;
  }
  return false;
}

constexpr Special kReadingBlock[] = {
    {"XREAD", "BLOCK", CommandClass::kBlocking, "Without BLOCK it does not wait."},
    {"XREADGROUP", "BLOCK", CommandClass::kBlocking, "Without BLOCK it does not wait."},
};

// Null: it is ordinary.
const Special* FindSpecial(absl::Span<const absl::string_view> args) {
  for (const Special& special : kReadingBlock) {
    if (absl::EqualsIgnoreCase(args[0], special.name)) return SaysBlock(args) ? &special : nullptr;
  }
  for (const Special& special : kSpecials) {
    if (!absl::EqualsIgnoreCase(args[0], special.name)) continue;
    if (special.subcommand[0] == '\0') return &special;
    if (args.size() > 1 && absl::EqualsIgnoreCase(args[1], special.subcommand)) return &special;
  }
  return nullptr;
}

struct Reason {
  const char* why;
  const char* hint;
};

Reason ReasonOf(CommandClass command_class) {
  switch (command_class) {
    case CommandClass::kOrdinary:
      break;
    case CommandClass::kBlocking:
      return {"it waits for what other clients do", ""};
    case CommandClass::kSubscribing:
      return {"it makes the connection a stream of messages",
              "Subscribe with a client of Redis; PUBLISH can be run."};
    case CommandClass::kTransaction:
      return {"the connection is closed after one command, which is a transaction by itself",
              "Use EVAL to do several things at once."};
    case CommandClass::kSession:
      return {"it changes only its connection, which is closed after one command", ""};
    case CommandClass::kReplication:
      return {"it is spoken between servers", ""};
    case CommandClass::kServer:
      return {"it stops, stalls or replaces the server", "Use redis-cli for that."};
  }
  return {"", ""};
}

}  // namespace

CommandClass ClassOfCommand(absl::Span<const absl::string_view> args) {
  const Special* special = FindSpecial(args);
  return special == nullptr ? CommandClass::kOrdinary : special->command_class;
}

absl::Status CheckRunsAlone(absl::Span<const absl::string_view> args) {
  const Special* special = FindSpecial(args);
  if (special == nullptr) return absl::OkStatus();
  const Reason reason = ReasonOf(special->command_class);
  std::string shown = special->name;
  if (special->subcommand[0] != '\0') absl::StrAppend(&shown, " ", special->subcommand);
  return MakeError(ErrorKind::kUnsupported,
                   absl::StrCat("Redis command ", shown, " cannot be run alone: ", reason.why),
                   special->hint != nullptr ? special->hint : reason.hint);
}

}  // namespace redis_fdw
