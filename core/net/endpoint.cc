#include "core/net/endpoint.h"

#include <sys/un.h>

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"

namespace redis_fdw {
namespace {

constexpr char kForms[] =
    "Write host, host:port, [IPv6 address]:port, redis://host:port, rediss://host:port or "
    "unix:///path, several separated by commas.";

absl::Status Invalid(absl::string_view part, absl::string_view why,
                     absl::string_view hint = kForms) {
  return MakeError(ErrorKind::kInvalidOption,
                   absl::StrCat("invalid host_port \"", part, "\": ", why), hint);
}

// What looks like credentials is refused before anything is quoted. The whole text counts, since a
// password may hold commas. A unix socket's path may hold an @.
absl::Status RefuseCredentials(absl::string_view text) {
  if (!absl::StrContains(text, '@')) return absl::OkStatus();
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (absl::StartsWithIgnoreCase(part, "unix://")) continue;
    return MakeError(ErrorKind::kInvalidOption, "host_port must not contain credentials",
                     "Set options \"username\" and \"password\" of the user mapping.");
  }
  return absl::OkStatus();
}

absl::StatusOr<int> ParsePort(absl::string_view part, absl::string_view digits) {
  int port = 0;
  bool valid = !digits.empty() && digits.size() <= 5;
  for (char c : digits) valid = valid && absl::ascii_isdigit(static_cast<unsigned char>(c));
  if (!valid || !absl::SimpleAtoi(digits, &port) || port < 1 || port > 65535) {
    return Invalid(part, absl::StrCat("\"", digits, "\" is not a port"),
                   "Use a port from 1 to 65535.");
  }
  return port;
}

// `address` is part of `part` without the scheme: host, host:port, [v6], [v6]:port.
absl::StatusOr<Endpoint> ParseAddress(absl::string_view part, absl::string_view address) {
  Endpoint endpoint;
  absl::string_view port;
  bool has_port = false;
  if (absl::ConsumePrefix(&address, "[")) {
    const size_t close = address.find(']');
    if (close == absl::string_view::npos) return Invalid(part, "\"[\" without \"]\"");
    absl::string_view rest = address.substr(close + 1);
    address = address.substr(0, close);
    if (!absl::StrContains(address, ':')) {
      return Invalid(part, "only an IPv6 address is written in brackets");
    }
    has_port = absl::ConsumePrefix(&rest, ":");
    port = rest;
    if (!has_port && !rest.empty()) return Invalid(part, "only a port can follow \"]\"");
  } else {
    const size_t colon = address.find(':');
    has_port = colon != absl::string_view::npos;
    if (has_port) {
      port = address.substr(colon + 1);
      address = address.substr(0, colon);
      if (absl::StrContains(port, ':')) {
        return Invalid(part, "an IPv6 address must be written in brackets", "Like [::1]:6379.");
      }
    }
  }
  if (address.empty()) return Invalid(part, "the host is missing");
  for (char c : address) {
    if (!absl::ascii_isgraph(static_cast<unsigned char>(c)) || absl::StrContains("/\\?#[]\"", c)) {
      return Invalid(part, "the host contains a character that no host has");
    }
  }
  endpoint.host = std::string(address);
  if (has_port) {
    ASSIGN_OR_RETURN(endpoint.port, ParsePort(part, port));
  }
  return endpoint;
}

absl::StatusOr<Endpoint> ParseUnix(absl::string_view part, absl::string_view path) {
  if (!absl::StartsWith(path, "/")) return Invalid(part, "the path must be absolute");
  if (path.size() >= sizeof(sockaddr_un::sun_path)) {
    return Invalid(part, absl::StrCat("the path of a unix socket has at most ",
                                      sizeof(sockaddr_un::sun_path) - 1, " bytes"));
  }
  Endpoint endpoint;
  endpoint.unix_socket = std::string(path);
  return endpoint;
}

absl::StatusOr<Endpoint> ParseOne(absl::string_view part) {
  // A query may hold a password, as in ?password=...; it is not quoted.
  const size_t query = part.find('?');
  if (query != absl::string_view::npos) {
    return Invalid(part.substr(0, query), "a query is not taken",
                   "Database, user and password have options of their own.");
  }
  const size_t scheme_end = part.find("://");
  if (scheme_end == absl::string_view::npos) return ParseAddress(part, part);
  const absl::string_view scheme = part.substr(0, scheme_end);
  absl::string_view rest = part.substr(scheme_end + 3);
  if (absl::EqualsIgnoreCase(scheme, "unix")) return ParseUnix(part, rest);
  const bool tls = absl::EqualsIgnoreCase(scheme, "rediss");
  if (!tls && !absl::EqualsIgnoreCase(scheme, "redis")) {
    return Invalid(part, absl::StrCat("unknown scheme \"", scheme, "\""));
  }
  rest = absl::StripSuffix(rest, "/");
  if (absl::StrContains(rest, '/')) {
    return Invalid(part, "a path is not taken",
                   "The database number has an option of its own, \"database\".");
  }
  ASSIGN_OR_RETURN(Endpoint endpoint, ParseAddress(part, rest));
  endpoint.tls = tls;
  return endpoint;
}

}  // namespace

std::string Endpoint::ToString() const {
  if (is_unix()) return absl::StrCat("unix://", unix_socket);
  if (absl::StrContains(host, ':')) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<std::vector<Endpoint>> ParseHostPort(absl::string_view text) {
  RETURN_IF_ERROR(RefuseCredentials(text));
  std::vector<Endpoint> endpoints;
  for (absl::string_view part : absl::StrSplit(text, ',')) {
    part = absl::StripAsciiWhitespace(part);
    if (part.empty()) return Invalid(text.substr(0, text.find('?')), "an address is missing");
    ASSIGN_OR_RETURN(Endpoint endpoint, ParseOne(part));
    endpoints.push_back(std::move(endpoint));
  }
  return endpoints;
}

}  // namespace redis_fdw
