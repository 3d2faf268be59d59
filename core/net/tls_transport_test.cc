// TLS against a server's end in memory: handshakes in pieces, idle connections, ends and damage.

#include "core/net/tls_transport.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/net/tls_fixture.h"

namespace redis_fdw::test {
namespace {

// Reads until nothing comes any more; *end is what it ended in: OK if it blocks.
std::string ReadAll(Transport* transport, absl::Status* end, bool* eof = nullptr) {
  std::string all;
  char buffer[1000];
  while (true) {
    absl::StatusOr<Transport::Io> io = transport->Read(absl::MakeSpan(buffer));
    EXPECT_EQ(ERR_peek_error(), 0u);
    *end = io.status();
    if (!io.ok()) return all;
    all.append(buffer, io->bytes);
    if (eof != nullptr) *eof = io->eof;
    if (io->blocked || io->eof) return all;
  }
}

std::string Resp(const std::vector<std::string>& argv) { return Bulks(argv); }

TEST_F(TlsTest, CarriesCommandsAndReplies) {
  ASSERT_TRUE(Run(Command("GET").Key("k")).ok());
  EXPECT_EQ(sink_.values.back(), "value");
  EXPECT_TRUE(usable_);
}

TEST_F(TlsTest, Tls12) {
  terminator_options_.max_version = TLS1_2_VERSION;
  ASSERT_TRUE(Run(Command("GET").Key("k")).ok());
  EXPECT_EQ(sink_.values.back(), "value");
  EXPECT_TRUE(usable_);
}

TEST_F(TlsTest, OldVersionsAreRefused) {
  terminator_options_.max_version = TLS1_1_VERSION;
  const absl::Status status = Run();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
  EXPECT_TRUE(absl::StrContains(status.message(), "no version of TLS that is acceptable"))
      << status;
}

TEST_F(TlsTest, OneByteAtATime) {
  value_.assign(300, 'v');
  faults_.read_at_most = 1;
  faults_.write_at_most = 1;
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    terminator_options_.max_version = version;
    ASSERT_TRUE(Run(Command("GET").Key("k")).ok());
    EXPECT_EQ(sink_.values.back(), value_);
    EXPECT_TRUE(usable_);
  }
}

TEST_F(TlsTest, LargeCommandsAndReplies) {
  value_.assign(3000000, 'v');
  for (size_t piece : {size_t{777}, size_t{100000}}) {
    faults_.read_at_most = piece;
    faults_.write_at_most = piece;
    server_.ClearCommands();
    ASSERT_TRUE(Run(Command("GET").Key(std::string(2000000, 'k'))).ok());
    EXPECT_EQ(sink_.values.back(), value_);
    ASSERT_EQ(server_.commands().size(), 1u);
    EXPECT_EQ(server_.commands()[0][1], std::string(2000000, 'k'));
  }
}

TEST_F(TlsTest, WaitsForRoomInTheHandshake) {
  std::unique_ptr<Transport> transport = NewTransport().value();
  faults_.block_writes = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(transport->AdvanceConnect().value());
    EXPECT_TRUE(absl::StrContains(transport->ConnectProgress(), "not answered"));
    std::vector<FdInterest> interests;
    absl::Time deadline = absl::InfiniteFuture();
    transport->AppendInterest(false, false, &interests, &deadline);
    ASSERT_EQ(interests.size(), 1u);
    EXPECT_TRUE(interests[0].read);
    EXPECT_TRUE(interests[0].write);
    EXPECT_EQ(deadline, absl::InfiniteFuture());
  }
  faults_.block_writes = false;
  bool connected = false;
  for (int i = 0; i < 4 && !connected; ++i) connected = transport->AdvanceConnect().value();
  EXPECT_TRUE(connected);
}

