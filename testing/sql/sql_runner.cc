// Runs a .sql file through psql on private servers and compares what psql prints with a .out file,
// byte by byte. See defs.bzl for how to declare such a test and to record what it expects.
//
// In the .sql file:
//   :'redis'            a host_port option that reaches this test's Redis
//   :'nodes'            the same, but of a cluster all nodes
//   :server_options     all options that a server needs for that
//   \! redis HGETALL k  runs redis-cli on it
//   \! redis_ttl k 50 60  prints whether the TTL of k is within these seconds, both included
//   :'deployment'       which Redis it is; --deployment says it, see testing/deployment.h
// Paths, ports and addresses, which differ from run to run, are masked in the output; all of a
// deployment's addresses read the same, so one output is for every deployment.
//
// With --passes=N the file runs N times in one session, each time in an empty schema `suite` and an
// empty Redis, a second time under plan_cache_mode = force_generic_plan; all have to print the
// same. What the file makes outside of the schema (servers, roles) it has to drop.

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "testing/deployment.h"
#include "testing/pg_client.h"
#include "testing/postgres_server.h"
#include "testing/process.h"

namespace redis_fdw::test {
namespace {

struct Flags {
  std::string sql;
  std::string expected;
  std::string doc;
  PostgresOptions postgres;
  bool bare = false;
  bool record = false;
  int passes = 0;  // 0: as it is, in a database of its own
  std::string deployment = "unix";
};

absl::StatusOr<Flags> ParseFlags(int argc, char** argv) {
  Flags flags;
  for (int i = 1; i < argc; ++i) {
    absl::string_view arg = argv[i];
    if (absl::ConsumePrefix(&arg, "--sql=")) {
      flags.sql = std::string(arg);
    } else if (absl::ConsumePrefix(&arg, "--expected=")) {
      flags.expected = std::string(arg);
    } else if (absl::ConsumePrefix(&arg, "--doc=")) {
      flags.doc = std::string(arg);
    } else if (absl::ConsumePrefix(&arg, "--pg_config_paths=")) {
      flags.postgres.pg_config_paths = std::string(arg);
    } else if (absl::ConsumePrefix(&arg, "--config=")) {
      flags.postgres.config.emplace_back(arg);
    } else if (arg == "--bare") {
      flags.bare = true;
    } else if (absl::ConsumePrefix(&arg, "--deployment=")) {
      flags.deployment = std::string(arg);
    } else if (absl::ConsumePrefix(&arg, "--passes=")) {
      if (!absl::SimpleAtoi(arg, &flags.passes)) {
        return absl::InvalidArgumentError("--passes wants a number");
      }
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
absl::Status Prepare(PostgresServer& postgres, const Deployment& redis) {
  absl::StatusOr<PgConnection> pg = postgres.Connect();
  if (!pg.ok()) return pg.status();
  const std::string server =
      absl::StrCat("CREATE SERVER redis_server FOREIGN DATA WRAPPER redis_fdw OPTIONS ", "(",
                   redis.server_options(), ")");
  for (const std::string& sql : {std::string("CREATE EXTENSION redis_fdw"), server}) {
    const PgResult result = pg->Exec(sql);
    if (!result.ok()) return absl::InternalError(result.error.ToString());
  }
  return absl::OkStatus();
}

std::string Nodes(const Deployment& redis) {
  return redis.cluster() == nullptr ? redis.host_port() : redis.cluster()->all_host_ports();
}

// The programs for \! in the .sql file.
absl::Status WriteCommands(const TempDir& dir, const Deployment& redis) {
  const std::string cli = redis.cli();
  const std::pair<std::string, std::string> programs[] = {
      {"redis", absl::StrCat("#!/bin/sh\nexec ", cli, " \"$@\"\n")},
      {"redis_ttl", absl::StrCat("#!/bin/sh\nttl=$(", cli, R"sh( TTL "$1")
if [ "$ttl" -ge "$2" ] && [ "$ttl" -le "$3" ]; then
  echo "$1 expires in $2 to $3 seconds"
else
  echo "$1 expires in $ttl seconds, not $2 to $3"
fi
)sh")}};
  for (const auto& [name, script] : programs) {
    if (absl::Status status = WriteFile(dir.File(name), script); !status.ok()) return status;
    std::filesystem::permissions(dir.File(name), std::filesystem::perms::owner_all);
  }
  return absl::OkStatus();
}

constexpr char kPassBegins[] = "---- a pass begins ----";
constexpr char kPassEnds[] = "---- a pass ends ----";

// Before each pass. Command tags are shown, since they count rows.
constexpr char kCleanSlate[] = R"sql(
\set QUIET off
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS suite CASCADE;
CREATE SCHEMA suite;
DEALLOCATE ALL;
RESET ALL;
SET search_path = suite, public;
\! redis FLUSHALL
)sql";

// What psql has to run.
std::string Script(const std::string& sql, int passes) {
  if (passes == 0) return sql;
  std::string script;
  for (int pass = 0; pass < passes; ++pass) {
    const char* mode = pass == 0 ? "auto" : "force_generic_plan";
    absl::StrAppend(&script, kCleanSlate, "SET plan_cache_mode = ", mode, ";\n\\echo ", kPassBegins,
                    "\n", sql, "\n\\echo ", kPassEnds, "\n");
  }
  return script;
}

// The output of each pass: between the line that \echo printed at its beginning and the \echo
// (which is printed itself) at its end.
std::vector<std::string> SplitPasses(absl::string_view output) {
  std::vector<std::string> passes;
  const std::string begins = absl::StrCat("\n", kPassBegins, "\n");
  const std::string ends = absl::StrCat("\\echo ", kPassEnds, "\n");
  for (;;) {
    size_t first = output.find(begins);
    if (first == absl::string_view::npos) return passes;
    output.remove_prefix(first + begins.size());
    size_t last = output.find(ends);
    if (last == absl::string_view::npos) return passes;
    passes.emplace_back(output.substr(0, last));
    output.remove_prefix(last);
  }
}

// What psql prints: once, or once for each pass.
absl::StatusOr<std::vector<std::string>> RunPsql(const Flags& flags) {
  absl::StatusOr<std::string> sql = ReadFile(flags.sql);
  if (!sql.ok()) return sql.status();
  auto redis = Deployment::Start(flags.deployment);
  if (!redis.ok()) return redis.status();
  auto postgres = PostgresServer::Start(flags.postgres);
  if (!postgres.ok()) return postgres.status();
  if (!flags.bare) {
    if (absl::Status status = Prepare(**postgres, **redis); !status.ok()) return status;
  }
  const TempDir dir;
  if (absl::Status status = WriteCommands(dir, **redis); !status.ok()) return status;
  absl::Status written = WriteFile(dir.File("input.sql"), Script(*sql, flags.passes));
  if (!written.ok()) return written;

  Process::Options psql;
  psql.argv = {(*postgres)->Program("psql"),
               "-X",
               "-a",
               "-q",
               "--set=ON_ERROR_STOP=0",
               "--set=redis=" + (*redis)->host_port(),
               "--set=nodes=" + Nodes(**redis),
               "--set=server_options=" + (*redis)->server_options(),
               "--set=deployment=" + (*redis)->kind()};
  psql.env = {"PGHOST=" + (*postgres)->socket_dir(),
              "PGUSER=postgres",
              "PGDATABASE=postgres",
              "PGAPPNAME=sql_test",
              "PGTZ=UTC",
              "PGCLIENTENCODING=UTF8",
              "LC_ALL=C",
              "PATH=" + dir.path() + ":/usr/local/bin:/usr/bin:/bin"};
  // By stdin, as pg_regress does: with -f every error would name file and line.
  psql.stdin_path = dir.File("input.sql");
  absl::StatusOr<CommandResult> result = RunCommand(psql, absl::Minutes(10));
  if (!result.ok()) return result.status();
  const std::string log = (*postgres)->log();
  if (absl::StrContains(log, "was terminated by signal")) {
    return absl::InternalError(absl::StrCat("A server process crashed. Output:\n", result->output,
                                            "\nPostgreSQL's log:\n", log));
  }
  std::vector<std::pair<std::string, std::string>> masks = {
      {(*postgres)->socket_dir(), "/tmp/postgres"}};
  for (const std::string& address : (*redis)->addresses()) {
    masks.emplace_back(address, "127.0.0.1:6379");
  }
  const std::string output = absl::StrReplaceAll(result->output, masks);
  if (flags.passes == 0) return std::vector<std::string>{output};
  std::vector<std::string> passes = SplitPasses(output);
  if (static_cast<int>(passes.size()) == flags.passes) return passes;
  return absl::InternalError(absl::StrCat("psql did not come through all passes:\n", output));
}

// The indented blocks of a Markdown file, without what they are indented by.
std::vector<std::string> BlocksOf(absl::string_view markdown) {
  std::vector<std::string> blocks;
  size_t indent = 0;  // of the block that the line before is in; 0: none
  for (absl::string_view line : absl::StrSplit(markdown, '\n')) {
    const size_t spaces = std::min(line.find_first_not_of(' '), line.size());
    if (spaces == line.size() || spaces < std::max<size_t>(indent, 4)) {
      indent = 0;
      continue;
    }
    if (indent == 0) {
      indent = spaces;
      blocks.emplace_back();
    }
    absl::StrAppend(&blocks.back(), line.substr(indent), "\n");
  }
  return blocks;
}

// Whether all that a Markdown file shows is in the statements, a line after the other. The first
// block, which makes the server, the runner has done.
bool RunsWhatItShows(const std::string& doc, const std::string& sql) {
  const absl::StatusOr<std::string> markdown = ReadFile(doc);
  const absl::StatusOr<std::string> statements = ReadFile(sql);
  if (!markdown.ok() || !statements.ok()) return false;
  const std::vector<std::string> blocks = BlocksOf(*markdown);
  bool all = blocks.size() > 1;
  for (size_t i = 1; i < blocks.size(); ++i) {
    if (absl::StrContains(*statements, blocks[i])) continue;
    std::cout << sql << " does not run what " << doc << " shows:\n" << blocks[i];
    all = false;
  }
  return all;
}

void PrintDifference(const std::string& expected, const std::string& output) {
  const TempDir dir;
  if (!WriteFile(dir.File("expected"), expected).ok()) return;
  if (!WriteFile(dir.File("output"), output).ok()) return;
  Process::Options diff;
  diff.argv = {
      "diff", "-u", "--label=expected", "--label=output", dir.File("expected"), dir.File("output")};
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
  if (!flags->doc.empty() && !RunsWhatItShows(flags->doc, flags->sql)) return 1;
  const absl::StatusOr<std::vector<std::string>> passes = RunPsql(*flags);
  if (!passes.ok()) {
    std::cerr << passes.status().message() << "\n";
    return 1;
  }
  if (passes->front() != passes->back()) {
    std::cout << "The second pass, expected to be as the first:\n";
    PrintDifference(passes->front(), passes->back());
    return 1;
  }
  if (flags->record) return Record(flags->expected, passes->front());
  const absl::StatusOr<std::string> expected = ReadFile(flags->expected);
  if (expected.ok() && *expected == passes->front()) return 0;
  PrintDifference(expected.ok() ? *expected : "", passes->front());
  const char* target = getenv("TEST_TARGET");
  std::cout << "\nIf the new output is right: bazel run " << (target == nullptr ? "TARGET" : target)
            << " -- --record" << std::endl;
  return 1;
}

}  // namespace
}  // namespace redis_fdw::test

int main(int argc, char** argv) { return redis_fdw::test::Main(argc, argv); }
