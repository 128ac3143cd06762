// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <filesystem>

#include "core/file.hpp"
#include "isogloss/context.hpp"

namespace isogloss::store {

// The write lock of a collection: an open-file-description lock on its LOCK file, given back when the object or the
// process ends. The pid in the file is for messages only.
class WriteLock {
 public:
  // Waits up to `patience`; then Error{unavailable} names the process that holds it.
  static Result<WriteLock> acquire(const std::filesystem::path& file, std::chrono::milliseconds patience,
                                   Context& context);

 private:
  explicit WriteLock(FileHandle file) : file_(std::move(file)) {}
  FileHandle file_;
};

}  // namespace isogloss::store
