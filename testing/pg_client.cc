#include "testing/pg_client.h"

#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gtest/gtest.h"
#include "testing/process.h"

namespace redis_fdw::test {
namespace {

std::string Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

PgMessage MessageOf(const PGresult* result) {
  PgMessage message;
  message.severity = Field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  message.sqlstate = Field(result, PG_DIAG_SQLSTATE);
  message.message = Field(result, PG_DIAG_MESSAGE_PRIMARY);
  message.detail = Field(result, PG_DIAG_MESSAGE_DETAIL);
  message.hint = Field(result, PG_DIAG_MESSAGE_HINT);
  message.context = Field(result, PG_DIAG_CONTEXT);
  return message;
}

PgResult Failure(absl::string_view sqlstate, absl::string_view text) {
  PgResult result;
  result.error.severity = "ERROR";
  result.error.sqlstate = std::string(sqlstate);
  result.error.message = std::string(text);
  return result;
}

PgResult Convert(PGconn* connection, const PGresult* from) {
  PgResult to;
  switch (PQresultStatus(from)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      break;
    case PGRES_COPY_IN:
      return to;  // its columns have no names
    default:
      to.error = MessageOf(from);
      // The client's own errors, such as a lost connection, have neither.
      if (to.error.sqlstate.empty()) to.error.sqlstate = "CLIENT";
      if (to.error.message.empty()) to.error.message = PQerrorMessage(connection);
      return to;
  }
  to.tag = PQcmdStatus(const_cast<PGresult*>(from));
  const int columns = PQnfields(from);
  for (int c = 0; c < columns; ++c) to.columns.emplace_back(PQfname(from, c));
  for (int r = 0; r < PQntuples(from); ++r) {
    auto& row = to.rows.emplace_back();
    for (int c = 0; c < columns; ++c) {
      if (PQgetisnull(from, r, c)) {
        row.emplace_back(std::nullopt);
      } else {
        row.emplace_back(
            std::string(PQgetvalue(from, r, c), static_cast<size_t>(PQgetlength(from, r, c))));
      }
    }
  }
  return to;
}

// A number from /proc/PID/status, or -1.
int64_t StatusNumber(pid_t pid, absl::string_view name) {
  const std::string status =
      ReadFile(absl::StrCat("/proc/", pid, "/status")).value_or(std::string());
  for (absl::string_view line : absl::StrSplit(status, '\n')) {
    const std::vector<absl::string_view> words =
        absl::StrSplit(line, absl::ByAnyChar(":\t "), absl::SkipEmpty());
    int64_t value = 0;
    if (words.size() >= 2 && words[0] == name && absl::SimpleAtoi(words[1], &value)) return value;
  }
  return -1;
}

// What the links in `folder` point to; none if it cannot be read.
std::vector<std::string> LinksOf(const std::string& folder) {
  std::vector<std::string> links;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    links.push_back(std::filesystem::read_symlink(entry.path(), error).string());
  }
  return links;
}

}  // namespace

struct PgConnection::State {
  ~State() { PQfinish(connection); }

  PGconn* connection = nullptr;
  std::vector<PgMessage> notices;
};

std::string PgMessage::ToString() const {
  std::string text = absl::StrCat(severity, " ", sqlstate, ": ", message);
  if (!detail.empty()) absl::StrAppend(&text, "\nDETAIL: ", detail);
  if (!hint.empty()) absl::StrAppend(&text, "\nHINT: ", hint);
  if (!context.empty()) absl::StrAppend(&text, "\nCONTEXT: ", context);
  return text;
}

