#include "testing/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace redis_fdw::test {
namespace {

absl::Status ErrnoStatus(absl::string_view what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

// True if this process's user namespace maps root alone, so that setuid to anyone else fails.
bool OnlyRootIsMapped() {
  std::ifstream map("/proc/self/uid_map");
  uint64_t inside = 0;
  uint64_t outside = 0;
  uint64_t count = 0;
  uint64_t total = 0;
  while (map >> inside >> outside >> count) total += count;
  return total <= 1;
}

// Only async-signal-safe calls from here on: this runs between fork and exec.
bool WriteProcFile(const char* path, const char* text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const size_t length = strlen(text);
  const bool written = write(fd, text, length) == static_cast<ssize_t>(length);
  close(fd);
  return written;
}

[[noreturn]] void ChildFailed(const char* what) {
  const char* reason = strerror(errno);
  (void)!write(STDERR_FILENO, what, strlen(what));
  (void)!write(STDERR_FILENO, ": ", 2);
  (void)!write(STDERR_FILENO, reason, strlen(reason));
  (void)!write(STDERR_FILENO, "\n", 1);
  _exit(127);
}

// `uid_map` and `gid_map` are formatted by the parent, since the child may not allocate.
void BecomeIdentity(const Identity& identity, const char* uid_map, const char* gid_map) {
  switch (identity.kind) {
    case Identity::Kind::kSame:
      return;
    case Identity::Kind::kSetUser:
      if (setgroups(0, nullptr) != 0) ChildFailed("setgroups");
      if (setgid(identity.gid) != 0) ChildFailed("setgid");
      if (setuid(identity.uid) != 0) ChildFailed("setuid");
      return;
    case Identity::Kind::kUserNamespace:
      if (unshare(CLONE_NEWUSER) != 0) ChildFailed("unshare(CLONE_NEWUSER)");
      // Absent on old kernels, required on new ones before gid_map may be written.
      WriteProcFile("/proc/self/setgroups", "deny");
      if (!WriteProcFile("/proc/self/uid_map", uid_map)) ChildFailed("uid_map");
      if (!WriteProcFile("/proc/self/gid_map", gid_map)) ChildFailed("gid_map");
      return;
  }
}

std::string FindOnPath(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = getenv("PATH");
  std::stringstream folders(path == nullptr ? "" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    std::string candidate = folder + "/" + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  // Bazel's tests have no sbin on their PATH.
  for (const char* folder : {"/usr/bin/", "/usr/sbin/", "/usr/local/bin/", "/sbin/"}) {
    std::string candidate = folder + name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return name;
}

std::vector<char*> Pointers(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  for (std::string& s : strings) pointers.push_back(s.data());
  pointers.push_back(nullptr);
  return pointers;
}

// Later settings replace earlier ones of the same name.
std::vector<std::string> Environment(const std::vector<std::string>& added) {
  std::vector<std::string> result;
  auto name_of = [](const std::string& s) { return s.substr(0, s.find('=') + 1); };
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string setting = *entry;
    const bool replaced = std::any_of(added.begin(), added.end(), [&](const std::string& other) {
      return name_of(other) == name_of(setting);
    });
    if (!replaced) result.push_back(setting);
  }
  result.insert(result.end(), added.begin(), added.end());
  return result;
}

// Takes a port for this process as far as tests are concerned, also against those that run beside
// it: until it ends, FreePort() gives it to nobody else. What is taken is an abstract unix socket's
// name, which is in the same network namespace as the port, and which the kernel gives back.
bool ReservePort(int port) {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string name = absl::StrCat("redis_fdw_test_port_", port);
  name.copy(address.sun_path + 1, sizeof(address.sun_path) - 1);
  const auto length =
      static_cast<socklen_t>(offsetof(struct sockaddr_un, sun_path) + 1 + name.size());
  if (bind(fd, reinterpret_cast<struct sockaddr*>(&address), length) == 0) return true;
  // Of other errors, such as too many open files, it is not to fail.
  const bool others = errno == EADDRINUSE;
  if (fd >= 0) close(fd);
  return !others;
}

bool PortIsFree(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<uint16_t>(port));
  const bool bound = bind(fd, reinterpret_cast<struct sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  return bound;
}

}  // namespace

TempDir::TempDir() {
  std::string pattern = "/tmp/rfdw.XXXXXX";
  const char* made = mkdtemp(pattern.data());
  if (made == nullptr) {
    perror("mkdtemp /tmp/rfdw.XXXXXX");
    abort();
  }
  path_ = made;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::File(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

Identity Identity::Unprivileged() {
  Identity identity;
  if (geteuid() != 0) return identity;
  if (OnlyRootIsMapped()) {
    identity.kind = Kind::kUserNamespace;
    identity.uid = 65534;
    identity.gid = 65534;
    return identity;
  }
  identity.kind = Kind::kSetUser;
  for (const char* name : {"postgres", "nobody"}) {
    if (const struct passwd* entry = getpwnam(name); entry != nullptr) {
      identity.uid = entry->pw_uid;
      identity.gid = entry->pw_gid;
      return identity;
    }
  }
  identity.uid = 65534;
  identity.gid = 65534;
  return identity;
}

void Identity::Own(const std::string& path) const {
  if (kind == Kind::kSetUser && chown(path.c_str(), uid, gid) != 0) perror(path.c_str());
}

absl::StatusOr<std::unique_ptr<Process>> Process::Start(const Options& options) {
  std::vector<std::string> args = options.argv;
  if (args.empty()) return absl::InvalidArgumentError("no program given");
  const std::string program = FindOnPath(args[0]);
  if (access(program.c_str(), X_OK) != 0) return ErrnoStatus(program);
  std::vector<std::string> settings = Environment(options.env);
  const std::vector<char*> argv = Pointers(args);
  const std::vector<char*> envp = Pointers(settings);
  const std::string uid_map = absl::StrCat(options.identity.uid, " ", geteuid(), " 1\n");
  const std::string gid_map = absl::StrCat(options.identity.gid, " ", getegid(), " 1\n");
  const char* input = options.stdin_path.empty() ? "/dev/null" : options.stdin_path.c_str();
  const pid_t parent = getpid();

  const pid_t pid = fork();
  if (pid < 0) return ErrnoStatus("fork");
  if (pid == 0) {
    const int in = open(input, O_RDONLY);
    if (in < 0 || dup2(in, STDIN_FILENO) < 0) ChildFailed(input);
    if (!options.output_path.empty()) {
      const int out = open(options.output_path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
      if (out < 0) ChildFailed(options.output_path.c_str());
      dup2(out, STDOUT_FILENO);
      dup2(out, STDERR_FILENO);
    }
    if (close_range(3, ~0u, 0) != 0) {
      for (int fd = 3; fd < 1024; ++fd) close(fd);  // an old kernel
    }
    signal(SIGPIPE, SIG_DFL);  // a test may ignore it
    BecomeIdentity(options.identity, uid_map.c_str(), gid_map.c_str());
    if (!options.cwd.empty() && chdir(options.cwd.c_str()) != 0) ChildFailed("chdir");
    // After the change of identity, which would clear it.
    prctl(PR_SET_PDEATHSIG, options.parent_death_signal);
    if (getppid() != parent) _exit(127);
    execve(program.c_str(), argv.data(), envp.data());
    ChildFailed(program.c_str());
  }
  return std::unique_ptr<Process>(new Process(pid, options.stop_signal));
}

Process::~Process() { Stop(); }

bool Process::Running() {
  if (ended_) return false;
  int status = 0;
  const pid_t result = waitpid(pid_, &status, WNOHANG);
  if (result == 0) return true;
  ended_ = true;
  if (result == pid_) {
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  return false;
}

void Process::Signal(int signal_number) {
  if (Running()) kill(pid_, signal_number);
}

void Process::Stop(absl::Duration patience) {
  Signal(stop_signal_);
  Signal(SIGCONT);
  if (!Wait(patience).ok()) Kill();
}

void Process::Kill() {
  Signal(SIGKILL);
  if (ended_) return;
  waitpid(pid_, nullptr, 0);
  ended_ = true;
  exit_code_ = 128 + SIGKILL;
}

absl::StatusOr<int> Process::Wait(absl::Duration patience) {
  if (!WaitUntil([this] { return !Running(); }, patience)) {
    return absl::DeadlineExceededError(absl::StrCat("process ", pid_, " still runs"));
  }
  return exit_code_;
}

absl::StatusOr<CommandResult> RunCommand(Process::Options options, absl::Duration patience) {
  const TempDir dir;
  options.output_path = dir.File("output");
  // Written by the test's user before another one appends to it.
  if (absl::Status status = WriteFile(options.output_path, ""); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<Process>> process = Process::Start(options);
  if (!process.ok()) return process.status();
  absl::StatusOr<int> exit_code = (*process)->Wait(patience);
  absl::StatusOr<std::string> output = ReadFile(options.output_path);
  if (!output.ok()) return output.status();
  if (!exit_code.ok()) {
    return absl::DeadlineExceededError(
        absl::StrCat(options.argv[0], " did not end; its output so far:\n", *output));
  }
  return CommandResult{*exit_code, *std::move(output)};
}

int FreePort() {
  static std::mt19937 random{std::random_device{}()};
  int first_ephemeral = 32768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first_ephemeral;
  std::uniform_int_distribution<int> ports(10000, std::max(first_ephemeral, 12000) - 1);
  for (int attempt = 0; attempt < 1000; ++attempt) {
    const int port = ports(random);
    if (PortIsFree(port) && ReservePort(port)) return port;
  }
  return 0;
}

void SleepBriefly() { absl::SleepFor(absl::Milliseconds(5)); }

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot read ", path));
  std::ostringstream contents;
  contents << file.rdbuf();
  return contents.str();
}

absl::Status WriteFile(const std::string& path, absl::string_view contents) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  file.close();
  if (!file) return absl::InternalError(absl::StrCat("cannot write ", path));
  return absl::OkStatus();
}

}  // namespace redis_fdw::test
