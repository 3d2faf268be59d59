// A thin PostgreSQL client for tests, on libpq.
//
//   PgConnection pg = *PgConnection::Open("host=/tmp/x dbname=postgres user=postgres");
//   PgResult result = pg.Exec("SELECT 1, NULL");
//   result.rows[0][0];      // optional "1"
//   result.rows[0][1];      // nullopt
//   result.error.sqlstate;  // empty, as there was none

#ifndef REDIS_FDW_TESTING_PG_CLIENT_H_
#define REDIS_FDW_TESTING_PG_CLIENT_H_

#include <sys/types.h>

#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

struct pg_conn;

namespace redis_fdw::test {

// An error, warning or notice.
struct PgMessage {
  std::string severity;
  std::string sqlstate;
  std::string message;
  std::string detail;
  std::string hint;
  std::string context;

  // All of it, for searching and for printing.
  std::string ToString() const;
};

struct PgResult {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::string tag;  // like "INSERT 0 3"
  PgMessage error;  // with an empty sqlstate where there was none

  bool ok() const { return error.sqlstate.empty(); }
  // One line per row, columns separated by '|', NULL as "(null)": what most tests compare.
  std::string Text() const;
};

// Prints rows, or the error.
std::ostream& operator<<(std::ostream& out, const PgResult& result);

class PgConnection {
 public:
  static absl::StatusOr<PgConnection> Open(const std::string& conninfo);

  PgConnection(PgConnection&&) noexcept;
  PgConnection& operator=(PgConnection&&) noexcept;
  ~PgConnection();

  // Runs one or more statements and gives the last result, or the first error. A statement that
  // takes longer than `patience` is cancelled and reported as an error with SQLSTATE "TIMEOUT";
  // what goes wrong on this side of the connection, such as its loss, has "CLIENT".
  PgResult Exec(const std::string& sql, absl::Duration patience = absl::Seconds(60));
  // One statement with $1 and so on, all of them as text.
  PgResult ExecParams(const std::string& sql, const std::vector<std::optional<std::string>>& params,
                      absl::Duration patience = absl::Seconds(60));
  // COPY ... FROM STDIN.
  PgResult CopyIn(const std::string& sql, absl::string_view data);

  // These add a failure to the running GoogleTest if there is an error.
  PgResult MustExec(const std::string& sql);
  // The first column of the first row, "(null)" for NULL, "(no row)" for none.
  std::string Query1(const std::string& sql);

  // In pieces, for what happens while a statement runs.
  void Send(const std::string& sql);
  bool Busy();  // not yet answered
  void Cancel();
  PgResult Wait(absl::Duration patience = absl::Seconds(60));

  // Notices and warnings since the last call.
  std::vector<PgMessage> TakeNotices();
  bool connected() const;

  // About the server process at the other end.
  pid_t backend_pid() const;
  // The most memory it has had so far (VmHWM), in KiB; -1 if it is gone.
  int64_t BackendPeakKib() const;
  // What it has now (RssAnon: neither shared buffers nor mapped code), in KiB.
  int64_t BackendPrivateKib() const;
  // How many sockets it has open. Some are its own: compare with an earlier count.
  int BackendSockets() const;
  // The same of all descriptors that are no files: sockets, pipes, epoll and the like.
  int BackendDescriptors() const;

 private:
  struct State;
  explicit PgConnection(std::unique_ptr<State> state);
  std::vector<std::string> BackendLinks() const;

  std::unique_ptr<State> state_;
};

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_PG_CLIENT_H_
