// Deadlines, broken streams and what is left behind.

#include <cstring>
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
using test::Faults;
using test::Lines;
using test::RecordingSink;

// --- Deadlines ----------------------------------------------------------------------------------

TEST_F(ConnectionTest, ConnectDeadline) {
  server_.options.hang_connect = true;
  spec_.connect_timeout = absl::Seconds(7);
  const absl::Time begin = waiter_.Now();
  std::unique_ptr<Connection> connection = NewConnection();
  const ErrorInfo info = GetErrorInfo(Run(connection.get()));
  EXPECT_EQ(info.kind, ErrorKind::kConnectFailed);
  EXPECT_EQ(info.message, "could not connect to Redis at fake:6379 within 7s");
  EXPECT_TRUE(absl::StrContains(info.hint, "connect_timeout_ms"));
  EXPECT_EQ(waiter_.Now() - begin, absl::Seconds(7));
}

TEST_F(ConnectionTest, ConnectDeadlineCoversTheHandshake) {
  server_.Hold();
  const absl::Time begin = waiter_.Now();
  std::unique_ptr<Connection> connection = NewConnection();
  EXPECT_EQ(GetErrorKind(Run(connection.get())), ErrorKind::kConnectFailed);
  EXPECT_EQ(waiter_.Now() - begin, spec_.connect_timeout);
}

TEST_F(ConnectionTest, CommandDeadlineIsSilence) {
  spec_.command_timeout = absl::Seconds(5);
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  waiter_.Advance(absl::Minutes(10));  // idle time does not count
  connection->Enqueue(Command("LIST").ReadOnly(), &sink_, nullptr);
  connection->Enqueue(Command("SILENT").ReadOnly(), &sink_, nullptr);
  // Slow but never silent for long.
  server_.options.read_at_most = 1;
  for (int i = 1; i <= 10; ++i) {
    waiter_.At(absl::Seconds(4 * i),
               [this, i] { i % 2 == 0 ? server_.Release() : server_.Hold(); });
  }
  const absl::Time begin = waiter_.Now();
  const ErrorInfo info = GetErrorInfo(Run(connection.get()));
  EXPECT_EQ(info.kind, ErrorKind::kTimeout);
  EXPECT_EQ(info.message, "Redis at fake:6379 has not answered SILENT for 5s");
  EXPECT_TRUE(absl::StrContains(info.hint, "command_timeout_ms"));
  EXPECT_EQ(sink_.values.size(), 4u);
  EXPECT_EQ(waiter_.Now() - begin, absl::Seconds(5));
  EXPECT_TRUE(connection->broken());
}

// Neither the time without a command nor that of a full reader is the server's silence.
TEST_F(ConnectionTest, SilenceBeginsWhenAnAnswerIsWanted) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  waiter_.Advance(absl::Hours(1));
  faults_.block_writes = true;
  connection->Enqueue(Command("LIST").ReadOnly(), &sink_, nullptr);
  EXPECT_TRUE(connection->Advance(waiter_.Now()).ok());
  faults_.block_writes = false;
  server_.Hold();
  sink_.full_at = 0;
  EXPECT_TRUE(connection->Advance(waiter_.Now()).ok());
  waiter_.Advance(absl::Hours(1));
  EXPECT_TRUE(connection->Advance(waiter_.Now()).ok());
  sink_.full_at = SIZE_MAX;
  EXPECT_TRUE(connection->Advance(waiter_.Now()).ok());
  const absl::Time begin = waiter_.Now();
  EXPECT_EQ(GetErrorKind(Run(connection.get())), ErrorKind::kTimeout);
  EXPECT_EQ(waiter_.Now() - begin, spec_.command_timeout);
}

TEST_F(ConnectionTest, TimeoutOfAWriteSaysThatItMayHaveBeenApplied) {
  std::unique_ptr<Connection> connection = NewConnection();
  connection->Enqueue(Command("SILENT").Key("k"), &sink_, nullptr);
  const ErrorInfo info = GetErrorInfo(Run(connection.get()));
  EXPECT_EQ(info.kind, ErrorKind::kTimeout);
  EXPECT_TRUE(absl::StrContains(info.detail, "may have been applied")) << info.detail;
}

TEST_F(ConnectionTest, NoDeadline) {
  spec_.command_timeout = absl::InfiniteDuration();
  spec_.connect_timeout = absl::InfiniteDuration();
  std::unique_ptr<Connection> connection = NewConnection();
  connection->Enqueue(Command("GET").Key("k"), &sink_, nullptr);
  server_.Hold();
  waiter_.At(absl::Hours(24 * 365), [this] { server_.Release(); });
  EXPECT_TRUE(Run(connection.get()).ok());
}

// --- Breakage -----------------------------------------------------------------------------------

