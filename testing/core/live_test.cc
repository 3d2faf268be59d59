// core's pipeline, pool and sockets against a real Redis.

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/status.h"
#include "core/exec/pipeline.h"
#include "gtest/gtest.h"
#include "testing/fakes/recording_sink.h"
#include "testing/redis_server.h"

namespace redis_fdw {
namespace {

using test::RecordingSink;
using test::RedisOptions;
using test::RedisServer;
using Lines = std::vector<std::string>;

// Counts elements, remembers none; full after every `step` of them until Resume().
class CountingSink : public ReplySink {
 public:
  absl::Status OnElement(const ReplyElement& element) override {
    ++elements;
    bytes += element.bytes.size();
    return absl::OkStatus();
  }
  absl::Status OnEnd() override {
    ended = true;
    return absl::OkStatus();
  }
  bool Full() const override { return elements >= full_at; }
  size_t elements = 0;
  size_t bytes = 0;
  size_t full_at = SIZE_MAX;
  bool ended = false;
};

class LiveTest : public testing::Test {
 protected:
  void StartServer(RedisOptions options = {}) {
    options.tcp = true;
    absl::StatusOr<std::unique_ptr<RedisServer>> server = RedisServer::Start(options);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = std::move(server).value();
    spec_.endpoint.unix_socket = server_->unix_socket();
  }
  void UseTcp(absl::string_view host) {
    spec_.endpoint = Endpoint();
    spec_.endpoint.host = std::string(host);
    spec_.endpoint.port = server_->port();
  }
  std::unique_ptr<Pipeline> NewPipeline() {
    return std::make_unique<Pipeline>(&pool_, std::make_shared<StandaloneRouter>(spec_), limits_);
  }
  // Runs one command to its end.
  absl::Status Run(const Command& command) {
    std::unique_ptr<Pipeline> pipeline = NewPipeline();
    sink_ = RecordingSink();
    RETURN_IF_ERROR(pipeline->Submit(command, &sink_));
    return pipeline->Drain();
  }

  std::unique_ptr<RedisServer> server_;
  PollWaiter waiter_;
  Pool pool_{SocketTransportFactory(), &waiter_};
  PoolLimits limits_;
  ConnectionSpec spec_;
  RecordingSink sink_;
};

TEST_F(LiveTest, EveryWayOfConnecting) {
  RedisOptions options;
  options.ipv6 = true;
  StartServer(options);
  ASSERT_TRUE(Run(Command("SET").Key("k").Arg(absl::string_view("a\0\r\nb", 5))).ok());
  for (const char* host : {"", "127.0.0.1", "localhost", "::1"}) {
    if (*host != '\0') UseTcp(host);
    absl::Status status = Run(Command("GET").Key("k").ReadOnly());
    ASSERT_TRUE(status.ok()) << host << ": " << status;
    EXPECT_EQ(sink_.values, Lines{std::string("a\0\r\nb", 5)});
  }
}

TEST_F(LiveTest, ServerInfoAndName) {
  StartServer();
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  absl::StatusOr<const ServerInfo*> info = pipeline->ServerFor(Command("PING"));
  ASSERT_TRUE(info.ok()) << info.status();
  EXPECT_TRUE((*info)->AtLeast(6, 0));
  EXPECT_EQ((*info)->run_id.size(), 40u);
  EXPECT_FALSE((*info)->cluster_enabled);
  EXPECT_TRUE(absl::StrContains(server_->Cli({"CLIENT", "LIST"}), "name=redis_fdw"));
}

TEST_F(LiveTest, Authentication) {
  RedisOptions options;
  options.password = "opens-sesame";
  options.users = {"alice on >hers ~* +@all", "bob on nopass ~* +get"};
  StartServer(options);
  EXPECT_EQ(GetErrorKind(Run(Command("PING"))), ErrorKind::kAuthentication);
  spec_.password = "wrong-one";
  absl::Status status = Run(Command("PING"));
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kAuthentication);
  EXPECT_FALSE(absl::StrContains(status.ToString(), "wrong-one"));
  spec_.password = "opens-sesame";
  EXPECT_TRUE(Run(Command("PING")).ok());
  spec_.username = "alice";
  EXPECT_EQ(GetErrorKind(Run(Command("PING"))), ErrorKind::kAuthentication);
  spec_.password = "hers";
  EXPECT_TRUE(Run(Command("PING")).ok());
  // INFO and CLIENT are forbidden to bob; GET is not.
  spec_.username = "bob";
  spec_.password = "";
  status = Run(Command("GET").Key("k").ReadOnly());
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(GetErrorKind(Run(Command("SET").Key("k").Arg("v"))), ErrorKind::kPermission);
}

TEST_F(LiveTest, NeedlessPassword) {
  StartServer();
  spec_.password = "needless";
  const ErrorInfo info = GetErrorInfo(Run(Command("PING")));
  EXPECT_EQ(info.kind, ErrorKind::kAuthentication);
  EXPECT_TRUE(absl::StrContains(info.hint, "has no password")) << info.hint;
}

TEST_F(LiveTest, Databases) {
  StartServer();
  spec_.database = 3;
  ASSERT_TRUE(Run(Command("SET").Key("only-in-3").Arg("v")).ok());
  spec_.database = 0;
  ASSERT_TRUE(Run(Command("EXISTS").Key("only-in-3").ReadOnly()).ok());
  EXPECT_EQ(sink_.values, Lines{"0"});
  spec_.database = 99;
  absl::Status status = Run(Command("PING"));
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidOption);
  EXPECT_TRUE(absl::StrContains(status.message(), "database 99")) << status;
}

