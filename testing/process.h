// Child processes, temporary folders and free ports: what the fixtures that start servers share.
//
// Nothing started here outlives the test: a child gets a signal from the kernel when its parent
// dies, however it dies.
//
//   TempDir dir;
//   Process::Options options;
//   options.argv = {"/usr/bin/redis-server", "--dir", dir.path()};
//   absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(options);

#ifndef REDIS_FDW_TESTING_PROCESS_H_
#define REDIS_FDW_TESTING_PROCESS_H_

#include <signal.h>
#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace redis_fdw::test {

// A new folder directly under /tmp, removed with what it contains by the destructor. Its path is
// short, since a unix socket's path may have 107 bytes at most, which rules $TEST_TMPDIR out.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string File(absl::string_view name) const;

 private:
  std::string path_;
};

// Who a child runs as. PostgreSQL refuses to run as root, so root has to become someone else.
struct Identity {
  enum class Kind {
    kSame,           // the user of the test
    kSetUser,        // really another user: needs one that root may change to
    kUserNamespace,  // another user in a namespace of its own; files stay those of the test's user
  };
  Kind kind = Kind::kSame;
  uid_t uid = 0;
  gid_t gid = 0;

  // An identity PostgreSQL accepts, found by what this process may do: as an ordinary user kSame,
  // as root kSetUser (postgres, else nobody), in a sandbox that maps only root kUserNamespace.
  static Identity Unprivileged();

  // Makes `path` belong to this identity, where that differs from the test's.
  void Own(const std::string& path) const;
};

class Process {
 public:
  struct Options {
    std::vector<std::string> argv;      // argv[0] is a path, or a name looked for on PATH
    std::vector<std::string> env;       // "NAME=value", added to the test's environment
    std::string cwd;                    // empty: the test's
    std::string stdin_path;             // empty: /dev/null
    std::string output_path;            // stdout and stderr, appended; empty: the test's own
    Identity identity;                  // who it runs as
    int stop_signal = SIGTERM;          // what Stop() sends
    int parent_death_signal = SIGKILL;  // what it gets when the test dies
  };

  static absl::StatusOr<std::unique_ptr<Process>> Start(const Options& options);

  // Stops the process if it still runs.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool Running();
  // Sends a signal, unless the process has ended.
  void Signal(int signal_number);
  // Asks it to stop, and kills it if it has not done so in time. Works on a SIGSTOPped one too.
  void Stop(absl::Duration patience = absl::Seconds(10));
  // SIGKILL, and waits until it is gone.
  void Kill();
  // Waits until it ends by itself; the exit code, or 128 + the signal that ended it.
  absl::StatusOr<int> Wait(absl::Duration patience);

 private:
  Process(pid_t pid, int stop_signal) : pid_(pid), stop_signal_(stop_signal) {}

  pid_t pid_;
  int stop_signal_;
  bool ended_ = false;
  int exit_code_ = 0;
};

struct CommandResult {
  int exit_code = 0;
  std::string output;  // stdout and stderr, in the order they were written
};

// Runs a program to its end. `options.output_path` is not used.
absl::StatusOr<CommandResult> RunCommand(Process::Options options,
                                         absl::Duration patience = absl::Seconds(120));

// A TCP port of 127.0.0.1 that was free a moment ago, and that no other test gets while this one
// runs. Programs that are no tests may take it before it is used: start the server, and on failure
// try another. Not one of those that the kernel gives to outgoing connections, so that a server
// which is killed finds its port free when it comes back.
int FreePort();

// Calls `done` every few milliseconds until it is true; false if that takes too long.
template <typename Predicate>
bool WaitUntil(Predicate done, absl::Duration patience = absl::Seconds(60));

absl::StatusOr<std::string> ReadFile(const std::string& path);
absl::Status WriteFile(const std::string& path, absl::string_view contents);

// --- Implementation details ---------------------------------------------------------------------

void SleepBriefly();

template <typename Predicate>
bool WaitUntil(Predicate done, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  while (!done()) {
    if (absl::Now() > deadline) return false;
    SleepBriefly();
  }
  return true;
}

}  // namespace redis_fdw::test

#endif  // REDIS_FDW_TESTING_PROCESS_H_
