// SPDX-License-Identifier: Apache-2.0
// What does not fit the memory for a while. The file has no name: the system frees it when it is closed, whatever ends
// the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/file.hpp"

namespace isogloss {

class ScratchFile {
 public:
  // In the folder for temporary files ($TMPDIR). Error{io} names it and says how to choose another.
  static Result<ScratchFile> create();

  std::uint64_t size() const { return size_; }
  // Returns where the bytes begin.
  Result<std::uint64_t> append(std::span<const std::byte> bytes);
  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes);
  // All of `out`; the bytes were written before. Any thread.
  Status read_at(std::uint64_t offset, std::span<std::byte> out) const;

 private:
  FileHandle file_;
  std::uint64_t size_ = 0;
};

}  // namespace isogloss
