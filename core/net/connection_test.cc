#include "core/net/connection.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/net/connection_fixture.h"
#include "gtest/gtest.h"

namespace redis_fdw {
namespace {

using test::Argv;
using test::ConnectionTest;
using test::FakeServer;
using test::FakeTransportFactory;
using test::Lines;
using test::RecordingSink;

// --- Handshake ----------------------------------------------------------------------------------

TEST_F(ConnectionTest, LearnsWhoTheServerIs) {
  std::unique_ptr<Connection> connection = NewConnection();
  EXPECT_FALSE(connection->ready());
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(connection->server_info().redis_version, 70015);
  EXPECT_EQ(connection->server_info().run_id, "fake-run-1");
  EXPECT_TRUE(connection->idle());
  EXPECT_TRUE(connection->Usable());
}

TEST_F(ConnectionTest, CommandsWaitForTheHandshake) {
  server_.options.password = "right";
  spec_.password = "wrong";
  std::unique_ptr<Connection> connection = NewConnection();
  connection->Enqueue(Command("GET").Key("k"), &sink_, nullptr);
  EXPECT_EQ(connection->outstanding(), 1u);
  absl::Status status = Run(connection.get());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kAuthentication);
  EXPECT_TRUE(absl::StrContains(status.message(), "fake:6379")) << status;
  EXPECT_TRUE(server_.commands().empty());
  EXPECT_TRUE(connection->broken());
  EXPECT_EQ(connection->Advance(waiter_.Now()).status(), status);
}

TEST_F(ConnectionTest, PasswordNeverShows) {
  server_.options.password = "right-secret";
  for (const char* password : {"wrong-secret", ""}) {
    spec_.password = password;
    std::unique_ptr<Connection> connection = NewConnection();
    absl::Status status = Run(connection.get());
    const ErrorInfo info = GetErrorInfo(status);
    EXPECT_EQ(info.kind, ErrorKind::kAuthentication);
    EXPECT_FALSE(info.hint.empty());
    EXPECT_FALSE(absl::StrContains(info.message + info.hint + info.detail, "secret"));
  }
  spec_.password = "right-secret";
  std::unique_ptr<Connection> connection = NewConnection();
  EXPECT_TRUE(Run(connection.get()).ok());
}

TEST_F(ConnectionTest, PasswordForAServerWithoutOne) {
  spec_.password = "needless";
  std::unique_ptr<Connection> connection = NewConnection();
  const ErrorInfo info = GetErrorInfo(Run(connection.get()));
  EXPECT_EQ(info.kind, ErrorKind::kAuthentication);
  EXPECT_TRUE(absl::StrContains(info.hint, "remove option \"password\"")) << info.hint;
}

TEST_F(ConnectionTest, DatabaseOutOfRange) {
  spec_.database = 99;
  std::unique_ptr<Connection> connection = NewConnection();
  const ErrorInfo info = GetErrorInfo(Run(connection.get()));
  EXPECT_EQ(info.kind, ErrorKind::kInvalidOption);
  EXPECT_TRUE(absl::StrContains(info.message, "database 99")) << info.message;
  EXPECT_TRUE(absl::StrContains(info.hint, "\"database\"")) << info.hint;
}

TEST_F(ConnectionTest, ForbiddenInfoIsTolerated) {
  server_.options.info_forbidden = true;
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(connection->server_info().redis_version, 60000);
  // It may be another process every time.
  std::unique_ptr<Connection> another = NewConnection();
  ASSERT_TRUE(Run(another.get()).ok());
  EXPECT_NE(connection->server_info().run_id, "");
  EXPECT_NE(connection->server_info().run_id, another->server_info().run_id);
}

TEST_F(ConnectionTest, NoRoomForAnotherClient) {
  FakeServer full([this](const Argv&) {
    server_.CloseAll();
    return test::Error("ERR max number of clients reached");
  });
  full.options.raw = true;
  network_ = FakeTransportFactory(&full);
  std::unique_ptr<Connection> connection = NewConnection();
  absl::Status status = Run(connection.get());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
  EXPECT_TRUE(absl::StrContains(status.message(), "max number of clients")) << status;
}

TEST_F(ConnectionTest, NotRedis) {
  FakeServer http([](const Argv&) { return std::string("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  http.options.raw = true;
  network_ = FakeTransportFactory(&http);
  std::unique_ptr<Connection> connection = NewConnection();
  absl::Status status = Run(connection.get());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kProtocol);
  EXPECT_TRUE(absl::StrContains(status.message(), "fake:6379")) << status;
}

// --- Commands -----------------------------------------------------------------------------------

TEST_F(ConnectionTest, RepliesInOrderAndCounted) {
  std::unique_ptr<Connection> connection = NewConnection();
  Counters counters;
  connection->Enqueue(Command("GET").Key("a").ReadOnly(), &sink_, &counters);
  connection->Enqueue(Command("LIST").ReadOnly(), &sink_, &counters);
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.values, (Lines{"value of a", "*3", "a", "b", "c"}));
  EXPECT_EQ(sink_.ends, 2);
  connection->Enqueue(Command("GET").Key("b").ReadOnly(), &sink_, &counters);
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(counters.commands, 3);
  EXPECT_EQ(counters.round_trips, 2);
  EXPECT_EQ(counters.bytes_sent, 20 + 14 + 20);
  EXPECT_EQ(counters.bytes_received, 2 * 17 + 25);
}

TEST_F(ConnectionTest, ErrorReplyLeavesTheConnectionUsable) {
  std::unique_ptr<Connection> connection = NewConnection();
  connection->Enqueue(Command("FAIL").Key("k"), &sink_, nullptr);
  connection->Enqueue(Command("GET").Key("a"), &sink_, nullptr);
  absl::Status status = Run(connection.get());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kRemote);
  EXPECT_EQ(status.message(), "Redis at fake:6379 refused FAIL of key \"k\": ERR failed");
  EXPECT_FALSE(connection->broken());
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.values, Lines{"value of a"});
  EXPECT_TRUE(connection->idle());
}

