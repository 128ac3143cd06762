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
constexpr off_t kOwner = 0, kWaiting = 1;  // bytes of the file

struct flock one_byte(short type, off_t at) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = at;
  lock.l_len = 1;
  return lock;
}

void sleep_nanoseconds(long n) {
  const timespec pause{0, n};
  ::nanosleep(&pause, nullptr);
}

std::string owner(const std::filesystem::path& file) {
  const auto text = read_file(file, 64);
  return text && !text->empty() ? "process " + text->substr(0, text->find('\n')) : std::string("another process");
}

// Error{unavailable} when the time is over.
Status wait_for(int fd, const std::filesystem::path& file, std::string_view what, std::chrono::milliseconds patience,
                Context& context) {
  const auto until = std::chrono::steady_clock::now() + patience;
  struct flock mine = one_byte(F_WRLCK, kOwner), waiting = one_byte(F_RDLCK, kWaiting);
  bool told = false;
  while (::fcntl(fd, F_OFD_SETLK, &mine) != 0) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR) return fail(file_error("lock", file));
    IG_TRY(context.check());
    if (std::chrono::steady_clock::now() >= until) {
      const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
      return fail(Code::unavailable, "'" + file.parent_path().string() + "' " + std::string(what) + " " + owner(file) +
                                         (seconds > 0 ? "; waited " + std::to_string(seconds) + " s for it." : ".") +
                                         " Try again when it is done. Should it hang, end it: what it stored is safe.");
    }
    if (!told) told = ::fcntl(fd, F_OFD_SETLK, &waiting) == 0;
    sleep_nanoseconds(kRetryNanoseconds);
  }
  waiting.l_type = F_UNLCK;
  if (told) static_cast<void>(::fcntl(fd, F_OFD_SETLK, &waiting));
  return {};
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::filesystem::path& file, std::string_view what,
                                   std::chrono::milliseconds patience, Context& context) {
  FileHandle handle(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!handle.is_open()) return fail(file_error("open the lock", file));
  IG_TRY(wait_for(handle.get(), file, what, patience, context));
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(handle.get(), 0) == 0) static_cast<void>(::pwrite(handle.get(), pid.data(), pid.size(), 0) + 1);
  return FileLock(std::move(handle));
}

bool FileLock::wanted() const {
  struct flock probe = one_byte(F_WRLCK, kWaiting);
  return ::fcntl(file_.get(), F_OFD_GETLK, &probe) == 0 && probe.l_type != F_UNLCK;
}

void FileLock::pause_for_others() { sleep_nanoseconds(2 * kRetryNanoseconds); }

}  // namespace isogloss::store
