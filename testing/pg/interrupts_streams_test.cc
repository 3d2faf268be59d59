// Interrupts while much data is on its way: scans, pipelines of writes, and a scan that is set
// aside for another one.

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "testing/fault_proxy.h"
#include "testing/pg/interrupt_fixture.h"

namespace redis_fdw::test {
namespace {

class InterruptsStreamsTest : public InterruptTest {
 protected:
  void SetUp() override {
    InterruptTest::SetUp();
    auto started = FaultProxy::Start(absl::StrCat("127.0.0.1:", redis().port()));
    ASSERT_TRUE(started.ok()) << started.status();
    proxy_ = *std::move(started);
    MakeServer("s", absl::StrCat("host_port '", proxy_->host_port(), "', pool_max_size '1'"));
    for (const char* mode : {"snapshot", "cursor"}) {
      MustExec(absl::StrCat("CREATE FOREIGN TABLE s.", mode,
                            " (f text, v text) SERVER s OPTIONS (table_type 'hash', "
                            "table_key_prefix 'big', scan_mode '",
                            mode, "')"));
    }
  }

  void Throttle(Direction direction, int64_t bytes_per_second) {
    Fault fault;
    fault.kind = Fault::Kind::kThrottle;
    fault.direction = direction;
    fault.bytes_per_second = bytes_per_second;
    proxy_->SetFaults({fault});
  }

  Stall Streaming(const std::string& name, const std::string& sql) {
    Stall stall;
    stall.name = name;
    stall.sql = sql;
    stall.end = [this] {
      redis().Continue();
      proxy_->Clear();
    };
    stall.after = "SELECT count(*) FROM s.h";
    return stall;
  }

