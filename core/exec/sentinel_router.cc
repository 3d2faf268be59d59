#include "core/exec/sentinel_router.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status.h"
#include "core/exec/cluster_topology.h"
#include "core/exec/discovery_errors.h"

namespace redis_fdw {
namespace {

absl::Status Malformed(const Endpoint& from, absl::string_view command) {
  return MakeError(ErrorKind::kProtocol,
                   absl::StrCat("the sentinel at ", from.ToString(), " answered ", command,
                                " with something that is not understood"));
}

// A replica of SENTINEL REPLICAS: names and values.
struct ReplicaEntry {
  absl::string_view host;
  absl::string_view port;
  bool readable = false;  // up, and in touch with its primary
};

ReplicaEntry ParseReplica(const Reply& reply) {
  ReplicaEntry entry;
  entry.readable = true;
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    const std::string& name = reply.elements[i].bytes;
    const absl::string_view value = reply.elements[i + 1].bytes;
    if (name == "ip") entry.host = value;
    if (name == "port") entry.port = value;
    if (name == "master-link-status" && value != "ok") entry.readable = false;
    if (name != "flags") continue;
    for (const absl::string_view flag : absl::StrSplit(value, ',')) {
      if (flag == "s_down" || flag == "o_down" || flag == "disconnected") entry.readable = false;
    }
  }
  return entry;
}

// What a sentinel refused for its credentials, which have options of their own.
absl::Status OfSentinels(const absl::Status& status) {
  if (GetErrorKind(status) != ErrorKind::kAuthentication) return status;
  return MakeError(
      ErrorKind::kAuthentication, GetErrorInfo(status).message,
      "Options \"sentinel_username\" and \"sentinel_password\" of the user mapping are "
      "for the sentinels; drop them if these have no password.");
}

// A primary that was demoted closes its connections, and would serve new ones as a replica does.
ConnectionSpec PrimaryChecked(ConnectionSpec base) {
  base.check_role = true;
  return base;
}

}  // namespace

constexpr absl::Duration SentinelRouter::kDoubtFor;
constexpr absl::Duration SentinelRouter::kCheckDoubted;
constexpr absl::Duration SentinelRouter::kAskOthers;
constexpr absl::Duration SentinelRouter::kLookForReplicasEvery;

SentinelRouter::SentinelRouter(const ConnectionSpec& base, const std::vector<Endpoint>& sentinels,
                               SentinelOptions options)
    : options_(std::move(options)), nodes_(PrimaryChecked(base), /*readonly_replicas=*/false) {
  for (const Endpoint& endpoint : sentinels) {
    ConnectionSpec spec = base;
    spec.endpoint = endpoint;
    spec.username = options_.username;
    spec.password = options_.password;
    spec.database = 0;
    spec.role = NodeRole::kSentinel;
    sentinels_.push_back(std::move(spec));
  }
}

// --- Routing ------------------------------------------------------------------------------------

absl::StatusOr<int> SentinelRouter::Route(const Command& command, bool primary_only) {
  if (primary_ < 0) {
    stale_ = true;
    return MakeError(ErrorKind::kNotReady,
                     absl::StrCat("the primary of \"", options_.master, "\" is not known"));
  }
  if (options_.read_from == ReadFrom::kPrimary || primary_only || !command.read_only()) {
    return primary_;
  }
  const absl::Time now = options_.now();
  for (size_t i = 0; i < replicas_.size(); ++i) {
    const int replica = replicas_[(options_.replica_choice + i) % replicas_.size()];
    if (!nodes_.Doubted(replica, now)) return replica;
  }
  if (options_.read_from == ReadFrom::kPreferReplica) {
    // There may be one by now.
    if (now >= refreshed_ + kLookForReplicasEvery) stale_ = true;
    return primary_;
  }
  stale_ = true;
  return MakeError(ErrorKind::kNotReady,
                   absl::StrCat("no replica of \"", options_.master, "\" can be reached"),
                   "Option \"read_from\" may be \"prefer_replica\".");
}

std::vector<int> SentinelRouter::Primaries() const {
  if (primary_ < 0) return {};
  return {primary_};
}

bool SentinelRouter::Doubt(int node) {
  nodes_.Doubt(node, options_.now() + kDoubtFor);
  stale_ = true;
  return true;
}

absl::StatusOr<Keyspace> SentinelRouter::LookAtKeyspace(const Discovery& discovery) {
  RETURN_IF_ERROR(Refresh(discovery));
  return Router::LookAtKeyspace(discovery);
}

// --- Discovery ----------------------------------------------------------------------------------

std::vector<Command> SentinelRouter::Questions() const {
  std::vector<Command> commands;
  commands.push_back(
      Command("SENTINEL").Arg("GET-MASTER-ADDR-BY-NAME").Arg(options_.master).ReadOnly());
  if (options_.read_from != ReadFrom::kPrimary) {
    commands.push_back(Command("SENTINEL").Arg("REPLICAS").Arg(options_.master).ReadOnly());
  }
  return commands;
}