TEST_F(ConnectionTest, SwallowedErrorIsNone) {
  std::unique_ptr<Connection> connection = NewConnection();
  sink_.swallow_errors = true;
  connection->Enqueue(Command("FAIL"), &sink_, nullptr);
  EXPECT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.errors.size(), 1u);
  EXPECT_EQ(sink_.ends, 0);
}

TEST_F(ConnectionTest, SinkErrorBreaksTheConnection) {
  std::unique_ptr<Connection> connection = NewConnection();
  sink_.element_status = MakeError(ErrorKind::kInvalidData, "not a number");
  connection->Enqueue(Command("LIST").ReadOnly(), &sink_, nullptr);
  absl::Status status = Run(connection.get());
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kInvalidData);
  EXPECT_EQ(status.message(), "not a number");
  EXPECT_TRUE(connection->broken());
}

TEST_F(ConnectionTest, SinkMayAskFurther) {
  std::unique_ptr<Connection> connection = NewConnection();
  RecordingSink second;
  sink_.on_end = [&] {
    connection->Enqueue(Command("GET").Key("b"), &second, nullptr);
    return absl::OkStatus();
  };
  connection->Enqueue(Command("GET").Key("a"), &sink_, nullptr);
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(second.values, Lines{"value of b"});
}

// Requests larger than the buffers on both ways do not deadlock, and arrive in whatever pieces.
TEST_F(ConnectionTest, LargePipelineThroughSmallBuffers) {
  server_.options.buffer = 100;
  server_.options.read_at_most = 7;
  server_.options.write_at_most = 13;
  std::unique_ptr<Connection> connection = NewConnection();
  Lines expected;
  for (int i = 0; i < 2000; ++i) {
    const std::string key = absl::StrCat("key", i);
    connection->Enqueue(Command("GET").Key(key), &sink_, nullptr);
    expected.push_back("value of " + key);
  }
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.values, expected);
}

TEST_F(ConnectionTest, CursorOfAnotherProcessIsRefused) {
  std::unique_ptr<Connection> connection = NewConnection();
  RecordingSink cursor;
  cursor.swallow_errors = true;
  connection->Enqueue(Command("GET").Key("x").CursorOf("fake-run-1"), &sink_, nullptr);
  connection->Enqueue(Command("HSCAN").Key("x").CursorOf("another"), &cursor, nullptr);
  connection->Enqueue(Command("GET").Key("y"), &sink_, nullptr);
  ASSERT_TRUE(Run(connection.get()).ok());
  ASSERT_EQ(cursor.errors.size(), 1u);
  EXPECT_EQ(GetErrorKind(cursor.errors[0]), ErrorKind::kConnectionLost);
  EXPECT_EQ(server_.CommandLines(), (Lines{"GET x", "GET y"}));
  cursor.swallow_errors = false;
  connection->Enqueue(Command("HSCAN").Key("x").CursorOf("another"), &cursor, nullptr);
  EXPECT_EQ(GetErrorKind(Run(connection.get())), ErrorKind::kConnectionLost);
  EXPECT_TRUE(connection->idle());
}

