// SPDX-License-Identifier: Apache-2.0
// Files: whole reads, read-only maps, and writes that either happen completely or not at all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss {

// Owns a POSIX file descriptor.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(other.release()) {}
  FileHandle& operator=(FileHandle&& other) noexcept;
  ~FileHandle() { close(); }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release() {
    const int fd = fd_;
    fd_ = -1;
    return fd;
  }
  void close();

 private:
  int fd_ = -1;
};

// Error{not_found} when the file does not exist, else Error{io} with the system's reason: "cannot <what> '<path>': ...".
Error file_error(std::string_view what, const std::filesystem::path& path);

// The whole file. Error{too_long} when it is larger than `max_bytes`.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t max_bytes = SIZE_MAX);

// The whole file in pieces, from front to back, in little memory. The first failure of `sink` ends it.
Status read_pieces(const std::filesystem::path& path, const std::function<Status(std::string_view)>& sink);

// Size and times of a file, to recognise it unchanged without reading it.
struct FileStamp {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::uint64_t inode = 0;
  std::uint64_t device = 0;
  bool operator==(const FileStamp&) const = default;
};
Result<FileStamp> stat_file(const std::filesystem::path& path);

// A file mapped read-only. Only files that isogloss wrote by temporary name and rename may be mapped: a foreign file can
// shrink under the map and kill the process.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::filesystem::path path_;
};

// Writes a file under a temporary name in the same folder; commit() makes it durable and gives it its name in one step
// (write, fsync, rename, fsync folder). Without commit() nothing is left behind.
class AtomicFile {
 public:
  static Result<AtomicFile> create(const std::filesystem::path& path);
  AtomicFile(AtomicFile&&) noexcept = default;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  Status write(std::span<const std::byte> bytes);
  Status write(std::string_view text) { return write(std::as_bytes(std::span(text))); }
  // Overwrites bytes already written.
  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  std::uint64_t size() const { return flushed_ + buffer_.size(); }
  Status commit();

 private:
  AtomicFile() = default;
  Status flush();
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  FileHandle file_;
  std::string buffer_;
  std::uint64_t flushed_ = 0;
};

// create + write + commit.
Status write_file(const std::filesystem::path& path, std::string_view content);

// Makes the content of a file durable that others wrote.
Status sync_file(const std::filesystem::path& path);

// Makes the names inside a folder durable.
Status sync_folder(const std::filesystem::path& folder);

// A fresh name next to `path`, for something that will be renamed to it.
std::filesystem::path temporary_name(const std::filesystem::path& path);
// A name that temporary_name() gave, in a process of this machine that is gone.
bool is_abandoned(std::string_view file_name);
// Removes files and folders beside `path` that were to be renamed to it and are abandoned, as far as they are this user's.
void remove_abandoned(const std::filesystem::path& path);

}  // namespace isogloss
