// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.hpp"
#include "isogloss/collection.hpp"

namespace isogloss::runtime {

// Which part of the roots a run looks at: files, and folders with all that lies below them. Names are those of
// documents; the empty one is everything.
class Scope {
 public:
  void add(std::string_view name) { names_.emplace(name); }
  void add_all() { names_.emplace(); }
  void add(const Scope& other) { names_.insert(other.names_.begin(), other.names_.end()); }
  bool empty() const { return names_.empty(); }
  bool is_all() const { return names_.contains(""); }
  // The name, or a folder it lies in, is of the scope.
  bool covers(std::string_view name) const;
  // Something below the folder is of the scope.
  bool leads_into(std::string_view folder) const;

 private:
  std::set<std::string, std::less<>> names_;
};

// A file or folder to be walked.
struct Root {
  std::filesystem::path path;  // canonical
  std::string prefix;          // of the names below it: empty, or "handbook/"
  bool folder = true;
  bool empty = false;  // a folder in which nothing is
};

struct Roots {
  std::vector<Root> present;
  std::vector<std::string> absent;  // that do not exist; absolute
};

// Roots with the prefixes of their names: none for the first, the root's own name for the others.
Roots resolve_roots(std::span<const std::filesystem::path> roots);

// A file an index run will look at.
struct FoundFile {
  std::string name;            // id: path relative to its root, '/' between names
  std::filesystem::path path;  // absolute
  std::string root;            // absolute
  FileStamp stamp;
  bool named = false;  // a root itself, not found in a folder
};

struct FoundFolder {
  std::string name;  // without a '/' at its end; empty = the first root
  std::filesystem::path path;
};

struct WalkResult {
  std::vector<FoundFile> files;      // ascending by name within each root, roots in the order given
  std::vector<FileReport> skipped;   // too large, unreadable, links out of the root
  std::vector<std::string> unseen;   // of those, what could not be read: it and what lies below is not known to be gone
  std::vector<FoundFolder> folders;  // that were entered
  std::vector<FoundFile> roots;      // folders that were walked, as they were then; without a name
};

// Finds the files of the scope under the roots. A root that is a file counts as one file. Error{invalid_argument}: two
// files get the same name.
Result<WalkResult> walk(std::span<const Root> roots, const IngestOptions& options, const Scope& scope,
                        Context& context);

}  // namespace isogloss::runtime