TEST_F(LiveTest, ErrorReplies) {
  StartServer();
  ASSERT_TRUE(Run(Command("SET").Key("k").Arg("v")).ok());
  EXPECT_EQ(GetErrorKind(Run(Command("HGETALL").Key("k").ReadOnly())), ErrorKind::kWrongType);
  EXPECT_EQ(GetErrorKind(Run(Command("NOSUCH").Arg("secret"))), ErrorKind::kUnsupported);
  EXPECT_EQ(pool_.idle(), 1u);
}

// Requests and replies that together exceed every socket buffer: who only wrote would deadlock
// here.
TEST_F(LiveTest, PipelineLargerThanTheBuffersBothWays) {
  StartServer();
  const std::string value(100000, 'v');
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  CountingSink sink;
  for (int i = 0; i < 500; ++i) {
    ASSERT_TRUE(pipeline->Submit(Command("ECHO").Arg(value).ReadOnly(), &sink).ok());
  }
  absl::Status status = pipeline->Drain();
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(sink.bytes, 500 * value.size());
}

TEST_F(LiveTest, LargeReplyInBoundedSteps) {
  StartServer();
  const int kFields = 200000;
  {
    std::unique_ptr<Pipeline> pipeline = NewPipeline();
    CountingSink sink;
    for (int i = 0; i < kFields; i += 1000) {
      Command hset("HSET");
      hset.Key("h");
      for (int j = i; j < i + 1000; ++j) hset.ArgInt(j).ArgInt(j);
      ASSERT_TRUE(pipeline->Submit(hset, &sink).ok());
    }
    ASSERT_TRUE(pipeline->Drain().ok());
  }
  std::unique_ptr<Pipeline> pipeline = NewPipeline();
  CountingSink sink;
  sink.full_at = 1000;
  ASSERT_TRUE(pipeline->Submit(Command("HGETALL").Key("h").ReadOnly(), &sink).ok());
  int batches = 0;
  while (!sink.ended) {
    ASSERT_TRUE(pipeline->RunUntil([&] { return sink.Full() || sink.ended; }).ok());
    // What overshoots is what one chunk of input held.
    EXPECT_LT(sink.elements, sink.full_at + ReplyDecoder::kChunk / 7);
    ++batches;
    sink.full_at = sink.elements + 1000;
  }
  EXPECT_EQ(sink.elements, 2u * kFields + 1);
  EXPECT_GT(batches, 50);
  // Stopping early costs the connection, not the time; a busy machine may be late once.
  absl::Duration least = absl::InfiniteDuration();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pipeline->Submit(Command("HGETALL").Key("h").ReadOnly(), &sink).ok());
    ASSERT_TRUE(pipeline->Flush().ok());
    const absl::Time begin = absl::Now();
    pipeline->Abandon();
    least = std::min(least, absl::Now() - begin);
  }
  EXPECT_LT(least, absl::Seconds(1));
  EXPECT_TRUE(Run(Command("PING")).ok());
}

TEST_F(LiveTest, SilentServerMeetsTheDeadline) {
  StartServer();
  ASSERT_TRUE(Run(Command("PING")).ok());
  const ConnectionSpec patient = spec_;
  spec_.command_timeout = absl::Milliseconds(200);
  spec_.connect_timeout = absl::Milliseconds(300);
  server_->Stop();
  absl::Time begin = absl::Now();
  absl::Status status = Run(Command("GET").Key("k").ReadOnly());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kTimeout) << status;
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(200));
  EXPECT_LT(absl::Now() - begin, absl::Seconds(5));
  // A new connection is accepted by the kernel, and gets no further.
  begin = absl::Now();
  status = Run(Command("GET").Key("k").ReadOnly());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed) << status;
  EXPECT_GE(absl::Now() - begin, absl::Milliseconds(300));
  server_->Continue();
  spec_ = patient;
  EXPECT_TRUE(Run(Command("PING")).ok());
}

TEST_F(LiveTest, RestartBetweenStatementsIsNotNoticed) {
  StartServer();
  for (const bool tcp : {false, true}) {
    if (tcp) UseTcp("127.0.0.1");
    ASSERT_TRUE(Run(Command("PING")).ok());
    ASSERT_GE(pool_.idle(), 1u);
    ASSERT_TRUE(server_->Restart().ok());
    absl::Status status = Run(Command("SET").Key("k").Arg("v"));
    EXPECT_TRUE(status.ok()) << status;
  }
}

TEST_F(LiveTest, KilledMeanwhile) {
  StartServer();
  ASSERT_TRUE(Run(Command("PING")).ok());
  server_->Kill();
  for (int i = 0; i < 20; ++i) {
    absl::Status status = Run(Command("GET").Key("k").ReadOnly());
    EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed) << status;
  }
  EXPECT_EQ(pool_.leased(), 0u);
  EXPECT_EQ(pool_.idle(), 0u);
}

// Killed while its answer is awaited: a read is tried again, in vain, a write may have happened.
TEST_F(LiveTest, KilledDuringACommand) {
  for (const bool read_only : {true, false}) {
    StartServer();
    std::unique_ptr<Pipeline> pipeline = NewPipeline();
    ASSERT_TRUE(pipeline->ServerFor(Command("PING")).ok());
    Command wait("BLPOP");
    wait.Key("nothing").Arg("0");
    if (read_only) wait.ReadOnly();
    ASSERT_TRUE(pipeline->Submit(wait, &sink_).ok());
    ASSERT_TRUE(pipeline->Flush().ok());
    std::thread killer([this] {
      absl::SleepFor(absl::Milliseconds(50));
      server_->Kill();
    });
    absl::Status status = pipeline->Drain();
    killer.join();
    EXPECT_EQ(GetErrorKind(status),
              read_only ? ErrorKind::kConnectFailed : ErrorKind::kMaybeApplied)
        << status;
  }
}

}  // namespace
}  // namespace redis_fdw
