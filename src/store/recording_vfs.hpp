// SPDX-License-Identifier: Apache-2.0
// For tests only: an SQLite file layer that writes down every change to a file, and a disk that shows what a power cut
// would leave of them.
//
// The disk keeps what was synced. Of the writes after a file's last sync it keeps any subset of 512-byte sectors; a
// truncation or a removal that was not synced may have happened or not. A file is there by name once it was synced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <vector>

struct sqlite3_vfs;

namespace isogloss::store {

struct FileOp {
  enum class Kind { create, write, truncate, sync, remove } kind = Kind::write;
  std::string file;  // name without folder
  std::uint64_t offset = 0;
  std::string data;
};

class RecordingVfs {
 public:
  // Registers itself under a name of its own.
  RecordingVfs();
  ~RecordingVfs();
  const std::string& name() const { return name_; }
  void add(FileOp op);
  std::size_t size() const;
  std::vector<FileOp> ops() const;

 private:
  std::string name_;
  std::unique_ptr<sqlite3_vfs> vfs_;
  mutable std::mutex mutex_;
  std::vector<FileOp> ops_;
};

// What is kept of the changes that were not synced.
enum class Unsynced { all, none, some_writes, some_sectors };

// The files after a power cut behind the first `cut` operations, by name.
std::map<std::string, std::string> disk_after(const std::vector<FileOp>& ops, std::size_t cut, Unsynced unsynced,
                                              std::mt19937& dice);

}  // namespace isogloss::store
