// SPDX-License-Identifier: Apache-2.0
// For tests only: folders that vanish, and the place of the shared test data.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

namespace isogloss {

// A new empty folder, removed with everything in it at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "isogloss-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Path of `relative` in the shared test data ($ISOGLOSS_TEST_DATA, else ../shared/data beside the source tree), or
// nothing when it is not on this machine.
inline std::optional<std::filesystem::path> test_data(const std::string& relative) {
  const char* root = std::getenv("ISOGLOSS_TEST_DATA");
  const char* source = std::getenv("ISOGLOSS_SOURCE_DIR");
  std::filesystem::path base =
      root != nullptr ? std::filesystem::path(root)
                      : std::filesystem::path(source != nullptr ? source : ".") / "../shared/data";
  if (std::filesystem::exists(base / relative)) return base / relative;
  return std::nullopt;
}

}  // namespace isogloss

// Skips the test, with the reason printed, when the shared data is absent.
#define IG_REQUIRE_DATA(variable, relative)                                                          \
  const auto variable##_found = ::isogloss::test_data(relative);                                     \
  if (!variable##_found) GTEST_SKIP() << "test data '" << (relative) << "' is not on this machine";  \
  const std::filesystem::path variable = *variable##_found