// What was encrypted counts as written, and is sent by whatever is called next.
TEST_F(TlsTest, BlockedWritesAreSentLater) {
  std::unique_ptr<Transport> transport = Connect();
  ASSERT_TRUE(transport->Write(Resp({"GET", "a"})).ok());
  absl::Status end;
  EXPECT_EQ(ReadAll(transport.get(), &end), Bulk("value"));

  faults_.block_writes = true;
  const std::string command = Resp({"GET", "b"});
  absl::StatusOr<Transport::Io> io = transport->Write(command);
  ASSERT_TRUE(io.ok());
  EXPECT_EQ(io->bytes, command.size());
  EXPECT_TRUE(io->blocked);
  io = transport->Write("more");
  ASSERT_TRUE(io.ok());
  EXPECT_EQ(io->bytes, 0u);
  EXPECT_TRUE(io->blocked);
  // Who only wants to read has to wait for room as well.
  std::vector<FdInterest> interests;
  absl::Time deadline = absl::InfiniteFuture();
  transport->AppendInterest(true, false, &interests, &deadline);
  ASSERT_EQ(interests.size(), 1u);
  EXPECT_TRUE(interests[0].read);
  EXPECT_TRUE(interests[0].write);
  EXPECT_EQ(ReadAll(transport.get(), &end), "");
  EXPECT_TRUE(end.ok());

  faults_.block_writes = false;
  EXPECT_EQ(ReadAll(transport.get(), &end), Bulk("value"));
  interests.clear();
  transport->AppendInterest(true, false, &interests, &deadline);
  EXPECT_FALSE(interests[0].write);
}

// The bytes that TLS took may have arrived: only the next call may say that the connection broke.
TEST_F(TlsTest, WhatWasTakenCountsAsWritten) {
  std::unique_ptr<Transport> transport = Connect();
  faults_.write_at_most = 1;
  faults_.cut_after_written = 2000;
  faults_.cut_is_reset = true;
  const std::string bytes(100000, 'x');
  absl::StatusOr<Transport::Io> io = transport->Write(bytes);
  ASSERT_TRUE(io.ok());
  EXPECT_GT(io->bytes, 0u);
  EXPECT_EQ(GetErrorKind(transport->Write(bytes).status()), ErrorKind::kConnectionLost);
}

// OpenSSL has read more than the caller had room for, and no descriptor says so.
TEST_F(TlsTest, WhatIsBufferedIsNotWaitedFor) {
  std::unique_ptr<Transport> transport = Connect();
  ASSERT_TRUE(transport->Write(Resp({"GET", "a"})).ok());
  char buffer[4];
  absl::StatusOr<Transport::Io> io = transport->Read(absl::MakeSpan(buffer));
  ASSERT_TRUE(io.ok());
  EXPECT_EQ(io->bytes, 4u);
  EXPECT_FALSE(io->blocked);
  std::vector<FdInterest> interests;
  absl::Time deadline = absl::InfiniteFuture();
  transport->AppendInterest(true, false, &interests, &deadline);
  EXPECT_EQ(deadline, absl::InfinitePast());
  EXPECT_TRUE(transport->ClosedOrDirty());
  absl::Status end;
  EXPECT_EQ(std::string(buffer, 4) + ReadAll(transport.get(), &end), Bulk("value"));
  deadline = absl::InfiniteFuture();
  transport->AppendInterest(true, false, &interests, &deadline);
  EXPECT_EQ(deadline, absl::InfiniteFuture());
}

// --- Idle connections ---------------------------------------------------------------------------

TEST_F(TlsTest, TicketsAreNoData) {
  std::unique_ptr<Transport> transport = Connect();
  // They come with the end of the handshake, and nobody has read yet.
  EXPECT_GT(terminator_->unread(), 0u);
  EXPECT_FALSE(transport->ClosedOrDirty());
  EXPECT_EQ(terminator_->unread(), 0u);
  terminator_->SendTicket();
  terminator_->SendTicket();
  EXPECT_FALSE(transport->ClosedOrDirty());
  server_.Send(Ok());
  EXPECT_TRUE(transport->ClosedOrDirty());
}

