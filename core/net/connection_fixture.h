// What connection_test.cc and connection_breakage_test.cc share: a connection to a fake server,
// through faults.

#ifndef REDIS_FDW_CORE_NET_CONNECTION_FIXTURE_H_
#define REDIS_FDW_CORE_NET_CONNECTION_FIXTURE_H_

#include <memory>
#include <string>
#include <vector>

#include "core/base/status.h"
#include "core/net/connection.h"
#include "gtest/gtest.h"
#include "testing/fakes/fake_server.h"
#include "testing/fakes/fake_waiter.h"
#include "testing/fakes/fault_transport.h"
#include "testing/fakes/recording_sink.h"
#include "testing/fakes/resp.h"

namespace redis_fdw::test {

using Argv = FakeServer::Argv;
using Lines = std::vector<std::string>;

inline std::string Echo(const Argv& argv) {
  if (argv[0] == "GET") return Bulk("value of " + argv[1]);
  if (argv[0] == "LIST") return Bulks({"a", "b", "c"});
  if (argv[0] == "SILENT") return "";
  if (argv[0] == "FAIL") return Error("ERR failed");
  return Ok();
}

class ConnectionTest : public ::testing::Test {
 protected:
  std::unique_ptr<Connection> NewConnection() {
    FaultTransportFactory network(&network_, &faults_);
    spec_.endpoint.host = "fake";
    return std::make_unique<Connection>(spec_, network.NewTransport(spec_).value(), waiter_.Now());
  }

  // Advances until nothing is outstanding (or, with none asked for, until ready).
  absl::Status Run(Connection* connection) {
    while (true) {
      ASSIGN_OR_RETURN(bool moved, connection->Advance(waiter_.Now()));
      if (connection->ready() && connection->outstanding() == 0) return absl::OkStatus();
      if (moved) continue;
      std::vector<FdInterest> interests;
      absl::Time deadline = absl::InfiniteFuture();
      connection->AppendInterest(&interests, &deadline);
      RETURN_IF_ERROR(waiter_.Wait(interests, deadline));
    }
  }

  FakeServer server_{&Echo};
  FakeTransportFactory network_{&server_};
  FakeWaiter waiter_;
  Faults faults_;
  ConnectionSpec spec_;
  RecordingSink sink_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_CORE_NET_CONNECTION_FIXTURE_H_
