#include "core/net/handshake.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

// "7.0.15" as 70015; 0 if it is no version.
int ParseVersion(absl::string_view text) {
  int version = 0;
  int scale = 10000;
  for (absl::string_view part : absl::StrSplit(text, absl::MaxSplits('.', 2))) {
    int number = 0;
    // A development version may end in a word.
    part = part.substr(0, part.find_first_not_of("0123456789"));
    if (!absl::SimpleAtoi(part, &number)) return 0;
    version += (scale == 10000 ? number : (number > 99 ? 99 : number)) * scale;
    scale /= 100;
  }
  return version;
}

constexpr char kLibraryName[] = "redis_fdw";
constexpr char kLibraryVersion[] = "1.0";

// A name as CLIENT SETNAME takes it (https://redis.io/commands/client-setname/).
std::string ClientName(const std::string& wanted) {
  if (wanted.empty()) return kLibraryName;
  std::string name = wanted;
  for (char& c : name) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c))) c = '_';
  }
  return name;
}

}  // namespace

ServerInfo ParseServerInfo(absl::string_view info) {
  ServerInfo result;
  result.told = true;
  for (absl::string_view line : absl::StrSplit(info, '\n')) {
    line = absl::StripSuffix(line, "\r");
    const size_t colon = line.find(':');
    if (colon == absl::string_view::npos) continue;
    const absl::string_view name = line.substr(0, colon);
    const absl::string_view value = line.substr(colon + 1);
    if (name == "redis_version") {
      const int version = ParseVersion(value);
      if (version > 0) result.redis_version = version;
    } else if (name == "valkey_version") {
      result.valkey_version = std::max(ParseVersion(value), 0);
    } else if (name == "run_id") {
      result.run_id = std::string(value);
    } else if (name == "redis_mode" || name == "server_mode") {  // Valkey may say either
      result.cluster_enabled = value == "cluster";
      result.is_sentinel = value == "sentinel";
    }
  }
  return result;
}

Handshake::Handshake(const ConnectionSpec& spec) : spec_(spec) {
  if (!spec.username.empty()) {
    commands_.push_back(Command("AUTH").Arg(spec.username).Arg(spec.password));
  } else if (!spec.password.empty()) {
    commands_.push_back(Command("AUTH").Arg(spec.password));
  }
  if (spec.database != 0) commands_.push_back(Command("SELECT").ArgInt(spec.database));
  commands_.push_back(Command("INFO").Arg("server"));
  if (spec.check_role) commands_.push_back(Command("ROLE"));
  if (spec.readonly) commands_.push_back(Command("READONLY"));
  commands_.push_back(Command("CLIENT").Arg("SETNAME").Arg(ClientName(spec.client_name)));
  commands_.push_back(Command("CLIENT").Arg("SETINFO").Arg("LIB-NAME").Arg(kLibraryName));
  commands_.push_back(Command("CLIENT").Arg("SETINFO").Arg("LIB-VER").Arg(kLibraryVersion));
}

Handshake::Handshake(const ConnectionSpec& spec, const ServerInfo& known)
    : spec_(spec), server_info_(known) {
  commands_.push_back(Command("PING"));
}

absl::Status Handshake::OnElement(const ReplyElement& element) {
  if (element.type == ReplyType::kBulk && commands_[replies_].name() == "INFO") {
    server_info_ = ParseServerInfo(element.bytes);
  }
  // Its first element is master, slave or sentinel (https://redis.io/commands/role/).
  if (commands_[replies_].name() == "ROLE" && element.depth == 1 && element.index == 0 &&
      element.bytes != "master") {
    return MakeError(ErrorKind::kReadOnly,
                     absl::StrCat("Redis at ", spec_.endpoint.ToString(), " is no primary"),
                     "It may have been one before a failover.");
  }
  return absl::OkStatus();
}

absl::Status Handshake::OnEnd() {
  ++replies_;
  return absl::OkStatus();
}

absl::Status Handshake::OnError(const absl::Status& error) {
  const absl::string_view name = commands_[replies_].name();
  ++replies_;
  const ErrorInfo info = GetErrorInfo(error);
  // What comes in place of the first answer, whatever was asked: too many clients, protected mode.
  if (info.kind == ErrorKind::kConnectFailed) return error;
  if (name == "AUTH") {
    return MakeError(ErrorKind::kAuthentication, info.message,
                     info.hint.empty() ? "Check the options \"username\" and \"password\"."
                                       : absl::string_view(info.hint),
                     info.detail);
  }
  if (name == "SELECT") {
    if (info.kind != ErrorKind::kInvalidOption) return error;
    return MakeError(info.kind,
                     absl::StrCat("could not select database ", spec_.database, ": ", info.message),
                     info.hint, info.detail);
  }
  if (name == "INFO" &&
      (info.kind == ErrorKind::kAuthentication || info.kind == ErrorKind::kNotReady)) {
    return error;
  }
  return absl::OkStatus();
}

}  // namespace redis_fdw
