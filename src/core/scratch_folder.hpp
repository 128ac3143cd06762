// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <system_error>

#include "core/file.hpp"

namespace isogloss {

// A folder among the temporary files that vanishes with the object.
class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name)
      : path_(temporary_name(std::filesystem::temp_directory_path() / name)) {
    std::filesystem::create_directories(path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace isogloss