TEST_F(ConnectionTest, LostReadIsNotALostWrite) {
  for (const bool read_only : {true, false}) {
    std::unique_ptr<Connection> connection = NewConnection();
    ASSERT_TRUE(Run(connection.get()).ok());
    Command command("SILENT");
    command.Key("k");
    if (read_only) command.ReadOnly();
    connection->Enqueue(command, &sink_, nullptr);
    ASSERT_TRUE(connection->Advance(waiter_.Now()).ok());
    server_.CloseAll();
    absl::Status status = Run(connection.get());
    EXPECT_EQ(GetErrorKind(status),
              read_only ? ErrorKind::kConnectionLost : ErrorKind::kMaybeApplied);
    EXPECT_EQ(absl::StrContains(status.message(), "may have been applied"), !read_only) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), "fake:6379")) << status;
  }
}

TEST_F(ConnectionTest, UnsentWriteIsCertainlyNotApplied) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  faults_.block_writes = true;
  connection->Enqueue(Command("SET").Key("k").Arg("v"), &sink_, nullptr);
  ASSERT_TRUE(connection->Advance(waiter_.Now()).ok());
  server_.CloseAll();
  EXPECT_EQ(GetErrorKind(Run(connection.get())), ErrorKind::kConnectionLost);
  EXPECT_TRUE(server_.commands().empty());
}

// A server that closes may have said why: that is read before the failed write counts.
TEST_F(ConnectionTest, LastWordsAreReadWhenWritingFails) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  server_.Hold();
  connection->Enqueue(Command("GET").Key("k").ReadOnly(), &sink_, nullptr);
  ASSERT_TRUE(connection->Advance(waiter_.Now()).ok());
  faults_.fail_writes = true;
  connection->Enqueue(Command("GET").Key("l").ReadOnly(), &sink_, nullptr);
  server_.Release();
  EXPECT_EQ(GetErrorKind(Run(connection.get())), ErrorKind::kConnectionLost);
  EXPECT_EQ(sink_.values, Lines{"value of k"});
}

TEST_F(ConnectionTest, UnaskedDataBreaks) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  server_.Send(":1\r\n");
  EXPECT_FALSE(connection->Usable());
  // It is never taken for the answer of what is asked next.
  faults_.block_writes = true;
  connection->Enqueue(Command("GET").Key("k"), &sink_, nullptr);
  EXPECT_EQ(GetErrorKind(Run(connection.get())), ErrorKind::kProtocol);
  EXPECT_TRUE(sink_.values.empty());
}

TEST_F(ConnectionTest, AnswerTooMuchBreaks) {
  FakeServer twice([](const Argv&) { return test::Ok() + test::Ok(); });
  network_ = FakeTransportFactory(&twice);
  std::unique_ptr<Connection> connection = NewConnection();
  connection->Enqueue(Command("PING"), &sink_, nullptr);
  EXPECT_EQ(GetErrorKind(Run(connection.get())), ErrorKind::kProtocol);
}

TEST_F(ConnectionTest, GarbageBreaks) {
  faults_.garbage_at = 120;
  faults_.garbage = "\xff\xff\xff";
  std::unique_ptr<Connection> connection = NewConnection();
  for (int i = 0; i < 5; ++i) connection->Enqueue(Command("LIST").ReadOnly(), &sink_, nullptr);
  EXPECT_EQ(GetErrorKind(Run(connection.get())), ErrorKind::kProtocol);
}

TEST_F(ConnectionTest, ForgottenRepliesAreReadAndDropped) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  auto sink = std::make_unique<RecordingSink>();
  sink->full_at = 0;
  Counters counters;
  connection->Enqueue(Command("LIST"), sink.get(), &counters);
  connection->Enqueue(Command("FAIL"), sink.get(), &counters);
  ASSERT_TRUE(connection->Advance(waiter_.Now()).ok());
  faults_.block_writes = true;
  connection->Enqueue(Command("SET").Key("unsent").Arg("v"), sink.get(), &counters);
  connection->ForgetSinks();
  sink.reset();
  faults_.block_writes = false;
  EXPECT_EQ(connection->outstanding(), 2u);
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_TRUE(connection->Usable());
  EXPECT_EQ(server_.CommandLines(), (Lines{"LIST", "FAIL"}));
}

TEST_F(ConnectionTest, ForgettingBeforeReadyDropsWhatWaits) {
  std::unique_ptr<Connection> connection = NewConnection();
  connection->Enqueue(Command("SET").Key("k"), &sink_, nullptr);
  connection->ForgetSinks();
  EXPECT_EQ(connection->outstanding(), 0u);
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_TRUE(server_.commands().empty());
}

TEST_F(ConnectionTest, HalfATransactionIsNotReused) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  connection->Enqueue(Command("MULTI").AtomicGroup(1), &sink_, nullptr);
  ASSERT_TRUE(connection->Flush(waiter_.Now()).ok());
  faults_.block_writes = true;
  connection->Enqueue(Command("SET").Key("k").AtomicGroup(1), &sink_, nullptr);
  connection->Enqueue(Command("EXEC").AtomicGroup(1), &sink_, nullptr);
  connection->ForgetSinks();
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(server_.CommandLines(), Lines{"MULTI"});
  EXPECT_FALSE(connection->idle());
}