TEST_F(ConnectionTest, NothingComesBetweenMultiAndExec) {
  std::unique_ptr<Connection> connection = NewConnection();
  RecordingSink stray;
  stray.swallow_errors = true;
  connection->Enqueue(Command("MULTI").AtomicGroup(1), &sink_, nullptr);
  connection->Enqueue(Command("GET").Key("stray"), &stray, nullptr);
  ASSERT_TRUE(Run(connection.get()).ok());
  ASSERT_EQ(stray.errors.size(), 1u);
  // Outstanding is nothing, but who used it next would write into the open transaction.
  EXPECT_FALSE(connection->idle());
  connection->Enqueue(Command("SET").Key("a").AtomicGroup(1), &sink_, nullptr);
  connection->Enqueue(Command("EXEC").AtomicGroup(1), &sink_, nullptr);
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.values, (Lines{"OK", "QUEUED", "*1", "OK"}));
  EXPECT_TRUE(connection->idle());
}

TEST_F(ConnectionTest, TooLargeACommandIsRefused) {
  std::unique_ptr<Connection> connection = NewConnection();
  Command command("DEL");
  for (int i = 0; i < (1 << 20); ++i) command.Arg("");
  connection->Enqueue(command, &sink_, nullptr);
  EXPECT_EQ(GetErrorKind(Run(connection.get())), ErrorKind::kReplyTooLarge);
  EXPECT_TRUE(connection->idle());
}

// --- Backpressure -------------------------------------------------------------------------------

TEST_F(ConnectionTest, FullSinkStopsReading) {
  std::unique_ptr<Connection> connection = NewConnection();
  server_.options.read_at_most = 10;
  sink_.full_at = 2;
  connection->Enqueue(Command("LIST").ReadOnly(), &sink_, nullptr);
  connection->Enqueue(Command("LIST").ReadOnly(), &sink_, nullptr);
  while (*connection->Advance(waiter_.Now())) {
  }
  EXPECT_GE(sink_.values.size(), 2u);
  EXPECT_LE(sink_.values.size(), 3u);
  std::vector<FdInterest> interests;
  absl::Time deadline = absl::InfiniteFuture();
  connection->AppendInterest(&interests, &deadline);
  EXPECT_TRUE(interests.empty());
  EXPECT_EQ(deadline, absl::InfiniteFuture());
  // However long the reader takes, that is not the server's silence.
  waiter_.Advance(absl::Hours(1));
  EXPECT_FALSE(*connection->Advance(waiter_.Now()));
  sink_.full_at = SIZE_MAX;
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.values, (Lines{"*3", "a", "b", "c", "*3", "a", "b", "c"}));
}

// Whole replies that arrived together are kept back one by one.
TEST_F(ConnectionTest, FullSinkStopsBetweenReplies) {
  std::unique_ptr<Connection> connection = NewConnection();
  for (int i = 0; i < 3; ++i) connection->Enqueue(Command("LIST").ReadOnly(), &sink_, nullptr);
  sink_.full_at = 1;
  ASSERT_TRUE(connection->Advance(waiter_.Now()).ok());
  EXPECT_EQ(sink_.ends, 1);
  EXPECT_FALSE(*connection->Advance(waiter_.Now()));
  sink_.full_at = 5;
  EXPECT_TRUE(*connection->Advance(waiter_.Now()));
  EXPECT_EQ(sink_.ends, 2);
  sink_.full_at = SIZE_MAX;
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.ends, 3);
}

// What is not wanted is not buffered either.
TEST_F(ConnectionTest, FullSinkStopsBuffering) {
  FakeServer endless([](const Argv&) { return test::Bulks(Lines(100000, "x")); });
  network_ = FakeTransportFactory(&endless);
  std::unique_ptr<Connection> connection = NewConnection();
  connection->Enqueue(Command("LIST").ReadOnly(), &sink_, nullptr);
  sink_.full_at = 1;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(connection->Advance(waiter_.Now()).ok());
  EXPECT_LT(connection->bytes_read(), 2 * ReplyDecoder::kChunk);
}

TEST_F(ConnectionTest, FlushDecodesNothing) {
  std::unique_ptr<Connection> connection = NewConnection();
  connection->Enqueue(Command("GET").Key("a"), &sink_, nullptr);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(connection->Flush(waiter_.Now()).ok());
  EXPECT_EQ(server_.CommandLines(), Lines{"GET a"});
  EXPECT_TRUE(sink_.values.empty());
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.values, Lines{"value of a"});
}

}  // namespace
}  // namespace redis_fdw
