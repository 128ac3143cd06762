// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_cache.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <thread>

#include "core/text.hpp"
#include "hub/hub_settings.hpp"
#include "hub/known_models.hpp"
#include "isogloss/hub.hpp"

namespace isogloss::hub {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFolderMark = "models--";
constexpr std::size_t kLongestName = 96;
// The signature is the one that tools which skip caches look for.
constexpr std::string_view kCacheTag =
    "Signature: 8a477f597d28d172789f06886806bc55\n# This folder is a cache of models.\n";

bool is_word(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  };
  return !text.empty() && text.size() <= kLongestName && std::ranges::all_of(text, plain) && !text.starts_with('.') &&
         !text.starts_with('-') && !text.ends_with('.') && !text.ends_with('-') && !text.contains("--") &&
         !text.contains("..");
}

Status make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(Code::io, "cannot create folder '" + folder.string() + "': " + error.message());
  return {};
}

bool has_weights(const fs::path& folder) {
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code broken;
    if (it->path().extension() == ".safetensors" && it->is_regular_file(broken)) return true;
  }
  return false;
}

std::uint64_t folder_bytes(const fs::path& folder) {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    std::error_code broken;
    if (it->is_regular_file(broken)) bytes += it->file_size(broken);
  }
  return bytes;
}

// Every snapshot of a repository: those that a branch or tag names, then the others.
void append_snapshots(const fs::path& root, const std::string& repository, std::vector<HubModel>& out) {
  const fs::path folder = repository_folder(root, repository);
  std::set<std::string> named;
  const auto add = [&](std::string revision, const std::string& commit) {
    const fs::path snapshot = folder / "snapshots" / commit;
    if (has_weights(snapshot))
      out.push_back({repository, std::move(revision), commit, snapshot, folder_bytes(snapshot)});
  };
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder / "refs", error), end; !error && it != end; it.increment(error)) {
    const std::string revision = it->path().lexically_relative(folder / "refs").generic_string();
    const auto commit = it->is_regular_file(error) && is_safe_name(revision)
                            ? cached_commit(root, {repository, revision})
                            : Result<std::string>(fail(Code::not_found, ""));
    if (!commit) continue;
    named.insert(*commit);
    add(revision, *commit);
  }
  for (fs::directory_iterator it(folder / "snapshots", error), end; !error && it != end; it.increment(error)) {
    const std::string commit = it->path().filename().string();
    if (is_commit(commit) && !named.contains(commit)) add(commit, commit);
  }
}

}  // namespace