// A command that is refused is not sent; one behind it may have been.
TEST_F(ConnectionTest, WhatWasSentBehindARefusedCommandIsReadAndDropped) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  auto sink = std::make_unique<RecordingSink>();
  connection->Enqueue(Command("HSCAN").Key("x").CursorOf("another"), sink.get(), nullptr);
  connection->Enqueue(Command("GET").Key("a").ReadOnly(), sink.get(), nullptr);
  connection->Enqueue(Command("HSCAN").Key("x").CursorOf("another"), sink.get(), nullptr);
  ASSERT_TRUE(connection->Flush(waiter_.Now()).ok());
  connection->ForgetSinks();
  sink.reset();
  EXPECT_FALSE(connection->idle());
  connection->Enqueue(Command("GET").Key("b").ReadOnly(), &sink_, nullptr);
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.values, Lines{"value of b"});
  EXPECT_TRUE(connection->Usable());
}

// Likewise if it was sent in part.
TEST_F(ConnectionTest, WhatWasHalfSentBehindARefusedCommandIsFinished) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  connection->Enqueue(Command("GET").Key("a").ReadOnly(), &sink_, nullptr);
  connection->Enqueue(Command("HSCAN").Key("x").CursorOf("another"), &sink_, nullptr);
  faults_.write_at_most = 30;
  faults_.cut_is_silent = true;
  faults_.cut_after_written = connection->bytes_written() + 30;
  connection->Enqueue(Command("SET").Key("b").Arg("v"), &sink_, nullptr);
  connection->Enqueue(Command("SET").Key("unsent").Arg("v"), &sink_, nullptr);
  ASSERT_TRUE(connection->Flush(waiter_.Now()).ok());
  connection->ForgetSinks();
  faults_ = Faults();
  connection->Enqueue(Command("GET").Key("c").ReadOnly(), &sink_, nullptr);
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(server_.CommandLines(), (Lines{"GET a", "SET b v", "GET c"}));
  EXPECT_EQ(sink_.values, Lines{"value of c"});
}

// Who only sends does not know whether there is an answer.
TEST_F(ConnectionTest, SendingAheadDoesNotJudgeSilence) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  connection->Enqueue(Command("GET").Key("a").ReadOnly(), &sink_, nullptr);
  ASSERT_TRUE(connection->Flush(waiter_.Now()).ok());
  waiter_.Advance(spec_.command_timeout + absl::Seconds(1));
  EXPECT_TRUE(connection->Flush(waiter_.Now()).ok());
  connection->RestartSilence(waiter_.Now());
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(sink_.values, Lines{"value of a"});
}

// Wherever the stream breaks, the outcome is a Status that tells what happened, soon.
TEST_F(ConnectionTest, CutAtEveryByte) {
  spec_.database = 2;
  const auto converse = [this](Connection* connection) {
    sink_ = RecordingSink();
    connection->Enqueue(Command("GET").Key("k").ReadOnly(), &sink_, nullptr);
    connection->Enqueue(Command("LIST").ReadOnly(), &sink_, nullptr);
    return Run(connection);
  };
  std::unique_ptr<Connection> whole = NewConnection();
  ASSERT_TRUE(converse(whole.get()).ok());
  const uint64_t read = whole->bytes_read();
  const uint64_t written = whole->bytes_written();
  for (int kind = 0; kind < 3; ++kind) {
    for (uint64_t n = 0; n < read + written; ++n) {
      faults_ = Faults();
      faults_.cut_is_reset = kind == 1;
      faults_.cut_is_silent = kind == 2;
      (n < read ? faults_.cut_after_read : faults_.cut_after_written) = n < read ? n : n - read;
      std::unique_ptr<Connection> connection = NewConnection();
      absl::Status status = converse(connection.get());
      ASSERT_FALSE(status.ok()) << kind << " at " << n;
      const ErrorKind error = GetErrorKind(status);
      EXPECT_TRUE(error == ErrorKind::kConnectFailed || error == ErrorKind::kConnectionLost ||
                  (kind == 2 && error == ErrorKind::kTimeout))
          << kind << " at " << n << ": " << status;
      EXPECT_TRUE(connection->broken());
      EXPECT_EQ(connection->outstanding(), 0u);
    }
  }
}

// ASKING is for the command behind it: a connection that is still to send that is not for others.
TEST_F(ConnectionTest, ForgottenBetweenAskingAndItsCommand) {
  std::unique_ptr<Connection> connection = NewConnection();
  ASSERT_TRUE(Run(connection.get()).ok());
  connection->Enqueue(Command("ASKING").ReadOnly(), &sink_, nullptr);
  faults_.cut_is_silent = true;
  faults_.cut_after_written = connection->bytes_written() + strlen("*1\r\n$6\r\nASKING\r\n");
  connection->Enqueue(Command("GET").Key("k").ReadOnly(), &sink_, nullptr);
  ASSERT_TRUE(connection->Flush(waiter_.Now()).ok());
  connection->ForgetSinks();
  faults_ = Faults();
  ASSERT_TRUE(Run(connection.get()).ok());
  EXPECT_EQ(server_.CommandLines(), Lines{"ASKING"});
  EXPECT_FALSE(connection->idle());
}

}  // namespace
}  // namespace redis_fdw
