// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include <cstring>

#include "store/recording_vfs.hpp"

namespace isogloss::store {
namespace {

constexpr std::size_t kSector = 512;
constexpr int kRecorded = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;

// One open file: ours, followed in memory by the one of the default layer.
struct File {
  sqlite3_file base;
  RecordingVfs* recorder;  // null = not of interest
  const char* path;        // SQLite keeps it until the file is closed
  sqlite3_file* real() { return static_cast<sqlite3_file*>(static_cast<void*>(this + 1)); }
  std::string name() const { return std::filesystem::path(path).filename().string(); }
};

File* ours(sqlite3_file* file) { return static_cast<File*>(static_cast<void*>(file)); }
sqlite3_file* real(sqlite3_file* file) { return ours(file)->real(); }
RecordingVfs* recorder_of(sqlite3_vfs* vfs) { return static_cast<RecordingVfs*>(vfs->pAppData); }
sqlite3_vfs* lower() { return sqlite3_vfs_find(nullptr); }

void note(sqlite3_file* file, FileOp::Kind kind, std::uint64_t offset = 0, std::string data = {}) {
  if (ours(file)->recorder == nullptr) return;
  ours(file)->recorder->add({kind, ours(file)->name(), offset, std::move(data)});
}

int on_close(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
int on_read(sqlite3_file* f, void* p, int n, sqlite3_int64 at) { return real(f)->pMethods->xRead(real(f), p, n, at); }
int on_write(sqlite3_file* f, const void* p, int n, sqlite3_int64 at) {
  const int code = real(f)->pMethods->xWrite(real(f), p, n, at);
  if (code == SQLITE_OK) {
    note(f, FileOp::Kind::write, static_cast<std::uint64_t>(at),
         std::string(static_cast<const char*>(p), static_cast<std::size_t>(n)));
  }
  return code;
}
int on_truncate(sqlite3_file* f, sqlite3_int64 size) {
  const int code = real(f)->pMethods->xTruncate(real(f), size);
  if (code == SQLITE_OK) note(f, FileOp::Kind::truncate, static_cast<std::uint64_t>(size));
  return code;
}
int on_sync(sqlite3_file* f, int flags) {
  const int code = real(f)->pMethods->xSync(real(f), flags);
  if (code == SQLITE_OK) note(f, FileOp::Kind::sync);
  return code;
}
int on_size(sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); }
int on_lock(sqlite3_file* f, int kind) { return real(f)->pMethods->xLock(real(f), kind); }
int on_unlock(sqlite3_file* f, int kind) { return real(f)->pMethods->xUnlock(real(f), kind); }
int on_reserved(sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); }
int on_control(sqlite3_file* f, int op, void* p) { return real(f)->pMethods->xFileControl(real(f), op, p); }
int on_sector(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
// No promise of whole sectors or of order: the cut must be survived without them.
int on_traits(sqlite3_file*) { return 0; }
int on_shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
}
int on_shm_lock(sqlite3_file* f, int at, int n, int flags) { return real(f)->pMethods->xShmLock(real(f), at, n, flags); }
void on_shm_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
int on_shm_unmap(sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); }

constexpr sqlite3_io_methods kMethods = {
    2,       on_close,  on_read,     on_write,   on_truncate, on_sync,    on_size,     on_lock,        on_unlock,
    on_reserved, on_control, on_sector, on_traits, on_shm_map, on_shm_lock, on_shm_barrier, on_shm_unmap, nullptr, nullptr};

int on_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* f, int flags, int* out) {
  File* file = ours(f);
  file->base.pMethods = nullptr;
  file->recorder = path != nullptr && (flags & kRecorded) != 0 ? recorder_of(vfs) : nullptr;
  file->path = path;
  const bool fresh = path != nullptr && !std::filesystem::exists(path);
  const int code = lower()->xOpen(lower(), path, real(f), flags, out);
  if (real(f)->pMethods != nullptr) file->base.pMethods = &kMethods;
  if (code == SQLITE_OK && fresh) note(f, FileOp::Kind::create);
  return code;
}
int on_delete(sqlite3_vfs* vfs, const char* path, int sync) {
  const int code = lower()->xDelete(lower(), path, sync);
  if (code == SQLITE_OK) recorder_of(vfs)->add({FileOp::Kind::remove, std::filesystem::path(path).filename().string(), 0, {}});
  return code;
}

