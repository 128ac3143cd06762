// SPDX-License-Identifier: Apache-2.0
#include "store/truth/lock.hpp"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace isogloss::store {
namespace {

constexpr long kRetryNanoseconds = 2'000'000;

std::string holder(const std::filesystem::path& file) {
  const auto text = read_file(file, 64);
  return text && !text->empty() ? "process " + text->substr(0, text->find('\n')) : std::string("another process");
}

}  // namespace

Result<WriteLock> WriteLock::acquire(const std::filesystem::path& file, std::chrono::milliseconds patience,
                                     Context& context) {
  FileHandle handle(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!handle.is_open()) return fail(file_error("open the lock", file));
  const auto until = std::chrono::steady_clock::now() + patience;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  while (::fcntl(handle.get(), F_OFD_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return fail(file_error("lock", file));
    IG_TRY(context.check());
    if (std::chrono::steady_clock::now() >= until) {
      return fail(Code::unavailable, "'" + file.parent_path().string() + "' is being written by " + holder(file) +
                                         ". Wait until it is done, then try again.");
    }
    const timespec pause{0, kRetryNanoseconds};
    ::nanosleep(&pause, nullptr);
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(handle.get(), 0) == 0) static_cast<void>(::pwrite(handle.get(), pid.data(), pid.size(), 0) + 1);
  return WriteLock(std::move(handle));
}

}  // namespace isogloss::store
