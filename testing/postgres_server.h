// A private PostgreSQL server for a test, with the extension in it.
//
//   PostgresOptions options;
//   options.extension_files = {"pg_glue/redis_fdw.so", "pg_glue/redis_fdw.control", ...};
//   absl::StatusOr<std::unique_ptr<PostgresServer>> server = PostgresServer::Start(options);
//   PgConnection pg = *(*server)->Connect("postgres");
//
// PostgreSQL finds its library and share folders relative to its executable. So this makes an
// installation of its own under /tmp: copies of `postgres` and `initdb`, links to everything else
// of the system's, and the extension's files. Nothing is installed, several servers run at once,
// and nothing of the system's is touched. It listens on a unix socket only.

#ifndef REDIS_FDW_TESTING_POSTGRES_SERVER_H_
#define REDIS_FDW_TESTING_POSTGRES_SERVER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "testing/pg_client.h"
#include "testing/process.h"

namespace redis_fdw::test {

struct PostgresOptions {
  // What to install: *.so into pkglibdir, *.control and *.sql into sharedir/extension.
  std::vector<std::string> extension_files;
  // Lines of postgresql.conf, like "work_mem = '1MB'".
  std::vector<std::string> config;
  // Collates by code point but is not "C", so that code which takes every collation for byte order
  // is found out.
  std::string locale = "C.UTF-8";
  std::string encoding = "UTF8";
  // Where PostgreSQL is: //tools/bazel:pg_config_paths. Empty: what pg_test() says.
  std::string pg_config_paths;
};

class PostgresServer {
 public:
  static absl::StatusOr<std::unique_ptr<PostgresServer>> Start(const PostgresOptions& options = {});

  absl::StatusOr<PgConnection> Connect(const std::string& dbname = "postgres",
                                       const std::string& user = "postgres");

  // For PGHOST: the folder of the socket.
  const std::string& socket_dir() const { return dir_.path(); }
  // A program of this PostgreSQL, like "psql".
  std::string Program(const std::string& name) const;
  pid_t pid() const { return process_->pid(); }
  int major_version() const;
  std::string log() const;

  // Stops it and starts it again, with its data: for crash recovery and restarts.
  absl::Status Restart();
  // As `pg_ctl stop -m fast`, but it does not wait: sessions are told, and the server ends.
  // REQUIRES: Restart() before anything else.
  void BeginFastShutdown() { process_->Signal(SIGINT); }

 private:
  PostgresServer() = default;

  absl::Status Install();
  absl::Status InitDb();
  absl::Status Launch();

  TempDir dir_;
  PostgresOptions options_;
  Identity identity_;
  std::map<std::string, std::string> paths_;  // as in pg_config_paths
  std::unique_ptr<Process> process_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_POSTGRES_SERVER_H_