TEST_F(TlsTest, ATicketInFrontOfDataHidesNothing) {
  std::unique_ptr<Transport> transport = Connect();
  server_.Send(Ok());
  EXPECT_TRUE(transport->ClosedOrDirty());
}

TEST_F(TlsTest, ChangesOfKeysAreNoData) {
  std::unique_ptr<Transport> transport = Connect();
  absl::Status end;
  for (int i = 0; i < 3; ++i) {
    terminator_->ChangeKeys();
    EXPECT_FALSE(transport->ClosedOrDirty());
    ASSERT_TRUE(transport->Write(Resp({"GET", "a"})).ok());
    terminator_->ChangeKeys();
    EXPECT_EQ(ReadAll(transport.get(), &end), Bulk("value"));
  }
}

TEST_F(TlsTest, PartOfARecordIsDirty) {
  for (uint64_t part : {1, 4, 5, 6, 20}) {
    faults_ = Faults();
    terminator_options_.tickets = 0;
    std::unique_ptr<Transport> transport = Connect();
    ASSERT_EQ(terminator_->unread(), 0u);
    server_.Send(Bulk("something"));
    ASSERT_GT(terminator_->unread(), part);
    // The rest is still on its way.
    faults_.cut_after_read = fault_->bytes_read() + part;
    faults_.cut_is_silent = true;
    EXPECT_TRUE(transport->ClosedOrDirty()) << part;
  }
}

TEST_F(TlsTest, ClosedConnectionsAreNotUsedAgain) {
  std::unique_ptr<Transport> transport = Connect();
  server_.CloseAll();
  EXPECT_TRUE(transport->ClosedOrDirty());
  transport = Connect();
  terminator_->SayGoodbye();
  EXPECT_TRUE(transport->ClosedOrDirty());
  EXPECT_TRUE(transport->ClosedOrDirty());
}

// --- Ends ---------------------------------------------------------------------------------------

TEST_F(TlsTest, AnAnnouncedEndIsAnEnd) {
  std::unique_ptr<Transport> transport = Connect();
  ASSERT_TRUE(transport->Write(Resp({"GET", "a"})).ok());
  terminator_->SayGoodbye();
  absl::Status end;
  bool eof = false;
  EXPECT_EQ(ReadAll(transport.get(), &end, &eof), Bulk("value"));
  EXPECT_TRUE(end.ok());
  EXPECT_TRUE(eof);
}

TEST_F(TlsTest, ACutIsNoEnd) {
  std::unique_ptr<Transport> transport = Connect();
  ASSERT_TRUE(transport->Write(Resp({"GET", "a"})).ok());
  absl::Status end;
  EXPECT_EQ(ReadAll(transport.get(), &end), Bulk("value"));
  server_.CloseAll();
  EXPECT_EQ(ReadAll(transport.get(), &end), "");
  EXPECT_EQ(GetErrorKind(end), ErrorKind::kConnectionLost);
  EXPECT_EQ(
      end.message(),
      "connection to Redis at localhost:6379 was lost: the server, or someone between, cut it "
      "without ending TLS");
  EXPECT_EQ(ReadAll(transport.get(), &end), "");
  EXPECT_EQ(GetErrorKind(end), ErrorKind::kConnectionLost);
}

TEST_F(TlsTest, SaysGoodbye) {
  std::unique_ptr<Transport> transport = Connect();
  // The terminator outlives the transport here.
  struct Borrowed : Transport {
    explicit Borrowed(TlsTerminator* terminator) : to(terminator) {}
    absl::StatusOr<bool> AdvanceConnect() override { return to->AdvanceConnect(); }
    absl::StatusOr<Io> Read(absl::Span<char> into) override { return to->Read(into); }
    absl::StatusOr<Io> Write(absl::string_view from) override { return to->Write(from); }
    void AppendInterest(bool, bool, std::vector<FdInterest>*, absl::Time*) const override {}
    bool ClosedOrDirty() override { return to->ClosedOrDirty(); }
    TlsTerminator* to;
  };
  TlsTerminator terminator(terminator_options_, network_.NewTransport(spec_).value());
  transport = NewTlsTransport(spec_, std::make_unique<Borrowed>(&terminator)).value();
  bool connected = false;
  for (int i = 0; i < 4 && !connected; ++i) connected = transport->AdvanceConnect().value();
  ASSERT_TRUE(connected);
  EXPECT_FALSE(terminator.client_said_goodbye());
  transport.reset();
  EXPECT_TRUE(terminator.client_said_goodbye());
}

