// SPDX-License-Identifier: Apache-2.0
// inotify(7). It watches single folders, so a tree is one watch a folder. Three of its traps, and what is done:
// - What happens in a new folder before its watch exists is not told. The watch is added when a walk has entered the
//   folder, and a folder that is new here is walked once more.
// - A watch follows its folder when that is moved, and goes on to tell of it under the old name. All watches below a
//   folder that is moved away are dropped; if it comes to stand elsewhere in the tree, the walk of that place adds
//   them.
// - A full queue drops events. Then nothing that is known here can be trusted: all watches are dropped, and everything
//   counts as changed.
#include "runtime/ingest/folder_watch.hpp"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace isogloss::runtime {
namespace {

constexpr std::uint32_t kEvents = IN_CREATE | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE |
                                  IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW |
                                  IN_EXCL_UNLINK;
constexpr std::uint32_t kOfFolderItself = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;

Result<FileHandle> new_queue() {
  FileHandle queue(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (queue.is_open()) return queue;
  if (errno == EMFILE) {
    return fail(Code::exhausted,
                "the system allows this user no further watch of folders. Stop another program that watches, "
                "or raise fs.inotify.max_user_instances.");
  }
  return fail(Code::unsupported, std::string("the system cannot watch folders: ") + std::strerror(errno) +
                                     ". Run the watch with --once from time to time instead.");
}

bool is_ignore_file(std::string_view name) { return name == ".gitignore" || name == ".isoglossignore"; }

}  // namespace

Result<FolderWatch> FolderWatch::open() { return FolderWatch(IG_TRY(new_queue())); }

Result<bool> FolderWatch::add(const FoundFolder& folder) {
  const int descriptor = ::inotify_add_watch(queue_.get(), folder.path.c_str(), kEvents);
  if (descriptor < 0) {
    if (errno == ENOENT || errno == ENOTDIR || errno == EACCES) return false;
    const std::string reason = errno == ENOSPC
                                   ? "the system's limit of watched folders is reached (" +
                                         std::to_string(folders_.size()) + " here). Raise fs.inotify.max_user_watches"
                                   : std::string(std::strerror(errno));
    return fail(Code::exhausted, "cannot watch '" + folder.path.string() + "': " + reason + ".");
  }
  const auto known = folders_.find(descriptor);
  if (known != folders_.end() && known->second.path == folder.path) return false;
  if (known != folders_.end()) descriptors_.erase(known->second.path.string());  // it was moved
  folders_[descriptor] = folder;
  descriptors_[folder.path.string()] = descriptor;
  return true;
}

Result<bool> FolderWatch::wait(std::chrono::milliseconds patience) {
  pollfd ready{queue_.get(), POLLIN, 0};
  const int count = ::poll(&ready, 1, static_cast<int>(patience.count()));
  if (count < 0 && errno != EINTR)
    return fail(Code::io, std::string("cannot wait for changes: ") + std::strerror(errno));
  if (count <= 0) return false;
  alignas(inotify_event) std::array<char, 64 * 1024> buffer;
  while (true) {
    const ssize_t bytes = ::read(queue_.get(), buffer.data(), buffer.size());
    if (bytes <= 0) break;  // EAGAIN: all was read
    for (const char* at = buffer.data(); at < buffer.data() + bytes;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof event);
      const char* name = at + sizeof event;
      at = name + event.len;
      if ((event.mask & IN_Q_OVERFLOW) != 0) {
        IG_TRY(forget_all());
        return true;
      }
      hear(event.wd, event.mask, {name, event.len == 0 ? 0 : ::strnlen(name, event.len)});
    }
  }
  return true;
}

void FolderWatch::hear(int descriptor, std::uint32_t mask, std::string_view name) {
  const auto known = folders_.find(descriptor);
  if (known == folders_.end()) return;  // of a watch that was dropped
  const FoundFolder folder = known->second;
  if ((mask & kOfFolderItself) != 0) {
    lost_.push_back(folder.path);
    changed_.add(folder.name);
    forget_below(folder.path);
    return;
  }
  if ((mask & IN_IGNORED) != 0) {  // the system dropped it
    descriptors_.erase(folder.path.string());
    folders_.erase(known);
    return;
  }
  if (is_ignore_file(name)) name = {};  // decides over the whole folder
  const std::string whole = name.empty()          ? folder.name
                            : folder.name.empty() ? std::string(name)
                                                  : folder.name + "/" + std::string(name);
  changed_.add(whole);
  if ((mask & IN_ISDIR) != 0 && (mask & IN_MOVED_FROM) != 0) forget_below(folder.path / name);
}

void FolderWatch::forget_below(const std::filesystem::path& folder) {
  const auto drop = [&](auto at) {
    ::inotify_rm_watch(queue_.get(), at->second);
    folders_.erase(at->second);
    return descriptors_.erase(at);
  };
  if (const auto self = descriptors_.find(folder.string()); self != descriptors_.end()) drop(self);
  const std::string below = folder.string() + "/";
  for (auto at = descriptors_.lower_bound(below); at != descriptors_.end() && at->first.starts_with(below);)
    at = drop(at);
}

Status FolderWatch::forget_all() {
  queue_ = IG_TRY(new_queue());
  folders_.clear();
  descriptors_.clear();
  changed_.add_all();
  return {};
}

Scope FolderWatch::take() { return std::exchange(changed_, {}); }

std::vector<std::filesystem::path> FolderWatch::take_lost() { return std::exchange(lost_, {}); }

}  // namespace isogloss::runtime
