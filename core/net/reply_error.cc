#include "core/net/reply_error.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/cord.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "core/resp/command.h"

namespace redis_fdw {
namespace {

constexpr size_t kMaxKeyShown = 200;
constexpr size_t kMaxTextShown = 500;

constexpr char kReplyPayload[] = "redis_fdw/reply";

constexpr char kGrantRight[] =
    "The Redis user lacks this right; Redis's ACL GETUSER shows what it may do.";
constexpr char kSetPassword[] =
    "Set options \"username\" and \"password\" of the user mapping to those of a Redis user.";

// What a code, the first word of an error reply, means.
struct Code {
  const char* code;
  ErrorKind kind;
  const char* hint;
};
constexpr Code kCodes[] = {
    {"WRONGTYPE", ErrorKind::kWrongType,
     "The key holds another Redis type than option \"table_type\" says; Redis's TYPE tells which."},
    {"NOAUTH", ErrorKind::kAuthentication, kSetPassword},
    {"WRONGPASS", ErrorKind::kAuthentication, kSetPassword},
    {"NOPERM", ErrorKind::kPermission, kGrantRight},
    {"LOADING", ErrorKind::kNotReady, "Redis is loading its data; try again when it has done so."},
    {"MASTERDOWN", ErrorKind::kNotReady, "The replica has lost its primary; try again later."},
    {"CLUSTERDOWN", ErrorKind::kNotReady, "The cluster does not serve requests; try again later."},
    {"TRYAGAIN", ErrorKind::kNotReady, "The keys are being moved; try again later."},
    {"BUSY", ErrorKind::kNotReady, "Redis is running a script; try again when it has ended."},
    {"READONLY", ErrorKind::kReadOnly,
     "The server is a replica; let option \"host_port\" name the primary."},
    {"MOVED", ErrorKind::kRedirect, "The key is served by another node of a Redis Cluster."},
    {"ASK", ErrorKind::kRedirect, "The key is being moved to another node of a Redis Cluster."},
    {"CROSSSLOT", ErrorKind::kUnsupported,
     "In a Redis Cluster keys are used together only if they share a hash tag, as in {tag}key."},
    {"NOSCRIPT", ErrorKind::kUnknownScript, ""},
    {"OOM", ErrorKind::kRemote, "Redis has reached its \"maxmemory\" and may not evict keys."},
    {"MISCONF", ErrorKind::kRemote,
     "Redis cannot save its data to disk and therefore refuses writes; its log says why."},
    {"NOREPLICAS", ErrorKind::kRemote,
     "Redis has fewer replicas than \"min-replicas-to-write\" and therefore refuses writes."},
    {"DENIED", ErrorKind::kConnectFailed,
     "Redis runs in protected mode: give it a password, or bind it to the loopback interface."},
};

// What texts without a code of their own ("ERR ...") mean; the first that is found counts.
struct Text {
  const char* text;
  ErrorKind kind;
  const char* hint;
};
constexpr Text kTexts[] = {
    {"ERR Protocol error: ", ErrorKind::kProtocol,
     "Redis did not get what was sent; see whether something on the way to it changes bytes."},
    {"max number of clients reached", ErrorKind::kConnectFailed,
     "Raise \"maxclients\" of Redis, or lower option \"pool_max_size\"."},
    {"without any password configured", ErrorKind::kAuthentication,
     "The server has no password; remove option \"password\" from the user mapping and server."},
    {"no password is set", ErrorKind::kAuthentication,
     "The server has no password; remove option \"password\" from the user mapping and server."},
    {"invalid password", ErrorKind::kAuthentication, kSetPassword},
    {"operation not permitted", ErrorKind::kAuthentication, kSetPassword},
    {"user executing the script can't", ErrorKind::kPermission, kGrantRight},
    {"DB index is out of range", ErrorKind::kInvalidOption,
     "Redis has 16 databases, from 0, unless its \"databases\" says otherwise; change option "
     "\"database\"."},
    {"invalid DB index", ErrorKind::kInvalidOption, "Change option \"database\"."},
    {"SELECT is not allowed in cluster mode", ErrorKind::kInvalidOption,
     "A Redis Cluster has only database 0; change option \"database\"."},
    {"unknown command", ErrorKind::kUnsupported,
     "The server is too old for this command, or the command was renamed."},
    {"unknown subcommand", ErrorKind::kUnsupported, "The server is too old for this command."},
};

// In double quotes, as PostgreSQL shows names; what is not printable is escaped.
std::string ShownKey(absl::string_view key) {
  std::string shown = QuoteArgument(key.substr(0, kMaxKeyShown));
  if (shown[0] != '"') shown = absl::StrCat("\"", shown, "\"");
  return absl::StrCat(shown, key.size() > kMaxKeyShown ? "..." : "");
}

// The server's text on one line of printable characters, without the arguments that it may repeat.
std::string ShownText(absl::string_view error) {
  error = error.substr(0, error.find(", with args beginning with"));
  std::string text(error.substr(0, kMaxTextShown));
  for (char& c : text) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return text;
}

}  // namespace

absl::Status ErrorFromReply(absl::string_view error, absl::string_view command,
                            absl::string_view key, const Endpoint& endpoint) {
  const absl::string_view code = error.substr(0, error.find(' '));
  ErrorKind kind = ErrorKind::kRemote;
  absl::string_view hint;
  for (const Code& known : kCodes) {
    if (code == known.code) {
      kind = known.kind;
      hint = known.hint;
    }
  }
  if (kind == ErrorKind::kRemote && hint.empty()) {
    for (const Text& known : kTexts) {
      if (absl::StrContains(error, known.text)) {
        kind = known.kind;
        hint = known.hint;
        break;
      }
    }
  }
  std::string message = absl::StrCat("Redis at ", endpoint.ToString(), " refused ", command);
  if (!key.empty()) absl::StrAppend(&message, " of key ", ShownKey(key));
  absl::StrAppend(&message, ": ", ShownText(error));
  absl::Status status = MakeError(kind, message, hint);
  // Redirects are short; of other replies the code is enough.
  status.SetPayload(kReplyPayload, absl::Cord(kind == ErrorKind::kRedirect ? error : code));
  return status;
}

std::string ReplyCode(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kReplyPayload);
  if (!payload.has_value()) return "";
  const std::string text(*payload);
  return text.substr(0, text.find(' '));
}

absl::optional<Redirect> ReplyRedirect(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kReplyPayload);
  if (!payload.has_value()) return absl::nullopt;
  const std::string text(*payload);
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  if (words.size() < 3 || (words[0] != "MOVED" && words[0] != "ASK")) return absl::nullopt;
  Redirect redirect;
  redirect.ask = words[0] == "ASK";
  const size_t colon = words[2].rfind(':');  // an IPv6 address is written without brackets
  if (colon == absl::string_view::npos) return absl::nullopt;
  redirect.host = std::string(words[2].substr(0, colon));
  if (redirect.host == "?") redirect.host.clear();
  const bool valid = absl::SimpleAtoi(words[1], &redirect.slot) &&
                     absl::SimpleAtoi(words[2].substr(colon + 1), &redirect.port) &&
                     redirect.slot >= 0 && redirect.slot < 16384 && redirect.port > 0 &&
                     redirect.port < 65536;
  if (!valid) return absl::nullopt;
  return redirect;
}

}  // namespace redis_fdw