TEST_F(TlsTest, CutsInTheHandshake) {
  for (uint64_t cut : {0, 1, 5, 100, 600}) {
    for (bool reset : {false, true}) {
      faults_ = Faults();
      faults_.cut_after_read = cut;
      faults_.cut_is_reset = reset;
      const absl::Status status = Run();
      EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed) << status;
      EXPECT_TRUE(absl::StrContains(status.message(), "localhost:6379")) << status;
      EXPECT_FALSE(GetErrorInfo(status).hint.empty());
    }
  }
  faults_ = Faults();
  faults_.cut_after_read = 100;
  faults_.cut_is_silent = true;
  const absl::Status status = Run();
  EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed);
  EXPECT_TRUE(absl::StrContains(status.message(), "the TLS handshake was not finished")) << status;
}

// --- Damage -------------------------------------------------------------------------------------

// Two replies, each a record of its own, with one bit flipped somewhere.
TEST_F(TlsTest, EveryFlippedBitIsAnError) {
  terminator_options_.tickets = 0;
  for (int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    terminator_options_.max_version = version;
    uint64_t bits = 1;
    for (uint64_t flip = 0; flip < bits; ++flip) {
      faults_ = Faults();
      std::unique_ptr<Transport> transport = Connect();
      absl::Status end;
      ASSERT_TRUE(transport->Write(Resp({"GET", "a"})).ok());
      ASSERT_EQ(ReadAll(transport.get(), &end), Bulk(value_));
      const uint64_t before = fault_->bytes_read();
      ASSERT_TRUE(transport->Write(Resp({"GET", "a"})).ok());
      const uint64_t first = terminator_->unread();
      ASSERT_TRUE(transport->Write(Resp({"GET", "a"})).ok());
      bits = terminator_->unread() * 8;
      ASSERT_GT(first, Bulk(value_).size());
      ASSERT_EQ(bits, first * 16);
      faults_.flip_bit = before * 8 + flip;
      const std::string got = ReadAll(transport.get(), &end);
      EXPECT_EQ(got, flip < first * 8 ? "" : Bulk(value_)) << "bit " << flip;
      if (end.ok()) {
        // A record is said to be longer than what was sent: so it waits for the rest.
        faults_.cut_after_read = 0;
        EXPECT_EQ(ReadAll(transport.get(), &end), "") << "bit " << flip;
      }
      EXPECT_EQ(GetErrorKind(end), ErrorKind::kConnectionLost) << "bit " << flip << " " << end;
      EXPECT_TRUE(transport->ClosedOrDirty());
    }
  }
}

// In the handshake, too: at best it goes unnoticed where it does no harm.
TEST_F(TlsTest, FlippedBitsInTheHandshake) {
  for (uint64_t flip = 0; flip < 1200 * 8; flip += 31) {
    sink_ = RecordingSink();
    faults_ = Faults();
    faults_.flip_bit = flip;
    const absl::Status status = Run(Command("GET").Key("k"));
    if (status.ok()) {
      EXPECT_EQ(sink_.values, std::vector<std::string>{"value"});
    } else {
      EXPECT_EQ(GetErrorKind(status), ErrorKind::kConnectFailed) << flip << " " << status;
      EXPECT_TRUE(sink_.values.empty());
    }
  }
}

}  // namespace
}  // namespace redis_fdw::test