std::string PgResult::Text() const {
  if (!ok()) return error.ToString();
  std::string text;
  for (const auto& row : rows) {
    if (!text.empty()) text += '\n';
    for (size_t c = 0; c < row.size(); ++c) {
      absl::StrAppend(&text, c == 0 ? "" : "|", row[c].value_or("(null)"));
    }
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const PgResult& result) {
  return out << result.tag << "\n" << result.Text();
}

PgConnection::PgConnection(std::unique_ptr<State> state) : state_(std::move(state)) {}
PgConnection::PgConnection(PgConnection&&) noexcept = default;
PgConnection& PgConnection::operator=(PgConnection&&) noexcept = default;
PgConnection::~PgConnection() = default;

absl::StatusOr<PgConnection> PgConnection::Open(const std::string& conninfo) {
  auto state = std::make_unique<State>();
  state->connection = PQconnectdb(conninfo.c_str());
  if (PQstatus(state->connection) != CONNECTION_OK) {
    return absl::UnavailableError(PQerrorMessage(state->connection));
  }
  PQsetNoticeReceiver(
      state->connection,
      [](void* notices, const PGresult* result) {
        static_cast<std::vector<PgMessage>*>(notices)->push_back(MessageOf(result));
      },
      &state->notices);
  return PgConnection(std::move(state));
}

void PgConnection::Send(const std::string& sql) {
  if (PQsendQuery(state_->connection, sql.c_str()) != 1) {
    ADD_FAILURE() << "cannot send: " << PQerrorMessage(state_->connection) << sql;
  }
}

bool PgConnection::Busy() {
  return PQconsumeInput(state_->connection) == 1 && PQisBusy(state_->connection) == 1;
}

void PgConnection::Cancel() {
  PGcancel* cancel = PQgetCancel(state_->connection);
  char reason[256];
  if (PQcancel(cancel, reason, sizeof(reason)) != 1) ADD_FAILURE() << "cannot cancel: " << reason;
  PQfreeCancel(cancel);
}

PgResult PgConnection::Wait(absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  PgResult last;
  while (true) {
    while (Busy()) {
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) {
        // Again and again: it is lost if the server has not begun with the statement. Whatever that
        // says is of no interest; it is given a moment to say it.
        for (int i = 0; i < 20 && Busy(); ++i) {
          Cancel();
          for (int j = 0; j < 100 && Busy(); ++j) SleepBriefly();
        }
        while (!Busy()) {
          PGresult* result = PQgetResult(state_->connection);
          if (result == nullptr) break;
          PQclear(result);
        }
        return Failure("TIMEOUT", absl::StrCat("no answer in ", absl::FormatDuration(patience)));
      }
      struct pollfd wait = {PQsocket(state_->connection), POLLIN, 0};
      poll(&wait, 1, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
    }
    PGresult* result = PQgetResult(state_->connection);
    if (result == nullptr) return last;
    // The first error is what matters; the server skips what follows.
    const bool copying = PQresultStatus(result) == PGRES_COPY_IN;
    if (last.ok()) last = Convert(state_->connection, result);
    PQclear(result);
    if (copying) return last;
  }
}

PgResult PgConnection::Exec(const std::string& sql, absl::Duration patience) {
  if (PQsendQuery(state_->connection, sql.c_str()) != 1) {
    return Failure("CLIENT", PQerrorMessage(state_->connection));
  }
  return Wait(patience);
}

PgResult PgConnection::ExecParams(const std::string& sql,
                                  const std::vector<std::optional<std::string>>& params,
                                  absl::Duration patience) {
  std::vector<const char*> values;
  values.reserve(params.size());
  for (const auto& param : params) values.push_back(param ? param->c_str() : nullptr);
  if (PQsendQueryParams(state_->connection, sql.c_str(), static_cast<int>(values.size()), nullptr,
                        values.data(), nullptr, nullptr, 0) != 1) {
    return Failure("CLIENT", PQerrorMessage(state_->connection));
  }
  return Wait(patience);
}

PgResult PgConnection::CopyIn(const std::string& sql, absl::string_view data) {
  PgResult started = Exec(sql);
  if (!started.ok()) return started;
  PQputCopyData(state_->connection, data.data(), static_cast<int>(data.size()));
  PQputCopyEnd(state_->connection, nullptr);
  return Wait();
}

PgResult PgConnection::MustExec(const std::string& sql) {
  PgResult result = Exec(sql);
  EXPECT_TRUE(result.ok()) << sql << "\n" << result.error.ToString();
  return result;
}

std::string PgConnection::Query1(const std::string& sql) {
  const PgResult result = MustExec(sql);
  if (result.rows.empty() || result.rows[0].empty()) return "(no row)";
  return result.rows[0][0].value_or("(null)");
}

std::vector<PgMessage> PgConnection::TakeNotices() {
  return std::exchange(state_->notices, std::vector<PgMessage>());
}

bool PgConnection::connected() const { return PQstatus(state_->connection) == CONNECTION_OK; }

pid_t PgConnection::backend_pid() const { return PQbackendPID(state_->connection); }

int64_t PgConnection::BackendPeakKib() const { return StatusNumber(backend_pid(), "VmHWM"); }

int64_t PgConnection::BackendPrivateKib() const { return StatusNumber(backend_pid(), "RssAnon"); }

std::vector<std::string> PgConnection::BackendLinks() const {
  const std::string folder = absl::StrCat("/proc/", backend_pid(), "/fd");
  const Identity owner = Identity::Unprivileged();
  // A sandboxed server lives in a user namespace that its creator, this process, may look into.
  if (owner.kind != Identity::Kind::kSetUser) return LinksOf(folder);
  // Elsewhere only the server's own user may, and in a container not even root: ask as that user.
  Process::Options options;
  options.argv = {"/bin/sh", "-c",
                  absl::StrCat("for f in ", folder, "/*; do readlink \"$f\"; done")};
  options.identity = owner;
  options.cwd = "/";
  const absl::StatusOr<CommandResult> listing = RunCommand(options);
  if (!listing.ok()) return {};
  return absl::StrSplit(listing->output, '\n', absl::SkipEmpty());
}

int PgConnection::BackendSockets() const {
  const std::vector<std::string> links = BackendLinks();
  if (links.empty()) return -1;
  return static_cast<int>(std::count_if(links.begin(), links.end(), [](const std::string& link) {
    return absl::StartsWith(link, "socket:");
  }));
}

int PgConnection::BackendDescriptors() const {
  const std::vector<std::string> links = BackendLinks();
  if (links.empty()) return -1;
  // Files have paths.
  return static_cast<int>(std::count_if(links.begin(), links.end(), [](const std::string& link) {
    return !absl::StartsWith(link, "/");
  }));
}

}  // namespace redis_fdw::test
