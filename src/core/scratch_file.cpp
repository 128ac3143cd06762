// SPDX-License-Identifier: Apache-2.0
#include "core/scratch_file.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace isogloss {
namespace {

std::unexpected<Error> scratch_error(const char* what) {
  std::error_code ignored;
  const std::string folder = std::filesystem::temp_directory_path(ignored).string();
  return fail(Code::io, std::string("cannot ") + what + " a temporary file in '" + folder +
                            "': " + std::strerror(errno) + ". Set TMPDIR to a folder with more room.");
}

}  // namespace

Result<ScratchFile> ScratchFile::create() {
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "isogloss-XXXXXX").string();
  ScratchFile out;
  out.file_ = FileHandle(::mkostemp(name.data(), O_CLOEXEC));
  if (!out.file_.is_open()) return scratch_error("create");
  ::unlink(name.c_str());
  return out;
}

Result<std::uint64_t> ScratchFile::append(std::span<const std::byte> bytes) {
  const std::uint64_t begin = size_;
  IG_TRY(write_at(begin, bytes));
  return begin;
}

Status ScratchFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t done = ::pwrite(file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return scratch_error("write");
    bytes = bytes.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  if (offset > size_) size_ = offset;
  return {};
}

Status ScratchFile::read_at(std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t done = ::pread(file_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return scratch_error("read");
    out = out.subspan(static_cast<std::size_t>(done));
    offset += static_cast<std::uint64_t>(done);
  }
  return {};
}

}  // namespace isogloss
