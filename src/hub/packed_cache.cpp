// SPDX-License-Identifier: Apache-2.0
// Layout: packed/KEY holds an entry, its access time is set at every use; known/DEVICE-INODE-SIZE-MTIME-WHAT holds a
// remembered value. Several processes may write the same entry: each writes a file of its own and renames it.
#include "hub/packed_cache.hpp"

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "core/file.hpp"

namespace isogloss::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLongestValue = 4096;

class FolderCache final : public PackedCache {
 public:
  FolderCache(fs::path folder, std::uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}

  std::optional<fs::path> find(std::string_view key) const override {
    const fs::path path = folder_ / "packed" / key;
    std::error_code error;
    if (!fs::is_regular_file(path, error)) return std::nullopt;
    fs::last_write_time(path, fs::file_time_type::clock::now(), error);  // used now
    return path;
  }

  Result<fs::path> place(std::string_view key, std::size_t bytes) const override {
    const fs::path folder = folder_ / "packed";
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) return fail(Code::io, "cannot create folder '" + folder.string() + "': " + error.message());
    make_room(folder, bytes);
    remove_abandoned(folder / key);
    return folder / key;
  }

  std::optional<std::string> remembered(const fs::path& file, std::string_view what) const override {
    const auto name = known_name(file, what);
    if (!name) return std::nullopt;
    auto value = read_file(*name, kLongestValue);
    if (!value) return std::nullopt;
    return *std::move(value);
  }

  void remember(const fs::path& file, std::string_view what, std::string_view value) const override {
    const auto name = known_name(file, what);
    std::error_code error;
    if (!name || !(fs::create_directories(name->parent_path(), error), !error)) return;
    (void)write_file(*name, value);  // a value not kept is found out again
  }

 private:
  std::optional<fs::path> known_name(const fs::path& file, std::string_view what) const {
    const auto stamp = stat_file(file);
    if (!stamp) return std::nullopt;
    return folder_ / "known" /
           (std::to_string(stamp->device) + "-" + std::to_string(stamp->inode) + "-" + std::to_string(stamp->size) +
            "-" + std::to_string(stamp->mtime_ns) + "-" + std::string(what));
  }

  // Drops entries, the longest unused first, until `bytes` more fit the limit. A mapped file that goes stays with those
  // who have it open.
  void make_room(const fs::path& folder, std::size_t bytes) const {
    struct Entry {
      fs::path path;
      fs::file_time_type used;
      std::uint64_t size;
    };
    std::vector<Entry> entries;
    std::uint64_t total = bytes;
    std::error_code error;
    for (const auto& item : fs::directory_iterator(folder, error)) {
      if (!item.is_regular_file(error)) continue;
      entries.push_back({item.path(), item.last_write_time(error), item.file_size(error)});
      total += entries.back().size;
    }
    std::ranges::sort(entries, {}, &Entry::used);
    for (const Entry& entry : entries) {
      if (total <= limit_) return;
      fs::remove(entry.path, error);
      total -= entry.size;
    }
  }

  fs::path folder_;
  std::uint64_t limit_;
};

}  // namespace

fs::path cache_folder() {
  if (const char* own = std::getenv("ISOGLOSS_CACHE"); own != nullptr && *own != '\0') return own;
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg != nullptr && *xdg != '\0')
    return fs::path(xdg) / "isogloss";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home != '\0' ? home : "/tmp") / ".cache/isogloss";
}

std::shared_ptr<const PackedCache> open_packed_cache(fs::path folder, std::uint64_t limit) {
  return std::make_shared<FolderCache>(std::move(folder), limit);
}

}  // namespace isogloss::hub