  std::unique_ptr<FaultProxy> proxy_;
};

// Nothing is waited for: data comes faster than it is used.
TEST_F(InterruptsStreamsTest, AScanUnderWay) {
  FillHash("big", 300000, 20);
  for (const char* mode : {"snapshot", "cursor"}) {
    Stall stall =
        Streaming(absl::StrCat("a scan under way, scan_mode ", mode),
                  absl::StrCat("SELECT count(*) FROM s.", mode, " a, generate_series(1, 1000) s"));
    stall.kept = 1;  // the interrupt may come when nothing is outstanding
    EachInterruptIsPrompt(stall);
    // All of it is read, and none of it is returned.
    stall.name = absl::StrCat("a scan without a match under way, scan_mode ", mode);
    stall.sql = absl::StrCat("SELECT (SELECT count(*) FROM s.", mode,
                             " WHERE v < 'a' || i) FROM generate_series(1, 1000) i");
    EachInterruptIsPrompt(stall);
  }
}

TEST_F(InterruptsStreamsTest, AScanThatTrickles) {
  FillHash("big", 20000, 20);
  for (const char* mode : {"snapshot", "cursor"}) {
    Stall stall = Streaming(absl::StrCat("a slow scan, scan_mode ", mode),
                            absl::StrCat("SELECT count(*) FROM s.", mode, " WHERE v <> 'y'"));
    stall.begin = [this] { Throttle(Direction::kToClient, 50000); };
    EachInterruptIsPrompt(stall);
  }
}

TEST_F(InterruptsStreamsTest, Writes) {
  const std::string insert =
      "INSERT INTO s.h SELECT 'f' || i, repeat('x', 1000) FROM generate_series(1, 1000000) i";
  Stall stall = Streaming("a pipeline of writes under way", insert);
  // (What was written is taken away, or memory goes.)
  stall.end = [this] {
    redis().Continue();
    proxy_->Clear();
    redis().Cli({"UNLINK", "h"});
  };
  stall.kept = 1;
  EachInterruptIsPrompt(stall);
  stall.kept = 0;
  stall.name = "a pipeline of writes, stopped";
  stall.meanwhile = [] { redis().Stop(); };
  EachInterruptIsPrompt(stall);
  stall.name = "a pipeline of writes, both directions held";
  stall.meanwhile = [this] { proxy_->HoldAll(true); };
  EachInterruptIsPrompt(stall);
  // 20 MB in one go, of which nothing is taken: more than the sockets' buffers hold.
  MustExec("ALTER FOREIGN TABLE s.h OPTIONS (ADD batch_size '10000')");
  stall.name = "a batch that is not taken";
  stall.sql = "INSERT INTO s.h SELECT 'f' || i, repeat('x', 2000) FROM generate_series(1, 10000) i";
  stall.meanwhile = nullptr;
  stall.prepare = [](PgConnection& session) { session.MustExec("SELECT * FROM s.h LIMIT 0"); };
  stall.begin = [] { redis().Stop(); };
  EachInterruptIsPrompt(stall);
  stall.name = "a batch that is taken slowly";
  stall.begin = [this] { Throttle(Direction::kToServer, 200000); };
  EachInterruptIsPrompt(stall);
}

// pool_max_size is 1: the second scan needs the connection of the first.
TEST_F(InterruptsStreamsTest, SettingAScanAside) {
  FillHash("big", 100000, 100);
  for (const char* mode : {"snapshot", "cursor"}) {
    Stall stall = Streaming(absl::StrCat("setting a scan aside, stopped, scan_mode ", mode),
                            "SELECT * FROM s.h");
    stall.prepare = [mode](PgConnection& session) {
      session.MustExec(
          absl::StrCat("BEGIN; DECLARE c CURSOR FOR SELECT * FROM s.", mode, "; FETCH 10 FROM c"));
    };
    stall.begin = [] { redis().Stop(); };
    EachInterruptIsPrompt(stall);
    stall.name = absl::StrCat("setting a scan aside, slowly, scan_mode ", mode);
    stall.begin = [this] { Throttle(Direction::kToClient, 500000); };
    EachInterruptIsPrompt(stall);
  }
}

// A scan that is stopped early waits for what is left for 20 ms, and closes its connection.
TEST_F(InterruptsStreamsTest, StoppingEarly) {
  FillHash("big", 100000, 100);
  for (const char* mode : {"snapshot", "cursor"}) {
    IsPrompt(absl::StrCat("stopped: CLOSE of a cursor, scan_mode ", mode), "CLOSE c",
             [mode](PgConnection& session) {
               session.MustExec(absl::StrCat("BEGIN; DECLARE c CURSOR FOR SELECT * FROM s.", mode,
                                             "; FETCH 10 FROM c"));
               redis().Stop();
             });
    // Some of the reply has come, then nothing.
    IsPrompt(absl::StrCat("silent after some rows: CLOSE of a cursor, scan_mode ", mode), "CLOSE c",
             [this, mode](PgConnection& session) {
               proxy_->Clear();
               session.MustExec("SELECT * FROM s.h");
               Fault hole;
               hole.kind = Fault::Kind::kBlackHole;
               hole.offset = 400000;
               proxy_->SetFaults({hole});
               session.MustExec(absl::StrCat("BEGIN; DECLARE c CURSOR FOR SELECT * FROM s.", mode,
                                             "; FETCH 10 FROM c"));
             });
    proxy_->Clear();
  }
  // What was stopped early has left no connection behind.
  PgConnection session = Connect();
  session.MustExec("SELECT * FROM s.h");
  // (Redis hears a moment later of those that were closed.)
  EXPECT_TRUE(WaitUntil([] { return redis().ClientCount() == 1; }));
  session.MustExec("BEGIN; DECLARE c CURSOR FOR SELECT * FROM s.snapshot; FETCH 10 FROM c");
  redis().Stop();
  session.MustExec("CLOSE c; COMMIT");
  redis().Continue();
  EXPECT_TRUE(WaitUntil([] { return redis().ClientCount() == 0; }));
}

}  // namespace
}  // namespace redis_fdw::test
