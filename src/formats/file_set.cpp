// SPDX-License-Identifier: Apache-2.0
#include <fstream>

#include "core/file.hpp"
#include "isogloss/family.hpp"

namespace isogloss {

Result<FileSet> FileSet::open(const std::filesystem::path& path) {
  FileSet files;
  files.origin_ = path;
  std::error_code error;
  if (std::filesystem::is_regular_file(path, error)) {
    files.single_ = true;
    files.paths_[path.filename().string()] = path;
    return files;
  }
  std::filesystem::directory_iterator entries(path, error);
  if (error) return fail(Code::not_found, "there is no file or folder '" + path.string() + "'.");
  for (const auto& entry : entries) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file(error)) {
      files.paths_[name] = entry.path();
    } else if (entry.is_directory(error) && !name.starts_with('.')) {
      std::filesystem::directory_iterator below(entry.path(), error);
      for (const auto& file : below) {
        if (file.is_regular_file(error)) files.paths_[name + "/" + file.path().filename().string()] = file.path();
      }
    }
  }
  return files;
}

Result<FileSet> FileSet::open_own(const std::filesystem::path& path) {
  FileSet files = IG_TRY(open(path));
  files.own_ = true;
  return files;
}

std::string FileSet::name() const {
  const std::filesystem::path folder = origin_.has_filename() ? origin_ : origin_.parent_path();
  const std::filesystem::path snapshots = folder.parent_path();
  std::string repository = snapshots.parent_path().filename().string();  // models--ORG--NAME
  constexpr std::string_view kMark = "models--";
  if (snapshots.filename() != "snapshots" || !repository.starts_with(kMark)) return folder.filename().string();
  repository.erase(0, kMark.size());
  if (const std::size_t dashes = repository.find("--"); dashes != std::string::npos) repository.replace(dashes, 2, "/");
  return repository;
}

std::filesystem::path FileSet::path(std::string_view name) const {
  const auto it = paths_.find(name);
  return it == paths_.end() ? std::filesystem::path() : it->second;
}

Result<FileSet> FileSet::inner(const std::string& folder) const {
  if (!memory_) {
    FileSet files = IG_TRY(open(origin_ / folder));
    files.own_ = own_;
    files.cache_ = cache_;
    return files;
  }
  std::map<std::string, std::string> files;
  for (const auto& [name, text] : *memory_) {
    if (name.starts_with(folder + "/")) files[name.substr(folder.size() + 1)] = text;
  }
  if (files.empty()) return fail(Code::not_found, "the folder '" + folder + "' is missing.");
  return from_memory(std::move(files));
}

FileSet FileSet::from_memory(std::map<std::string, std::string> files) {
  FileSet set;
  std::map<std::string, std::string, std::less<>> content;
  for (auto& [name, text] : files) content.emplace(name, std::move(text));
  set.memory_ = std::make_shared<const std::map<std::string, std::string, std::less<>>>(std::move(content));
  return set;
}

bool FileSet::has(std::string_view name) const {
  return memory_ ? memory_->contains(name) : paths_.contains(name);
}

std::vector<std::string> FileSet::names() const {
  std::vector<std::string> out;
  if (memory_) {
    for (const auto& [name, text] : *memory_) out.push_back(name);
  }
  for (const auto& [name, path] : paths_) out.push_back(name);
  return out;
}

Result<std::string> FileSet::read(std::string_view name) const {
  if (memory_) {
    const auto it = memory_->find(name);
    if (it != memory_->end()) return it->second;
  } else if (const auto it = paths_.find(name); it != paths_.end()) {
    return read_file(it->second);
  }
  return fail(Code::not_found, "'" + std::string(name) + "' is missing in '" + origin_.string() + "'.");
}

Result<std::uint64_t> FileSet::size(std::string_view name) const {
  if (memory_) {
    const auto it = memory_->find(name);
    if (it != memory_->end()) return it->second.size();
  } else if (const auto it = paths_.find(name); it != paths_.end()) {
    return IG_TRY(stat_file(it->second)).size;
  }
  return fail(Code::not_found, "'" + std::string(name) + "' is missing in '" + origin_.string() + "'.");
}

Result<std::string> FileSet::read_range(std::string_view name, std::uint64_t offset, std::size_t bytes) const {
  const std::uint64_t all = IG_TRY(size(name));
  if (offset > all || bytes > all - offset) {
    return fail(Code::corrupt_data, "'" + (origin_ / name).string() + "' ends at byte " + std::to_string(all) + ", before byte " +
                                        std::to_string(offset + bytes) + " that was to be read.");
  }
  if (memory_) return memory_->find(name)->second.substr(static_cast<std::size_t>(offset), bytes);
  std::ifstream file(paths_.find(name)->second, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  std::string out(bytes, '\0');
  file.read(out.data(), static_cast<std::streamsize>(bytes));
  if (static_cast<std::size_t>(file.gcount()) == bytes) return out;
  return fail(Code::io, "cannot read " + std::to_string(bytes) + " bytes of '" + (origin_ / name).string() + "'.");
}

std::string FileSet::head(std::string_view name, std::size_t bytes) const {
  if (memory_) return has(name) ? memory_->find(name)->second.substr(0, bytes) : std::string();
  const auto it = paths_.find(name);
  if (it == paths_.end()) return {};
  std::ifstream file(it->second, std::ios::binary);
  std::string out(bytes, '\0');
  file.read(out.data(), static_cast<std::streamsize>(bytes));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

}  // namespace isogloss
