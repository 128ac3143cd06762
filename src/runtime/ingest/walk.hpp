// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "isogloss/collection.hpp"

namespace isogloss::runtime {

// A file an index run will look at.
struct FoundFile {
  std::string name;             // id: path relative to its root, '/' between names
  std::filesystem::path path;   // absolute
  std::string root;             // absolute
  FileStamp stamp;
};

struct WalkResult {
  std::vector<FoundFile> files;       // ascending by name within each root, roots in the order given
  std::vector<FileReport> skipped;    // too large, unreadable folders, links out of the root
  std::vector<std::string> unseen;    // of those, the folders: what lies below them is not known to be gone
  std::vector<std::string> roots;     // absolute, folders that were walked
};

// Finds the files under the roots. A root that is a file counts as one file. Names are relative to the root; with several
// roots, the second and later ones are prefixed by the root's own name. Errors: not_found (a root does not exist),
// invalid_argument (two files get the same name).
Result<WalkResult> walk(std::span<const std::filesystem::path> roots, const IngestOptions& options, Context& context);

}  // namespace isogloss::runtime
