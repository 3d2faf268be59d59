#include "testing/postgres_server.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace redis_fdw::test {
namespace {

namespace fs = std::filesystem;

// Reads //tools/bazel:pg_config_paths.
absl::StatusOr<std::map<std::string, std::string>> ReadPaths(std::string file) {
  if (file.empty()) {
    const char* from_rule = getenv("REDIS_FDW_PG_CONFIG_PATHS");
    if (from_rule == nullptr) {
      return absl::FailedPreconditionError(
          "REDIS_FDW_PG_CONFIG_PATHS is not set: use pg_test() of //testing:defs.bzl");
    }
    file = from_rule;
  }
  absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return text.status();
  std::map<std::string, std::string> paths;
  for (absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    paths.insert(
        std::pair<std::string, std::string>(absl::StrSplit(line, absl::MaxSplits('=', 1))));
  }
  return paths;
}

// Links everything in `from` into `to`, but for the names in `except`.
void LinkAll(const fs::path& from, const fs::path& to, const std::string& except = "") {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    const std::string name = entry.path().filename().string();
    if (name != except) fs::create_symlink(entry.path(), to / name);
  }
}

void CopyTo(const fs::path& file, const fs::path& folder) {
  const fs::path target = folder / file.filename();
  // In the place of the system's own, if that is installed too.
  fs::remove(target);
  fs::copy_file(file, target);
}

}  // namespace

absl::StatusOr<std::unique_ptr<PostgresServer>> PostgresServer::Start(
    const PostgresOptions& options) {
  std::unique_ptr<PostgresServer> server(new PostgresServer);
  server->options_ = options;
  server->identity_ = Identity::Unprivileged();
  absl::StatusOr<std::map<std::string, std::string>> paths = ReadPaths(options.pg_config_paths);
  if (!paths.ok()) return paths.status();
  server->paths_ = *std::move(paths);
  if (absl::Status status = server->Install(); !status.ok()) return status;
  if (absl::Status status = server->InitDb(); !status.ok()) return status;
  if (absl::Status status = server->Launch(); !status.ok()) return status;
  return server;
}

absl::Status PostgresServer::Install() {
  const std::string& bindir = paths_["bindir"];
  if (!fs::exists(bindir + "/postgres")) {
    return absl::NotFoundError(
        absl::StrCat(bindir, "/postgres not found: install postgresql-", paths_["major"]));
  }
  // The server's user must be able to read all of it.
  const mode_t old_mask = umask(022);
  try {
    const fs::path root = dir_.path() + "/root";
    const fs::path bin = root.string() + bindir;
    const fs::path lib = root.string() + paths_["pkglibdir"];
    const fs::path share = root.string() + paths_["sharedir"];
    fs::create_directories(bin);
    // Copies, since a link would lead back to the system's installation.
    CopyTo(bindir + "/postgres", bin);
    CopyTo(bindir + "/initdb", bin);
    LinkAll(paths_["pkglibdir"], lib);
    LinkAll(paths_["sharedir"], share, "extension");
    LinkAll(paths_["sharedir"] + "/extension", share / "extension");
    for (const std::string& file : options_.extension_files) {
      CopyTo(file, absl::EndsWith(file, ".so") ? lib : share / "extension");
    }
  } catch (const fs::filesystem_error& error) {
    umask(old_mask);
    return absl::InternalError(error.what());
  }
  umask(old_mask);
  identity_.Own(dir_.path());
  return absl::OkStatus();
}

absl::Status PostgresServer::InitDb() {
  Process::Options options;
  options.argv = {absl::StrCat(dir_.path(), "/root", paths_["bindir"], "/initdb"),
                  "--pgdata=" + dir_.File("data"),
                  "--username=postgres",
                  "--auth=trust",
                  "--no-sync",
                  "--no-instructions",
                  "--wal-segsize=1",
                  "--locale=" + options_.locale,
                  "--encoding=" + options_.encoding};
  options.env = {"LC_ALL=C", "TZ=UTC"};
  options.cwd = dir_.path();
  options.identity = identity_;
  absl::StatusOr<CommandResult> result = RunCommand(options);
  if (!result.ok()) return result.status();
  if (result->exit_code != 0) {
    return absl::InternalError(absl::StrCat("initdb failed:\n", result->output));
  }
  return absl::OkStatus();
}

absl::Status PostgresServer::Launch() {
  Process::Options options;
  options.argv = {absl::StrCat(dir_.path(), "/root", paths_["bindir"], "/postgres"), "-D",
                  dir_.File("data")};
  std::vector<std::string> settings = {"listen_addresses=",
                                       "unix_socket_directories=" + dir_.path(),
                                       "fsync=off",
                                       "full_page_writes=off",
                                       "shared_buffers=16MB",
                                       "max_connections=40",
                                       "autovacuum=off",
                                       "jit=off",
                                       "timezone=UTC",
                                       "log_timezone=UTC",
                                       "lc_messages=C",
                                       "log_error_verbosity=default",
                                       "max_wal_size=64MB",
                                       "logging_collector=off",
                                       "dynamic_shared_memory_type=mmap"};
  settings.insert(settings.end(), options_.config.begin(), options_.config.end());
  for (const std::string& setting : settings) {
    options.argv.emplace_back("-c");
    options.argv.push_back(setting);
  }
  options.env = {"TZ=UTC"};
  options.cwd = dir_.path();
  options.output_path = dir_.File("log");
  options.identity = identity_;
  options.stop_signal = SIGINT;           // "fast": does not wait for clients
  options.parent_death_signal = SIGQUIT;  // "immediate", but removes its shared memory
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(options);
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  const bool up =
      WaitUntil([this] { return !process_->Running() || Connect().ok(); }, absl::Seconds(120));
  if (up && process_->Running()) return absl::OkStatus();
  process_->Kill();
  return absl::InternalError(absl::StrCat("PostgreSQL did not start; its log:\n", log()));
}

absl::StatusOr<PgConnection> PostgresServer::Connect(const std::string& dbname,
                                                     const std::string& user) {
  return PgConnection::Open(absl::StrCat("host=", dir_.path(), " dbname=", dbname, " user=", user));
}

std::string PostgresServer::Program(const std::string& name) const {
  std::string path = absl::StrCat(paths_.at("bindir"), "/", name);
  // Clients may come from another package, and then they are on PATH.
  return fs::exists(path) ? path : name;
}

int PostgresServer::major_version() const {
  int major = 0;
  return absl::SimpleAtoi(paths_.at("major"), &major) ? major : 0;
}

std::string PostgresServer::log() const { return ReadFile(dir_.File("log")).value_or(""); }

absl::Status PostgresServer::Restart() {
  // One that is killed leaves its memory behind, and with that does not start again.
  process_->Stop(absl::Seconds(60));
  return Launch();
}

}  // namespace redis_fdw::test
