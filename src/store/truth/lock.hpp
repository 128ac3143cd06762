// SPDX-License-Identifier: Apache-2.0
// Locks between processes. Both are open-file-description locks, given back when the object or its process ends; the pid in
// the file is for messages only. Byte 0 of the file is the lock itself; whoever waits for it holds a shared lock on byte 1,
// so that the owner can see that it is wanted.
#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

#include "core/file.hpp"
#include "isogloss/context.hpp"

namespace isogloss::store {

class FileLock {
 public:
  // Waits up to `patience`; then Error{unavailable}: "'<folder>' <what> process 123 ...".
  static Result<FileLock> acquire(const std::filesystem::path& file, std::string_view what,
                                  std::chrono::milliseconds patience, Context& context);

  // Somebody waits for it.
  bool wanted() const;

  // To be slept between giving a wanted lock back and asking for it again, so that the one who waits gets it.
  static void pause_for_others();

 private:
  explicit FileLock(FileHandle file) : file_(std::move(file)) {}
  FileHandle file_;
};

}  // namespace isogloss::store
