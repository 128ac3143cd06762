// SPDX-License-Identifier: Apache-2.0
// What changes in folders, as inotify tells it.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "runtime/ingest/walk.hpp"

namespace isogloss::runtime {

// Folders are added one by one, by the walk that enters them: so links, ignore files and permissions mean here what
// they mean there. One thread at a time.
class FolderWatch {
 public:
  // Error{unsupported}: the system has no inotify; Error{exhausted}: no more of them for this user.
  static Result<FolderWatch> open();

  // Hears of a folder from now on. True: it was not heard of before, so that what is in it has to be looked at again.
  // False as well when it is gone. Error{exhausted}: the system's limit of watched folders
  // (fs.inotify.max_user_watches).
  Result<bool> add(const FoundFolder& folder);

  // Waits up to `patience` for a change; true when there was one.
  Result<bool> wait(std::chrono::milliseconds patience);

  // What changed since the last call. After an overflow of the event queue it is everything, and every folder has to be
  // added again.
  Scope take();
  bool has_changes() const { return !changed_.empty(); }
  // Paths of added folders that were deleted, moved or unmounted themselves, since the last call.
  std::vector<std::filesystem::path> take_lost();

 private:
  explicit FolderWatch(FileHandle queue) : queue_(std::move(queue)) {}
  void hear(int descriptor, std::uint32_t mask, std::string_view name);
  void forget_below(const std::filesystem::path& folder);
  Status forget_all();

  FileHandle queue_;
  std::map<int, FoundFolder> folders_;                   // by watch descriptor
  std::map<std::string, int, std::less<>> descriptors_;  // by path
  Scope changed_;
  std::vector<std::filesystem::path> lost_;
};

}  // namespace isogloss::runtime
