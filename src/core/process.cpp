// SPDX-License-Identifier: Apache-2.0
#include "core/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/file.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kMaxErrors = 65536;
constexpr int kPollMilliseconds = 50;
constexpr int kCannotStart = 127;
// Sanitizers map terabytes of address space that they never touch: no limit on it then.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

struct Pipe {
  FileHandle read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(Code::unavailable, std::string("cannot make a pipe: ") + std::strerror(errno));
  return Pipe{FileHandle(ends[0]), FileHandle(ends[1])};
}

// In the child: wires the pipes, sets the limits, becomes the program. Only async-signal-safe calls.
[[noreturn]] void become(char* const* argv, int in, int out, int err, const ProcessLimits& limits) {
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (!kSanitized && limits.memory != 0) {
    const rlimit memory{limits.memory, limits.memory};
    ::setrlimit(RLIMIT_AS, &memory);
  }
  const rlimit core{0, 0};
  ::setrlimit(RLIMIT_CORE, &core);
  ::setpgid(0, 0);
  ::signal(SIGPIPE, SIG_DFL);
  ::execvp(argv[0], argv);
  ::_exit(kCannotStart);
}

// Reads what is there; false at the end of the stream.
bool drain(int fd, std::string& into) {
  char buffer[65536];
  const ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n > 0) into.append(buffer, static_cast<std::size_t>(n));
  return n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN));
}

struct Child {
  pid_t pid;
  Pipe in, out, err;
};

// Feeds and drains the child until it closes its output, or a limit is hit.
Status converse(Child& child, std::string_view input, const ProcessLimits& limits, ProcessResult& result,
                Context& context) {
  const auto until = std::chrono::steady_clock::now() + limits.time;
  bool reading = true, complaining = true;
  ::fcntl(child.in.write.get(), F_SETFL, O_NONBLOCK);
  if (input.empty()) child.in.write.close();
  while (reading || complaining) {
    IG_TRY(context.check());
    if (std::chrono::steady_clock::now() > until) return fail(Code::exhausted, "it ran longer than its time limit");
    if (result.output.size() > limits.output) return fail(Code::exhausted, "it printed more than its output limit");
    pollfd fds[3] = {{reading ? child.out.read.get() : -1, POLLIN, 0},
                     {complaining ? child.err.read.get() : -1, POLLIN, 0},
                     {child.in.write.get(), POLLOUT, 0}};
    if (::poll(fds, 3, kPollMilliseconds) < 0 && errno != EINTR) return fail(Code::io, "poll failed");
    if (fds[0].revents != 0) reading = drain(child.out.read.get(), result.output);
    if (fds[1].revents != 0) complaining = drain(child.err.read.get(), result.errors);
    if (result.errors.size() > kMaxErrors) result.errors.resize(kMaxErrors);
    if (fds[2].revents != 0) {
      const ssize_t n = ::write(child.in.write.get(), input.data(), input.size());
      if (n > 0) input.remove_prefix(static_cast<std::size_t>(n));
      if (input.empty() || (n < 0 && errno != EAGAIN && errno != EINTR)) child.in.write.close();
    }
  }
  return {};
}

}  // namespace

Result<ProcessResult> run_process(const std::vector<std::string>& argv, std::string_view input,
                                  const ProcessLimits& limits, Context& context) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  Child child{-1, IG_TRY(make_pipe()), IG_TRY(make_pipe()), IG_TRY(make_pipe())};
  ::signal(SIGPIPE, SIG_IGN);
  child.pid = ::fork();
  if (child.pid < 0) return fail(Code::unavailable, std::string("cannot start a process: ") + std::strerror(errno));
  if (child.pid == 0) {
    become(words.data(), child.in.read.get(), child.out.write.get(), child.err.write.get(), limits);
  }
  child.in.read.close();
  child.out.write.close();
  child.err.write.close();
  ProcessResult result;
  const Status status = converse(child, input, limits, result, context);
  if (!status) {
    ::kill(-child.pid, SIGKILL);
    ::kill(child.pid, SIGKILL);
  }
  int code = 0;
  while (::waitpid(child.pid, &code, 0) < 0 && errno == EINTR) {
  }
  if (!status) return fail(status.error().code, "'" + argv[0] + "' was stopped: " + status.error().message + ".");
  result.exit_status = WIFSIGNALED(code) ? 128 + WTERMSIG(code) : WEXITSTATUS(code);
  if (result.exit_status == kCannotStart && result.output.empty()) {
    return fail(Code::unavailable, "'" + argv[0] + "' cannot be started. Is it installed?");
  }
  return result;
}

std::filesystem::path installed_program(std::string_view name) {
  std::error_code error;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  for (const char* place : {".", "../isogloss-extract"}) {
    const std::filesystem::path candidate = self.parent_path() / place / name;
    if (!error && std::filesystem::is_regular_file(candidate)) return candidate;
  }
  return name;
}

}  // namespace isogloss
