#include "core/exec/cluster_topology.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "core/base/status.h"
#include "core/exec/keyspace.h"

namespace redis_fdw {
namespace {

// A cluster has 1000 nodes in practice, and at most one for each slot that serves any.
constexpr size_t kMaxLines = 20000;
constexpr size_t kMaxHost = 255;
constexpr size_t kMaxId = 64;

absl::Status Malformed(absl::string_view command, const Endpoint& from, absl::string_view why) {
  return MakeError(ErrorKind::kProtocol,
                   absl::StrCat("Redis at ", from.ToString(), " answered ", command,
                                " with something that is not understood: ", why));
}

bool ValidHost(absl::string_view host) {
  return !host.empty() && host.size() <= kMaxHost &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return absl::ascii_isgraph(static_cast<unsigned char>(c)); });
}

bool ValidSlots(int64_t first, int64_t last) {
  return first >= 0 && first <= last && last < kSlots;
}

// --- CLUSTER SLOTS ------------------------------------------------------------------------------

// The value of `name` in a flat array of names and values.
absl::string_view Metadata(const Reply& reply, absl::string_view name) {
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    if (reply.elements[i].bytes == name) return reply.elements[i + 1].bytes;
  }
  return "";
}

// [host, port, id, [name, value ...]]; the last two may be absent.
absl::StatusOr<NamedNode> ParseNode(const Reply& reply, const Endpoint& from) {
  const std::vector<Reply>& parts = reply.elements;
  if (!reply.is_array() || parts.size() < 2 || parts[1].type != ReplyType::kInteger ||
      !(parts[0].is_text() || parts[0].type == ReplyType::kNil)) {
    return Malformed("CLUSTER SLOTS", from, "a node is no host and port");
  }
  NamedNode node;
  absl::string_view host = parts[0].bytes;
  // It is to be known by its name, which it has not been told; its address may be known.
  if (host == "?" && parts.size() > 3) host = Metadata(parts[3], "ip");
  ASSIGN_OR_RETURN(node.endpoint, NamedEndpoint(host, parts[1].integer, from));
  if (parts.size() > 2 && parts[2].bytes.size() <= kMaxId) node.id = parts[2].bytes;
  return node;
}

absl::StatusOr<SlotRange> ParseRange(const Reply& reply, const Endpoint& from) {
  const std::vector<Reply>& parts = reply.elements;
  if (!reply.is_array() || parts.size() < 3 || parts[0].type != ReplyType::kInteger ||
      parts[1].type != ReplyType::kInteger || !ValidSlots(parts[0].integer, parts[1].integer)) {
    return Malformed("CLUSTER SLOTS", from, "no range of slots");
  }
  SlotRange range;
  range.first = static_cast<int>(parts[0].integer);
  range.last = static_cast<int>(parts[1].integer);
  ASSIGN_OR_RETURN(range.primary, ParseNode(parts[2], from));
  for (size_t i = 3; i < parts.size(); ++i) {
    ASSIGN_OR_RETURN(NamedNode replica, ParseNode(parts[i], from));
    range.replicas.push_back(std::move(replica));
  }
  return range;
}

// --- CLUSTER NODES ------------------------------------------------------------------------------

// "ip:port@busport,hostname,...": the address without the rest. False if the node has none.
bool ParseAddress(absl::string_view text, absl::string_view* host, int* port) {
  text = text.substr(0, text.find_first_of("@,"));
  const size_t colon = text.rfind(':');  // an IPv6 address is written without brackets
  if (colon == absl::string_view::npos) return false;
  *host = text.substr(0, colon);
  return absl::SimpleAtoi(text.substr(colon + 1), port) && *port > 0;
}

// "5", "0-5460", "[93->-id]" or "[93-<-id]".
bool ParseSlotWord(absl::string_view word, NodeLine* line) {
  int first = 0;
  if (absl::ConsumePrefix(&word, "[")) {
    if (!absl::ConsumeSuffix(&word, "]")) return false;
    const size_t dash = word.find('-');
    if (dash == absl::string_view::npos || !absl::SimpleAtoi(word.substr(0, dash), &first) ||
        !ValidSlots(first, first)) {
      return false;
    }
    absl::string_view id = word.substr(dash);
    const bool leaves = absl::ConsumePrefix(&id, "->-");
    if (!leaves && !absl::ConsumePrefix(&id, "-<-")) return false;
    if (id.empty() || id.size() > kMaxId) return false;
    (leaves ? line->migrating : line->importing).emplace_back(first, std::string(id));
    return true;
  }
  const std::pair<absl::string_view, absl::string_view> ends =
      absl::StrSplit(word, absl::MaxSplits('-', 1));
  int last = 0;
  if (!absl::SimpleAtoi(ends.first, &first)) return false;
  if (!absl::StrContains(word, '-')) {
    last = first;
  } else if (!absl::SimpleAtoi(ends.second, &last)) {
    return false;
  }
  if (!ValidSlots(first, last)) return false;
  line->slots.emplace_back(first, last);
  return true;
}

