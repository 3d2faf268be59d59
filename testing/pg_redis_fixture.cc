#include "testing/pg_redis_fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "testing/process.h"

namespace redis_fdw::test {
namespace {

constexpr char kTemplate[] = "with_extension";

// Both servers, from the first test that needs them to the end of the program.
class Servers : public ::testing::Environment {
 public:
  void TearDown() override {
    postgres_.reset();
    redis_.reset();
  }

  RedisServer& redis() {
    if (redis_ == nullptr) {
      RedisOptions options;
      options.tcp = true;
      redis_ = Must(RedisServer::Start(options));
    }
    return *redis_;
  }

  PostgresServer& postgres() {
    if (postgres_ == nullptr) {
      PostgresOptions options;
      options.extension_files = ExtensionFiles();
      postgres_ = Must(PostgresServer::Start(options));
      MakeTemplate();
    }
    return *postgres_;
  }

  // What EndBackends() will wait for.
  void AddBackend(pid_t pid) { backends_.push_back(pid); }
  // Waits for server processes whose clients have gone. They need a moment to notice, and until
  // then they are clients of Redis, and may even work on it.
  void EndBackends() {
    const auto gone = [](pid_t pid) { return kill(pid, 0) != 0 && errno == ESRCH; };
    const auto all_gone = [&] { return std::all_of(backends_.begin(), backends_.end(), gone); };
    if (!WaitUntil(all_gone, absl::Seconds(1))) {
      PgConnection admin = Must(postgres_->Connect());
      for (pid_t pid : backends_) {
        if (!gone(pid))
          admin.MustExec(absl::StrCat("SELECT pg_terminate_backend(", pid, ", 60000)"));
      }
    }
    backends_.clear();
  }

  // No test can say anything without its servers: gives up, leaving nothing behind.
  template <typename T>
  T Must(absl::StatusOr<T> value) {
    if (value.ok()) return *std::move(value);
    std::cerr << value.status().message() << std::endl;
    if (postgres_ != nullptr) std::cerr << postgres_->log() << std::endl;
    TearDown();
    exit(1);
  }

 private:
  // The database that each test gets a copy of.
  void MakeTemplate() {
    {
      PgConnection admin = Must(postgres_->Connect());
      admin.MustExec("CREATE ROLE alice LOGIN");
      admin.MustExec(absl::StrCat("CREATE DATABASE ", kTemplate));
    }
    if (ExtensionFiles().empty()) return;
    FillTemplate();
    // It is copied only while nobody is connected to it.
    EndBackends();
  }

  void FillTemplate() {
    PgConnection pg = Must(postgres_->Connect(kTemplate));
    AddBackend(pg.backend_pid());
    pg.MustExec("CREATE EXTENSION redis_fdw");
    pg.MustExec(absl::StrCat("CREATE SERVER redis_server FOREIGN DATA WRAPPER redis_fdw ",
                             "OPTIONS (host_port 'unix://", redis().unix_socket(), "')"));
    pg.MustExec("GRANT USAGE ON FOREIGN SERVER redis_server TO alice");
  }

  std::unique_ptr<RedisServer> redis_;
  std::unique_ptr<PostgresServer> postgres_;
  std::vector<pid_t> backends_;
};

// GoogleTest owns it, and tears it down after the last test.
Servers* const servers = static_cast<Servers*>(::testing::AddGlobalTestEnvironment(new Servers));

}  // namespace

std::vector<std::string> ExtensionFiles() {
  const char* files = getenv("REDIS_FDW_EXTENSION_FILES");
  if (files == nullptr) return {};
  return absl::StrSplit(files, ' ', absl::SkipEmpty());
}

RedisServer& PgRedisTest::redis() { return servers->redis(); }
PostgresServer& PgRedisTest::postgres() { return servers->postgres(); }

void PgRedisTest::SetUp() {
  static int count = 0;
  database_ = absl::StrCat("test_", ++count);
  redis().Continue();  // should the test before have left it stopped
  servers->EndBackends();
  redis().FlushAll();
  log_start_ = postgres().log().size();
  servers->Must(postgres().Connect())
      .MustExec(absl::StrCat("CREATE DATABASE ", database_, " TEMPLATE ", kTemplate));
  pg_.emplace(Connect());
}

void PgRedisTest::TearDown() {
  observer_.reset();
  pg_.reset();
  const std::string log = postgres().log().substr(log_start_);
  // A crash that the test's own statements did not notice is a failure of this test all the same.
  if (absl::StrContains(log, "was terminated by signal")) ADD_FAILURE() << "a backend crashed";
  if (!HasFailure()) return;
  std::cerr << "--- PostgreSQL's log during this test ---\n"
            << log << "--- end of log ---" << std::endl;
}

PgConnection PgRedisTest::Connect(const std::string& user) {
  PgConnection made = servers->Must(postgres().Connect(database_, user));
  servers->AddBackend(made.backend_pid());
  return made;
}

bool PgRedisTest::ShowsActivity(PgConnection& session, const std::string& what) {
  if (!observer_.has_value()) observer_.emplace(Connect());
  const std::string sql =
      absl::StrCat("SELECT ", what, " FROM pg_stat_activity WHERE pid = ", session.backend_pid());
  bool shown = false;
  WaitUntil([&] { return (shown = observer_->Query1(sql) == "t") || !session.Busy(); });
  return shown;
}

int PgRedisTest::Calls(const std::string& command) {
  const std::string info = redis().Cli({"INFO", "commandstats"});
  const std::string wanted = absl::StrCat("cmdstat_", command, ":calls=");
  size_t at = info.find(wanted);
  return at == std::string::npos ? 0 : std::stoi(info.substr(at + wanted.size()));
}

std::string PgRedisTest::Explain(const std::string& sql, const std::string& options) {
  return Query(absl::StrCat("EXPLAIN (", options, ") ", sql));
}

}  // namespace redis_fdw::test
