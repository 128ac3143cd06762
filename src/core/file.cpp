// SPDX-License-Identifier: Apache-2.0
#include "core/file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>
#include <vector>

namespace isogloss {
namespace {

constexpr std::size_t kWriteBuffer = std::size_t{1} << 20;
constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::string_view kTemporaryMark = ".tmp-";

Status write_all(int fd, const char* data, std::size_t size, const std::filesystem::path& path) {
  while (size > 0) {
    const ssize_t n = ::write(fd, data, size);
    if (n < 0) {
      if (errno == EINTR) continue;
      return fail(file_error("write", path));
    }
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return {};
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

FileHandle& FileHandle::operator=(FileHandle&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = other.release();
  }
  return *this;
}

void FileHandle::close() {
  if (fd_ >= 0) ::close(release());
}

Error file_error(std::string_view what, const std::filesystem::path& path) {
  const int reason = errno;
  const Code code = reason == ENOENT || reason == ENOTDIR ? Code::not_found : Code::io;
  return Error{code, "cannot " + std::string(what) + " '" + path.string() + "': " + std::strerror(reason), -1, 0.0};
}

Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return fail(file_error("open", path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail(file_error("stat", path));
  if (S_ISDIR(info.st_mode)) return fail(Code::invalid_argument, "'" + path.string() + "' is a folder, not a file.");
  std::string content;
  content.resize(S_ISREG(info.st_mode) ? static_cast<std::size_t>(info.st_size) + 1 : 65536);
  std::size_t used = 0;
  while (true) {
    if (used > max_bytes) {
      return fail(Code::too_long, "'" + path.string() + "' is larger than " + std::to_string(max_bytes) + " bytes.");
    }
    if (used == content.size()) content.resize(content.size() * 2);
    const ssize_t n = ::read(file.get(), content.data() + used, content.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("read", path));
    if (n == 0) break;
    used += static_cast<std::size_t>(n);
  }
  content.resize(used);
  return content;
}

Status read_pieces(const std::filesystem::path& path, const std::function<Status(std::string_view)>& sink) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return fail(file_error("open", path));
  std::string piece(kPiece, '\0');
  for (;;) {
    const ssize_t n = ::read(file.get(), piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("read", path));
    if (n == 0) return {};
    IG_TRY(sink({piece.data(), static_cast<std::size_t>(n)}));
  }
}

Result<FileStamp> stat_file(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return fail(file_error("stat", path));
  return FileStamp{static_cast<std::uint64_t>(info.st_size),
                   static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec,
                   static_cast<std::uint64_t>(info.st_ino), static_cast<std::uint64_t>(info.st_dev)};
}

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return fail(file_error("open", path));
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return fail(file_error("stat", path));
  MappedFile mapped;
  mapped.path_ = path;
  mapped.size_ = static_cast<std::size_t>(info.st_size);
  if (mapped.size_ == 0) return mapped;
  void* address = ::mmap(nullptr, mapped.size_, PROT_READ, MAP_SHARED, file.get(), 0);
  if (address == MAP_FAILED) {
    mapped.size_ = 0;
    return fail(file_error("map", path));
  }
  mapped.data_ = static_cast<const std::byte*>(address);
  return mapped;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      path_(std::move(other.path_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(path_, other.path_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

std::filesystem::path temporary_name(const std::filesystem::path& path) {
  static std::atomic<unsigned> counter{0};
  return folder_of(path) / ("." + path.filename().string() + std::string(kTemporaryMark) + std::to_string(::getpid()) + "-" +
                            std::to_string(counter.fetch_add(1)));
}

bool is_abandoned(std::string_view file_name) {
  const std::size_t mark = file_name.rfind(kTemporaryMark);
  if (!file_name.starts_with('.') || mark == std::string_view::npos) return false;
  int pid = 0;
  const char* end = file_name.data() + file_name.size();
  const auto r = std::from_chars(file_name.data() + mark + kTemporaryMark.size(), end, pid);
  return r.ec == std::errc() && r.ptr != end && *r.ptr == '-' && pid > 0 && ::kill(pid, 0) != 0 && errno == ESRCH;
}

void remove_abandoned(const std::filesystem::path& path) {
  const std::string prefix = "." + path.filename().string() + std::string(kTemporaryMark);
  std::vector<std::filesystem::path> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder_of(path), error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    struct stat status {};
    const bool mine = ::lstat(it->path().c_str(), &status) == 0 && status.st_uid == ::geteuid();
    if (mine && name.starts_with(prefix) && is_abandoned(name)) found.push_back(it->path());
  }
  for (const std::filesystem::path& old : found) std::filesystem::remove_all(old, error);
}

Result<AtomicFile> AtomicFile::create(const std::filesystem::path& path) {
  AtomicFile out;
  out.path_ = path;
  out.temporary_ = temporary_name(path);
  out.file_ = FileHandle(::open(out.temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!out.file_.is_open()) return fail(file_error("create", out.path_));
  return out;
}

AtomicFile::~AtomicFile() {
  if (!file_.is_open()) return;
  file_.close();
  ::unlink(temporary_.c_str());
}

Status AtomicFile::flush() {
  IG_TRY(write_all(file_.get(), buffer_.data(), buffer_.size(), path_));
  flushed_ += buffer_.size();
  buffer_.clear();
  return {};
}

Status AtomicFile::write(std::span<const std::byte> bytes) {
  const char* data = static_cast<const char*>(static_cast<const void*>(bytes.data()));
  if (buffer_.size() + bytes.size() > kWriteBuffer) IG_TRY(flush());
  if (bytes.size() >= kWriteBuffer) {
    IG_TRY(write_all(file_.get(), data, bytes.size(), path_));
    flushed_ += bytes.size();
    return {};
  }
  buffer_.append(data, bytes.size());
  return {};
}

Status AtomicFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  IG_TRY(flush());
  const ssize_t n = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
  if (n != static_cast<ssize_t>(bytes.size())) return fail(file_error("write", path_));
  return {};
}

Status AtomicFile::commit() {
  IG_TRY(flush());
  if (::fsync(file_.get()) != 0) return fail(file_error("sync", path_));
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) return fail(file_error("rename", path_));
  file_.close();
  return sync_folder(folder_of(path_));
}

Status write_file(const std::filesystem::path& path, std::string_view content) {
  AtomicFile out = IG_TRY(AtomicFile::create(path));
  IG_TRY(out.write(content));
  return out.commit();
}

Status sync_file(const std::filesystem::path& path) {
  const FileHandle handle(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!handle.is_open()) return fail(file_error("open", path));
  if (::fsync(handle.get()) != 0) return fail(file_error("sync", path));
  return {};
}

Status sync_folder(const std::filesystem::path& folder) {
  const FileHandle handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!handle.is_open()) return fail(file_error("open", folder));
  if (::fsync(handle.get()) != 0) return fail(file_error("sync", folder));
  return {};
}

}  // namespace isogloss