bool is_commit(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_safe_name(std::string_view name) {
  if (name.empty() || name.size() > 1000) return false;
  for (const std::string_view part : split(name, '/')) {
    if (part.empty() || part == "." || part == ".." || part.size() > 255) return false;
    if (std::ranges::any_of(part, [](char c) { return static_cast<unsigned char>(c) < 32 || c == '\\' || c == 127; }))
      return false;
  }
  return true;
}

Status check_revision(std::string_view revision) {
  if (is_safe_name(revision) && !revision.contains(' ')) return {};
  return fail(Code::invalid_argument,
              "'" + std::string(revision) + "' is no revision: give a branch, a tag or a commit.");
}

Result<HubReference> parse_hub_reference(std::string_view text) {
  const std::size_t at = text.find('@');
  const std::string_view repository = text.substr(0, at);
  const std::size_t slash = repository.find('/');
  if (slash == std::string_view::npos || !is_word(repository.substr(0, slash)) ||
      !is_word(repository.substr(slash + 1))) {
    return fail(Code::invalid_argument, "'" + std::string(text) +
                                            "' names no repository of a hub. Write ORG/NAME or "
                                            "ORG/NAME@REVISION, with letters, digits, '-', '_' and '.'.");
  }
  HubReference reference{std::string(repository)};
  if (at == std::string_view::npos) return reference;
  reference.revision = text.substr(at + 1);
  IG_TRY(check_revision(reference.revision));
  return reference;
}

fs::path repository_folder(const fs::path& root, std::string_view repository) {
  std::string name(repository);
  if (const std::size_t slash = name.find('/'); slash != std::string::npos) name.replace(slash, 1, "--");
  return root / (std::string(kFolderMark) + name);
}

Result<std::string> cached_commit(const fs::path& root, const HubReference& reference) {
  if (is_commit(reference.revision)) return reference.revision;
  const fs::path file = repository_folder(root, reference.repository) / "refs" / reference.revision;
  std::string commit = IG_TRY(read_file(file, 64));
  if (is_commit(commit)) return commit;
  return fail(Code::corrupt_data, "'" + file.string() +
                                      "' holds no commit of 40 hexadecimal digits. Run: isogloss models pull " +
                                      reference.repository);
}

Result<fs::path> find_snapshot(const fs::path& root, const HubReference& reference) {
  const std::string commit = IG_TRY(cached_commit(root, reference));
  fs::path folder = repository_folder(root, reference.repository) / "snapshots" / commit;
  std::error_code error;
  if (fs::is_directory(folder, error)) return folder;
  return fail(Code::not_found, "there is no folder '" + folder.string() + "'.");
}

Status make_repository(const fs::path& root, std::string_view repository) {
  const fs::path folder = repository_folder(root, repository);
  for (const char* part : {"blobs", "refs", "snapshots"}) IG_TRY(make_folder(folder / part));
  IG_TRY(make_folder(root / ".locks" / folder.filename()));
  std::error_code error;
  if (fs::exists(root / "CACHEDIR.TAG", error)) return {};
  return write_file(root / "CACHEDIR.TAG", kCacheTag);
}

Status point_to_blob(const fs::path& repository, std::string_view commit, std::string_view name, std::string_view etag,
                     Pointer kind) {
  const fs::path pointer = repository / "snapshots" / commit / name;
  const fs::path blob = repository / "blobs" / etag;
  IG_TRY(make_folder(pointer.parent_path()));
  const fs::path temporary = temporary_name(pointer);
  std::error_code error;
  if (kind == Pointer::link) fs::create_symlink(blob.lexically_relative(pointer.parent_path()), temporary, error);
  if (kind == Pointer::copy || error) {
    error.clear();
    fs::copy_file(blob, temporary, error);
    if (!error) IG_TRY(sync_file(temporary));
  }
  if (!error) fs::rename(temporary, pointer, error);
  if (!error) return {};
  std::error_code ignored;
  fs::remove(temporary, ignored);
  return fail(Code::io, "cannot create '" + pointer.string() + "': " + error.message());
}

Result<FileHandle> lock_blob(const fs::path& root, std::string_view repository, std::string_view etag,
                             Context& context) {
  const fs::path path =
      root / ".locks" / repository_folder(root, repository).filename() / (std::string(etag) + ".lock");
  FileHandle file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (!file.is_open()) return fail(file_error("open", path));
  bool told = false;
  while (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return fail(file_error("lock", path));
    if (!told) context.say(LogLevel::info, "waiting for another process that fetches the same file");
    told = true;
    IG_TRY(context.check());
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return file;
}

}  // namespace isogloss::hub

namespace isogloss {

std::vector<HubModel> pulled_models() {
  namespace fs = std::filesystem;
  const fs::path root = hub::hub_settings().root;
  std::vector<HubModel> out;
  std::error_code error;
  for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const std::size_t mark = name.find("--", hub::kFolderMark.size());
    if (!name.starts_with(hub::kFolderMark) || mark == std::string::npos) continue;
    const std::string repository =
        name.substr(hub::kFolderMark.size(), mark - hub::kFolderMark.size()) + "/" + name.substr(mark + 2);
    hub::append_snapshots(root, repository, out);
  }
  std::ranges::sort(out, {}, [](const HubModel& m) { return m.repository + "@" + m.revision; });
  return out;
}

Status remove_pulled_model(std::string_view text) {
  namespace fs = std::filesystem;
  const std::string_view known = known_repository(text);
  const hub::HubReference reference = IG_TRY(hub::parse_hub_reference(known.empty() ? text : known));
  if (text.contains('@')) {
    return fail(Code::unsupported,
                "a single revision cannot be removed. All of them: isogloss models rm " + reference.repository);
  }
  const fs::path root = hub::hub_settings().root;
  const fs::path folder = hub::repository_folder(root, reference.repository);
  const fs::path gone = temporary_name(folder);
  remove_abandoned(folder);
  std::error_code error;
  fs::rename(folder, gone, error);  // in one step: no half of a snapshot is left when this stops
  if (error == std::errc::no_such_file_or_directory) {
    return fail(Code::not_found, "there is no '" + folder.string() + "'. Run: isogloss models list");
  }
  if (!error) fs::remove_all(gone, error);
  if (error) return fail(Code::io, "cannot remove '" + folder.string() + "': " + error.message());
  fs::remove_all(root / ".locks" / folder.filename(), error);
  return {};
}

}  // namespace isogloss
