// Runs a .sql file through psql on private servers and compares what psql prints with a .out file,
// byte by byte. See defs.bzl for how to declare such a test and to record what it expects.
//
// In the .sql file:
//   :'redis'            a host_port option that reaches this test's Redis by its unix socket
//   :'redis_tcp'        another, by TCP
//   \! redis HGETALL k  runs redis-cli on it
// Paths and ports, which differ from run to run, are masked in the output.

#include <stdlib.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "testing/pg_client.h"
#include "testing/postgres_server.h"
#include "testing/process.h"
#include "testing/redis_server.h"

namespace redis_fdw::test {
namespace {

struct Flags {
  std::string sql;
  std::string expected;
  PostgresOptions postgres;
  bool bare = false;
  bool record = false;
};

absl::StatusOr<Flags> ParseFlags(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    absl::string_view arg = argv[i];
    if (absl::ConsumePrefix(&arg, "--sql=")) {
      flags.sql = std::string(arg);
    } else if (absl::ConsumePrefix(&arg, "--expected=")) {
      flags.expected = std::string(arg);
    } else if (absl::ConsumePrefix(&arg, "--pg_config_paths=")) {
      flags.postgres.pg_config_paths = std::string(arg);
    } else if (absl::ConsumePrefix(&arg, "--config=")) {
      flags.postgres.config.emplace_back(arg);
    } else if (arg == "--bare") {
      flags.bare = true;
    } else if (arg == "--record") {
      flags.record = true;
    } else if (!absl::StartsWith(arg, "--")) {
      flags.postgres.extension_files.emplace_back(arg);
    } else {
      return absl::InvalidArgumentError(absl::StrCat("unknown flag ", arg));
    }
  }
  return flags;
}

// The extension and the server most suites start from; nothing in a bare one.
absl::Status Prepare(PostgresServer& postgres, const RedisServer& redis) {
  absl::StatusOr<PgConnection> pg = postgres.Connect();
  if (!pg.ok()) return pg.status();
  const std::string server =
      absl::StrCat("CREATE SERVER redis_server FOREIGN DATA WRAPPER redis_fdw OPTIONS ",
                   "(host_port 'unix://", redis.unix_socket(), "')");
  for (const std::string& sql : {std::string("CREATE EXTENSION redis_fdw"), server}) {
    const PgResult result = pg->Exec(sql);
    if (!result.ok()) return absl::InternalError(result.error.ToString());
  }
  return absl::OkStatus();
}

// A program `redis` for \! in the .sql file.
absl::Status WriteRedisCommand(const std::string& path, const RedisServer& redis) {
  const std::string script =
      absl::StrCat("#!/bin/sh\nexec redis-cli -s ", redis.unix_socket(), " \"$@\"\n");
  if (absl::Status status = WriteFile(path, script); !status.ok()) return status;
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return absl::OkStatus();
}

absl::StatusOr<std::string> RunPsql(const Flags& flags) {
  RedisOptions redis_options;
  redis_options.tcp = true;
  auto redis = RedisServer::Start(redis_options);
  if (!redis.ok()) return redis.status();
  auto postgres = PostgresServer::Start(flags.postgres);
  if (!postgres.ok()) return postgres.status();
  if (!flags.bare) {
    if (absl::Status status = Prepare(**postgres, **redis); !status.ok()) return status;
  }
  const TempDir dir;
  if (absl::Status status = WriteRedisCommand(dir.File("redis"), **redis); !status.ok()) {
    return status;
  }

  const std::string unix_url = absl::StrCat("unix://", (*redis)->unix_socket());
  Process::Options psql;
  psql.argv = {(*postgres)->Program("psql"),
               "-X",
               "-a",
               "-q",
               "--set=ON_ERROR_STOP=0",
               "--set=redis=" + unix_url,
               "--set=redis_tcp=" + (*redis)->host_port()};
  psql.env = {"PGHOST=" + (*postgres)->socket_dir(),
              "PGUSER=postgres",
              "PGDATABASE=postgres",
              "PGAPPNAME=sql_test",
              "PGTZ=UTC",
              "PGCLIENTENCODING=UTF8",
              "LC_ALL=C",
              "PATH=" + dir.path() + ":/usr/local/bin:/usr/bin:/bin"};
  // By stdin, as pg_regress does: with -f every error would name file and line.
  psql.stdin_path = flags.sql;
  absl::StatusOr<CommandResult> result = RunCommand(psql, absl::Minutes(10));
  if (!result.ok()) return result.status();
  const std::string log = (*postgres)->log();
  if (absl::StrContains(log, "was terminated by signal")) {
    return absl::InternalError(absl::StrCat("A server process crashed. Output:\n", result->output,
                                            "\nPostgreSQL's log:\n", log));
  }
  return absl::StrReplaceAll(result->output, {{(*redis)->unix_socket(), "/tmp/redis.sock"},
                                              {(*redis)->host_port(), "127.0.0.1:6379"},
                                              {(*postgres)->socket_dir(), "/tmp/postgres"}});
}

void PrintDifference(const std::string& expected_path, const std::string& output) {
  const TempDir dir;
  if (!WriteFile(dir.File("output"), output).ok()) return;
  Process::Options diff;
  diff.argv = {"diff",           "-u",          "--label=expected",
               "--label=output", expected_path, dir.File("output")};
  const absl::StatusOr<CommandResult> result = RunCommand(diff);
  std::cout << (result.ok() ? result->output : output) << std::flush;
}

int Record(const std::string& expected_path, const std::string& output) {
  const char* workspace = getenv("BUILD_WORKSPACE_DIRECTORY");
  if (workspace == nullptr) {
    std::cerr << "--record works with `bazel run` only\n";
    return 2;
  }
  const std::string target = absl::StrCat(workspace, "/", expected_path);
  if (absl::Status status = WriteFile(target, output); !status.ok()) {
    std::cerr << status.message() << "\n";
    return 2;
  }
  std::cout << "recorded " << target << "; look at it before you commit it\n";
  return 0;
}

int Main(int argc, char** argv) {
  const absl::StatusOr<Flags> flags = ParseFlags(argc, argv);
  if (!flags.ok()) {
    std::cerr << flags.status().message() << "\n";
    return 2;
  }
  const absl::StatusOr<std::string> output = RunPsql(*flags);
  if (!output.ok()) {
    std::cerr << output.status().message() << "\n";
    return 1;
  }
  if (flags->record) return Record(flags->expected, *output);
  const absl::StatusOr<std::string> expected = ReadFile(flags->expected);
  if (expected.ok() && *expected == *output) return 0;
  PrintDifference(flags->expected, *output);
  const char* target = getenv("TEST_TARGET");
  std::cout << "\nIf the new output is right: bazel run " << (target == nullptr ? "TARGET" : target)
            << " -- --record" << std::endl;
  return 1;
}

}  // namespace
}  // namespace redis_fdw::test

int main(int argc, char** argv) { return redis_fdw::test::Main(argc, argv); }
