// What pipeline_test.cc and pipeline_recovery_test.cc share: two fake nodes, and a network with
// faults.

#ifndef REDIS_FDW_CORE_EXEC_PIPELINE_FIXTURE_H_
#define REDIS_FDW_CORE_EXEC_PIPELINE_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/exec/pipeline.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"
#include "testing/fakes/fault_transport.h"
#include "testing/fakes/recording_sink.h"
#include "testing/fakes/resp.h"

namespace redis_fdw::test {

using Argv = FakeServer::Argv;
using Lines = std::vector<std::string>;

inline ConnectionSpec Spec(absl::string_view host) {
  ConnectionSpec spec;
  spec.endpoint.host = std::string(host);
  return spec;
}

// Keys that begin with "b" live on node 1, others on node 0.
class TwoNodes : public Router {
 public:
  absl::StatusOr<int> Route(const Command& command, bool) override {
    return absl::StartsWith(command.key(), "b") ? 1 : 0;
  }
  std::vector<int> Primaries() const override { return {0, 1}; }
  const ConnectionSpec& Spec(int node) const override { return node == 0 ? a_ : b_; }

 private:
  ConnectionSpec a_ = test::Spec("node-a");
  ConnectionSpec b_ = test::Spec("node-b");
};

// Answers with its name and what it was asked.
inline FakeServer::Handler Named(const std::string& name) {
  return [name](const Argv& argv) {
    if (argv[0] == "SILENT") return std::string();
    if (argv[0] == "FAIL") return test::Error("MOVED 7 node-c:1");
    if (argv[0] == "LIST") return absl::StrCat("*2\r\n", Bulk("1"), Bulk("2"));
    if (argv[0] == "BIG") return Bulk(std::string(1 << 20, 'x'));
    return Bulk(absl::StrCat(name, ":", argv.size() > 1 ? argv[1] : argv[0]));
  };
}

inline Command Get(absl::string_view key) {
  Command command("GET");
  command.Key(key).ReadOnly();
  return command;
}

inline Command Set(absl::string_view key) {
  Command command("SET");
  command.Key(key).Arg("v");
  return command;
}

class PipelineTest : public ::testing::Test {
 protected:
  PipelineTest() {
    network_.Add(Spec("node-a").endpoint, &a_);
    network_.Add(Spec("node-b").endpoint, &b_);
  }
  std::unique_ptr<Pipeline> NewPipeline() {
    return std::make_unique<Pipeline>(&pool_, std::make_shared<TwoNodes>(), limits_);
  }

  FakeServer a_{Named("a")};
  FakeServer b_{Named("b")};
  FakeTransportFactory network_;
  Faults faults_;
  FaultTransportFactory faulty_{&network_, &faults_};
  FakeWaiter waiter_;
  Pool pool_{&faulty_, &waiter_};
  PoolLimits limits_;
  RecordingSink sink_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_CORE_EXEC_PIPELINE_FIXTURE_H_