// One file as the disk may hold it: bytes on the platter, and what has not reached it.
struct DiskFile {
  bool named = false;  // its name is durable
  std::string synced;
  std::vector<const FileOp*> waiting;
};

void apply(std::string& content, const FileOp& op, std::size_t begin, std::size_t size) {
  if (op.kind == FileOp::Kind::truncate) {
    content.resize(static_cast<std::size_t>(op.offset));
    return;
  }
  const std::size_t at = static_cast<std::size_t>(op.offset) + begin;
  if (content.size() < at + size) content.resize(at + size);
  std::memcpy(content.data() + at, op.data.data() + begin, size);
}

// The file with some of what was waiting.
std::string with_some(const DiskFile& file, Unsynced unsynced, std::mt19937& dice) {
  std::string content = file.synced;
  for (const FileOp* op : file.waiting) {
    const bool coin = (dice() & 1) != 0;
    if (unsynced == Unsynced::none || (unsynced != Unsynced::all && op->kind == FileOp::Kind::truncate && !coin)) continue;
    if (unsynced != Unsynced::some_sectors || op->kind == FileOp::Kind::truncate) {
      if (unsynced == Unsynced::all || coin) apply(content, *op, 0, op->data.size());
      continue;
    }
    for (std::size_t begin = 0; begin < op->data.size();) {
      const std::size_t in_sector = kSector - (static_cast<std::size_t>(op->offset) + begin) % kSector;
      const std::size_t size = std::min(in_sector, op->data.size() - begin);
      if ((dice() & 1) != 0) apply(content, *op, begin, size);
      begin += size;
    }
  }
  return content;
}

}  // namespace

RecordingVfs::RecordingVfs() : vfs_(std::make_unique<sqlite3_vfs>(*lower())) {
  static int count = 0;
  name_ = "recording-" + std::to_string(count++);
  vfs_->szOsFile = static_cast<int>(sizeof(File)) + lower()->szOsFile;
  vfs_->pNext = nullptr;
  vfs_->zName = name_.c_str();
  vfs_->pAppData = this;
  vfs_->xOpen = on_open;
  vfs_->xDelete = on_delete;
  sqlite3_vfs_register(vfs_.get(), 0);
}
RecordingVfs::~RecordingVfs() { sqlite3_vfs_unregister(vfs_.get()); }

void RecordingVfs::add(FileOp op) {
  const std::lock_guard lock(mutex_);
  ops_.push_back(std::move(op));
}
std::size_t RecordingVfs::size() const {
  const std::lock_guard lock(mutex_);
  return ops_.size();
}
std::vector<FileOp> RecordingVfs::ops() const {
  const std::lock_guard lock(mutex_);
  return ops_;
}

std::map<std::string, std::string> disk_after(const std::vector<FileOp>& ops, std::size_t cut, Unsynced unsynced,
                                              std::mt19937& dice) {
  std::map<std::string, DiskFile> files, removed;  // removed: may still be there
  for (std::size_t i = 0; i < cut; ++i) {
    const FileOp& op = ops[i];
    DiskFile& file = files[op.file];
    switch (op.kind) {
      case FileOp::Kind::create: file = {}; break;
      case FileOp::Kind::write:
      case FileOp::Kind::truncate: file.waiting.push_back(&op); break;
      case FileOp::Kind::sync:
        for (const FileOp* waiting : file.waiting) apply(file.synced, *waiting, 0, waiting->data.size());
        file.waiting.clear();
        if (!file.named && (op.file.ends_with("-wal") || op.file.ends_with("-journal"))) {
          for (auto& [name, other] : files) other.named = true;  // SQLite syncs the folder with the first sync of these
          removed.clear();
        }
        file.named = true;
        break;
      case FileOp::Kind::remove:
        if (file.named) removed.insert_or_assign(op.file, std::move(file));
        files.erase(op.file);
        break;
    }
  }
  std::map<std::string, std::string> out;
  for (const auto& [name, file] : removed) {
    if (unsynced == Unsynced::none || (unsynced != Unsynced::all && (dice() & 1) != 0)) {
      out.insert_or_assign(name, with_some(file, unsynced, dice));
    }
  }
  for (const auto& [name, file] : files) {
    const bool there = file.named || unsynced == Unsynced::all || (unsynced != Unsynced::none && (dice() & 1) != 0);
    if (there) out.insert_or_assign(name, with_some(file, unsynced, dice));
  }
  return out;
}

}  // namespace isogloss::store