absl::StatusOr<SentinelRouter::View> SentinelRouter::ViewOf(const NodeAnswer& answer,
                                                            const Endpoint& from) const {
  RETURN_IF_ERROR(OfSentinels(answer.status));
  const Reply& address = answer.replies[0];
  if (address.type == ReplyType::kError) {
    if (GetErrorKind(address.error) != ErrorKind::kUnsupported) return OfSentinels(address.error);
    return MakeError(ErrorKind::kInvalidOption,
                     absl::StrCat("Redis at ", from.ToString(), " is no sentinel"),
                     "With option \"mode\" \"sentinel\", \"host_port\" names the sentinels.");
  }
  if (address.type == ReplyType::kNil) {
    return MakeError(ErrorKind::kInvalidOption,
                     absl::StrCat("the sentinel at ", from.ToString(), " knows of no primary \"",
                                  options_.master, "\""),
                     "Set option \"sentinel_master\" to a name that SENTINEL MASTERS shows.");
  }
  int port = 0;
  if (address.elements.size() != 2 || !absl::SimpleAtoi(address.elements[1].bytes, &port)) {
    return Malformed(from, "SENTINEL GET-MASTER-ADDR-BY-NAME");
  }
  View view;
  ASSIGN_OR_RETURN(view.primary, NamedEndpoint(address.elements[0].bytes, port, from));
  if (answer.replies.size() == 1) return view;
  const Reply& replicas = answer.replies[1];
  if (replicas.type == ReplyType::kError) return replicas.error;
  if (!replicas.is_array()) return Malformed(from, "SENTINEL REPLICAS");
  for (const Reply& reply : replicas.elements) {
    const ReplicaEntry entry = ParseReplica(reply);
    if (!entry.readable) continue;
    if (!absl::SimpleAtoi(entry.port, &port)) return Malformed(from, "SENTINEL REPLICAS");
    ASSIGN_OR_RETURN(Endpoint replica, NamedEndpoint(entry.host, port, from));
    view.replicas.push_back(std::move(replica));
  }
  return view;
}

// Whether the server itself says that it is a primary.
absl::Status SentinelRouter::CheckPrimary(const Discovery& discovery, int node) {
  Discovery patient = discovery;
  if (nodes_.Doubted(node, options_.now())) {
    patient.deadline = std::min(patient.deadline, discovery.pool->waiter()->Now() + kCheckDoubted);
  }
  ASSIGN_OR_RETURN(const std::vector<NodeAnswer> answers,
                   AskAll(patient, {Spec(node)}, {Command("ROLE").ReadOnly()}));
  const NodeAnswer& answer = answers.front();
  const std::string what = absl::StrCat("sentinel names ", Spec(node).endpoint.ToString(),
                                        " as primary of \"", options_.master, "\", but it ");
  const absl::Status is_none = MakeError(ErrorKind::kNotReady, absl::StrCat(what, "is none"),
                                         "A failover may be under way; try again later.");
  if (!answer.status.ok()) {
    if (GetErrorKind(answer.status) == ErrorKind::kReadOnly) return is_none;
    if (!IsUnreachable(answer.status)) return answer.status;
    Doubt(node);
    const ErrorInfo why = GetErrorInfo(answer.status);
    return MakeError(ErrorKind::kNotReady, absl::StrCat(what, "cannot be reached: ", why.message),
                     why.hint, why.detail);
  }
  const Reply& role = answer.replies.front();
  if (role.type == ReplyType::kError) {
    // Who may not ask finds out by writing: a replica answers READONLY.
    if (GetErrorKind(role.error) == ErrorKind::kPermission) return absl::OkStatus();
    return role.error;
  }
  if (!role.elements.empty() && role.elements.front().bytes == "master") return absl::OkStatus();
  return is_none;
}

absl::Status SentinelRouter::Refresh(const Discovery& discovery) {
  if (!stale_) return absl::OkStatus();
  std::vector<ConnectionSpec> left = sentinels_;
  std::vector<absl::Status> errors;
  std::vector<int> refuted;  // primaries that were named and are none
  while (!left.empty()) {
    View view;
    const auto judge = [&](size_t place, const NodeAnswer& answer) {
      absl::StatusOr<View> said = ViewOf(answer, left[place].endpoint);
      if (said.ok()) {
        view = std::move(*said);
        return Verdict::kGood;
      }
      errors.push_back(said.status());
      return Verdict::kBad;
    };
    // The others matter only if they know better; not all have to be waited for.
    Discovery patient = discovery;
    if (!refuted.empty()) {
      patient.deadline = std::min(patient.deadline, discovery.pool->waiter()->Now() + kAskOthers);
    }
    ASSIGN_OR_RETURN(const absl::optional<size_t> taken,
                     AskFirst(patient, left, Questions(), judge));
    if (!taken.has_value()) break;
    const ConnectionSpec sentinel = left[*taken];
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(*taken));
    ASSIGN_OR_RETURN(const int primary, nodes_.Number(view.primary, NodeRole::kPrimary));
    if (std::find(refuted.begin(), refuted.end(), primary) != refuted.end()) continue;
    const absl::Status checked = CheckPrimary(discovery, primary);
    if (checked.ok()) {
      const auto same = [&](const ConnectionSpec& s) { return s.endpoint == sentinel.endpoint; };
      std::stable_partition(sentinels_.begin(), sentinels_.end(), same);
      RETURN_IF_ERROR(Adopt(view, primary));
      refreshed_ = discovery.pool->waiter()->Now();
      stale_ = false;
      return absl::OkStatus();
    }
    if (GetErrorKind(checked) == ErrorKind::kHost) return checked;
    refuted.push_back(primary);
    errors.push_back(checked);
  }
  return SumUp(errors, sentinels_.size(), "sentinel",
               "Option \"host_port\" names the sentinels; one that is alive is enough.");
}

absl::Status SentinelRouter::Adopt(const View& view, int primary) {
  std::vector<int> replicas;
  for (const Endpoint& endpoint : view.replicas) {
    ASSIGN_OR_RETURN(const int replica, nodes_.Number(endpoint, NodeRole::kReplica));
    replicas.push_back(replica);
  }
  // In an order that stays, so that this session goes on reading where it did.
  std::sort(replicas.begin(), replicas.end());
  ViewChanged();
  primary_ = primary;
  replicas_ = std::move(replicas);
  return absl::OkStatus();
}

}  // namespace redis_fdw