// id address flags primary ping pong epoch link slot...
absl::StatusOr<NodeLine> ParseLine(absl::string_view text, const Endpoint& from) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ', absl::SkipEmpty());
  NodeLine line;
  if (words.size() < 8 || words[0].size() > kMaxId || !absl::SimpleAtoi(words[6], &line.epoch)) {
    return Malformed("CLUSTER NODES", from, "a line lacks its parts");
  }
  line.node.id = std::string(words[0]);
  for (absl::string_view flag : absl::StrSplit(words[2], ',')) {
    line.myself = line.myself || flag == "myself";
    line.primary = line.primary || flag == "master";
    line.failed = line.failed || flag == "fail";
  }
  absl::string_view host;
  int port = 0;
  line.has_address = !absl::StrContains(words[2], "noaddr") &&
                     !absl::StrContains(words[2], "handshake") &&
                     ParseAddress(words[1], &host, &port);
  if (line.has_address) {
    // A certificate names hosts rather than addresses.
    const std::vector<absl::string_view> names = absl::StrSplit(words[1], ',');
    if (from.tls && names.size() > 1 && !names[1].empty()) host = names[1];
    ASSIGN_OR_RETURN(line.node.endpoint, NamedEndpoint(host, port, from));
  }
  for (size_t i = 8; i < words.size(); ++i) {
    if (!ParseSlotWord(words[i], &line)) return Malformed("CLUSTER NODES", from, "no slot");
  }
  std::sort(line.slots.begin(), line.slots.end());
  return line;
}

}  // namespace

absl::StatusOr<Endpoint> NamedEndpoint(absl::string_view host, int64_t port, const Endpoint& from) {
  Endpoint endpoint;
  endpoint.tls = from.tls;
  if (host.empty() || host == "?") {
    host = from.is_unix() ? absl::string_view("127.0.0.1") : absl::string_view(from.host);
  }
  if (!ValidHost(host) || port < 1 || port > 65535) {
    return MakeError(ErrorKind::kProtocol,
                     absl::StrCat("Redis at ", from.ToString(),
                                  " named another node by something that is no host and port"),
                     "The nodes' \"port\", \"tls-port\" and \"cluster-announce-...\" decide it.");
  }
  endpoint.host = std::string(host);
  endpoint.port = static_cast<int>(port);
  return endpoint;
}

absl::StatusOr<std::vector<SlotRange>> ParseClusterSlots(const Reply& reply, const Endpoint& from) {
  if (!reply.is_array()) return Malformed("CLUSTER SLOTS", from, "no array");
  if (reply.elements.size() > kSlots) return Malformed("CLUSTER SLOTS", from, "too many ranges");
  std::vector<SlotRange> ranges;
  for (const Reply& element : reply.elements) {
    ASSIGN_OR_RETURN(SlotRange range, ParseRange(element, from));
    ranges.push_back(std::move(range));
  }
  return ranges;
}

absl::StatusOr<std::vector<NodeLine>> ParseClusterNodes(const Reply& reply, const Endpoint& from) {
  if (!reply.is_text()) return Malformed("CLUSTER NODES", from, "no text");
  std::vector<NodeLine> lines;
  for (absl::string_view text : absl::StrSplit(reply.bytes, '\n')) {
    text = absl::StripAsciiWhitespace(text);
    if (text.empty()) continue;
    if (lines.size() == kMaxLines) return Malformed("CLUSTER NODES", from, "too many lines");
    ASSIGN_OR_RETURN(NodeLine line, ParseLine(text, from));
    lines.push_back(std::move(line));
  }
  const auto own =
      std::count_if(lines.begin(), lines.end(), [](const NodeLine& line) { return line.myself; });
  if (own != 1) return Malformed("CLUSTER NODES", from, "not exactly one node is itself");
  return lines;
}

}  // namespace redis_fdw
