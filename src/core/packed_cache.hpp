// SPDX-License-Identifier: Apache-2.0
// Where work derived from a model's files is kept between runs: weights in the layout of this CPU, hashes. Nothing in
// it is needed: every entry can be made again. The implementation is hub's; this is what families see.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "isogloss/result.hpp"

namespace isogloss {

// Thread-safe, and safe for several processes.
class PackedCache {
 public:
  virtual ~PackedCache() = default;
  // The file kept under `key` (letters, digits, '-', '_', '.'), if there is one.
  virtual std::optional<std::filesystem::path> find(std::string_view key) const = 0;
  // Where to write (by AtomicFile) what is to be kept under `key`; room is made by dropping what was used least lately.
  // Error: the folder cannot be made.
  virtual Result<std::filesystem::path> place(std::string_view key, std::size_t bytes) const = 0;
  // What was remembered of a file that has not changed since, by device, inode, size and time.
  virtual std::optional<std::string> remembered(const std::filesystem::path& file, std::string_view what) const = 0;
  virtual void remember(const std::filesystem::path& file, std::string_view what, std::string_view value) const = 0;
};

}  // namespace isogloss
