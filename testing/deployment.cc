#include "testing/deployment.h"

#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"

namespace redis_fdw::test {
namespace {

// Follows "ports", of all primaries. redis-cli -c follows MOVED.
constexpr char kClusterCli[] = R"sh(
set -f
run() {
  redis-cli -c -p "${ports%% *}" "$@"
}
each_primary() {
  for port in $ports; do redis-cli -p "$port" "$@"; done
}
total() {
  awk '{ sum += $1 } END { print sum + 0 }'
}
case "$1" in
  KEYS) each_primary "$@" | grep -v '^$' || echo ;;
  DBSIZE) each_primary "$@" | total ;;
  FLUSHALL) each_primary "$@" | head -n 1 ;;
  DEL | EXISTS)
    command=$1
    shift
    for key; do run "$command" "$key"; done | total
    ;;
  MGET)
    shift
    for key; do run GET "$key"; done
    ;;
  MSET)
    shift
    while [ $# -gt 0 ]; do
      run SET "$1" "$2" > /dev/null
      shift 2
    done
    echo OK
    ;;
  *) run "$@" ;;
esac
)sh";

// Longer than any test. Nobody dies here, and a cluster whose nodes take one for dead that answers
// late on a busy machine refuses commands, though none is replaced.
constexpr int kNeverMs = 3600 * 1000;

// Not from the start, since that makes a cluster wait for longer until it serves.
absl::Status NeverGoDown(RedisCluster& cluster) {
  for (int i = 0; i < cluster.size(); ++i) {
    const RedisReply reply =
        cluster.node(i).Command({"CONFIG", "SET", "cluster-node-timeout", absl::StrCat(kNeverMs)});
    if (reply.is_error()) return absl::InternalError(reply.text);
  }
  return cluster.WaitUntilOk();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Deployment>> Deployment::Start(const std::string& kind) {
  std::unique_ptr<Deployment> deployment(new Deployment(kind));
  if (absl::Status status = deployment->StartServers(); !status.ok()) return status;
  if (absl::Status status = deployment->WriteCli(); !status.ok()) return status;
  return deployment;
}

absl::Status Deployment::StartServers() {
  const auto keep = [](auto started, auto* place) {
    if (started.ok()) *place = *std::move(started);
    return started.status();
  };
  if (kind_ == "sentinel") return keep(RedisSentinel::Start(), &sentinel_);
  if (kind_ == "cluster") {
    if (absl::Status status = keep(RedisCluster::Start(), &cluster_); !status.ok()) return status;
    return NeverGoDown(*cluster_);
  }
  RedisOptions options;
  options.tcp = kind_ == "tcp" || kind_ == "unix";
  options.tls = kind_ == "tls";
  if (!options.tcp && !options.tls) {
    return absl::InvalidArgumentError(absl::StrCat("unknown deployment ", kind_));
  }
  return keep(RedisServer::Start(options), &server_);
}

std::vector<RedisServer*> Deployment::servers() const {
  std::vector<RedisServer*> all;
  if (server_ != nullptr) all.push_back(server_.get());
  for (int i = 0; sentinel_ != nullptr && i < sentinel_->nodes(); ++i) {
    all.push_back(&sentinel_->node(i));
  }
  for (int i = 0; sentinel_ != nullptr && i < sentinel_->sentinels(); ++i) {
    all.push_back(&sentinel_->sentinel(i));
  }
  for (int i = 0; cluster_ != nullptr && i < cluster_->size(); ++i) {
    all.push_back(&cluster_->node(i));
  }
  return all;
}

std::string Deployment::host_port() const {
  if (sentinel_ != nullptr) return sentinel_->host_port();
  if (cluster_ != nullptr) return cluster_->host_port();
  if (kind_ == "unix") return absl::StrCat("unix://", server_->unix_socket());
  return kind_ == "tls" ? server_->tls_host_port() : server_->host_port();
}

std::string Deployment::server_options() const {
  std::string options = absl::StrCat("host_port '", host_port(), "'");
  if (kind_ == "tls") {
    absl::StrAppend(&options, ", tls_ca_file '", server_->authority().ca_file(), "'");
  }
  if (sentinel_ != nullptr) {
    absl::StrAppend(&options, ", mode 'sentinel', sentinel_master '", sentinel_->master(), "'");
  }
  return options;
}

std::vector<std::string> Deployment::addresses() const {
  std::vector<std::string> all = {host_port()};
  for (const RedisServer* server : servers()) {
    all.push_back(absl::StrCat("unix://", server->unix_socket()));
    if (server->port() != 0) all.push_back(server->host_port());
    if (server->tls_port() == 0) continue;
    all.push_back(server->tls_host_port());
    all.push_back(absl::StrCat("127.0.0.1:", server->tls_port()));
  }
  return all;
}

absl::Status Deployment::WriteCli() const {
  std::string script = "#!/bin/sh\n";
  if (cluster_ == nullptr) {
    RedisServer& server = sentinel_ != nullptr ? sentinel_->node(0) : *server_;
    absl::StrAppend(&script, "exec redis-cli -s ", server.unix_socket(), " \"$@\"\n");
  } else {
    absl::StrAppend(&script, "ports='");
    for (int i : cluster_->Primaries()) absl::StrAppend(&script, cluster_->node(i).port(), " ");
    absl::StrAppend(&script, "'", kClusterCli);
  }
  if (absl::Status status = WriteFile(cli(), script); !status.ok()) return status;
  std::filesystem::permissions(cli(), std::filesystem::perms::owner_all);
  return absl::OkStatus();
}

}  // namespace redis_fdw::test
