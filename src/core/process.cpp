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
#include <utility>

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

// In the child: wires the pipes, sets the limits, becomes the program. Only async-signal-safe calls.
[[noreturn]] void become(char* const* argv, int in, int out, int err, const ProcessLimits& limits) {
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  if (!kSanitized && limits.memory != 0) {
    const rlimit memory{limits.memory, limits.memory};
    ::setrlimit(RLIMIT_AS, &memory);
  }
  if (limits.cpu.count() > 0) {
    const auto seconds = static_cast<rlim_t>(limits.cpu.count());
    const rlimit cpu{seconds, seconds};
    ::setrlimit(RLIMIT_CPU, &cpu);
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

}  // namespace

Result<ChildProcess::Pipe> ChildProcess::make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    return fail(Code::unavailable, std::string("cannot make a pipe: ") + std::strerror(errno));
  }
  return Pipe{FileHandle(ends[0]), FileHandle(ends[1])};
}

Result<ChildProcess> ChildProcess::start(const std::vector<std::string>& argv, const ProcessLimits& limits) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  ChildProcess child;
  child.name_ = argv[0];
  child.limits_ = limits;
  child.in_ = IG_TRY(make_pipe());
  child.out_ = IG_TRY(make_pipe());
  child.err_ = IG_TRY(make_pipe());
  ::signal(SIGPIPE, SIG_IGN);
  child.pid_ = ::fork();
  if (child.pid_ < 0) return fail(Code::unavailable, std::string("cannot start a process: ") + std::strerror(errno));
  if (child.pid_ == 0) {
    become(words.data(), child.in_.read.get(), child.out_.write.get(), child.err_.write.get(), limits);
  }
  child.in_.read.close();
  child.out_.write.close();
  child.err_.write.close();
  ::fcntl(child.in_.write.get(), F_SETFL, O_NONBLOCK);
  return child;
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : name_(std::move(other.name_)),
      limits_(other.limits_),
      pid_(std::exchange(other.pid_, -1)),
      stays_(other.stays_),
      in_(std::move(other.in_)),
      out_(std::move(other.out_)),
      err_(std::move(other.err_)) {}

ChildProcess::~ChildProcess() { kill(); }

void ChildProcess::kill() {
  if (!alive()) return;
  ::kill(-pid_, SIGKILL);
  ::kill(pid_, SIGKILL);
  wait();
}

int ChildProcess::wait() {
  int code = 0;
  while (::waitpid(pid_, &code, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFSIGNALED(code) ? 128 + WTERMSIG(code) : WEXITSTATUS(code);
}

// Writes what the pipe takes; closes it when all is sent to a child that does not stay, or the child reads no more.
void ChildProcess::send(std::span<const std::string_view>& parts, std::string_view& part) {
  while (part.empty() && !parts.empty()) {
    part = parts.front();
    parts = parts.subspan(1);
  }
  const ssize_t n = part.empty() ? 0 : ::write(in_.write.get(), part.data(), part.size());
  if (n > 0) part.remove_prefix(static_cast<std::size_t>(n));
  const bool refused = n < 0 && errno != EAGAIN && errno != EINTR;
  if (refused) part = {}, parts = {};
  if (part.empty() && parts.empty() && (refused || !stays_)) in_.write.close();
}

Status ChildProcess::converse(std::span<const std::string_view> parts, const Complete& complete, ProcessResult& result,
                              Context& context) {
  const auto until = std::chrono::steady_clock::now() + limits_.time;
  bool reading = true, complaining = true;
  std::string_view part;
  send(parts, part);
  while (reading || complaining) {
    IG_TRY(context.check());
    if (std::chrono::steady_clock::now() > until) return fail(Code::exhausted, "it ran longer than its time limit");
    if (result.output.size() > limits_.output) return fail(Code::exhausted, "it printed more than its output limit");
    const bool sending = !part.empty() || !parts.empty();
    pollfd fds[3] = {{reading ? out_.read.get() : -1, POLLIN, 0},
                     {complaining ? err_.read.get() : -1, POLLIN, 0},
                     {sending ? in_.write.get() : -1, POLLOUT, 0}};
    if (::poll(fds, 3, kPollMilliseconds) < 0 && errno != EINTR) return fail(Code::io, "poll failed");
    if (fds[0].revents != 0) {
      reading = drain(out_.read.get(), result.output);
      if (complete && complete(result.output)) return {};
    }
    if (fds[1].revents != 0) complaining = drain(err_.read.get(), result.errors);
    if (result.errors.size() > kMaxErrors) result.errors.resize(kMaxErrors);
    if (fds[2].revents != 0) send(parts, part);
  }
  // Both streams are closed: it is about to end, or pretends to.
  for (siginfo_t info{}; ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0; info = {}) {
    if (info.si_pid != 0) break;
    IG_TRY(context.check());
    if (std::chrono::steady_clock::now() > until) return fail(Code::exhausted, "it ran longer than its time limit");
    ::poll(nullptr, 0, 1);
  }
  result.exit_status = wait();
  return {};
}

Result<ProcessResult> ChildProcess::ask(std::span<const std::string_view> parts, const Complete& complete,
                                        Context& context) {
  ProcessResult result;
  const Status status = converse(parts, complete, result, context);
  if (status) return result;
  kill();
  return fail(status.error().code, "'" + name_ + "' was stopped: " + status.error().message + ".");
}

Result<ProcessResult> run_process(const std::vector<std::string>& argv, std::string_view input,
                                  const ProcessLimits& limits, Context& context) {
  ChildProcess child = IG_TRY(ChildProcess::start(argv, limits));
  child.stays_ = false;
  ProcessResult result = IG_TRY(child.ask({&input, 1}, {}, context));
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
