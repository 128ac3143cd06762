// SPDX-License-Identifier: Apache-2.0
// Files that clients have uploaded, and the names of the vector stores they have made, on disk beside the collections.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::serve {

struct UploadedFile {
  std::string id;  // "file-" and 24 hexadecimal digits
  std::string filename;
  std::string purpose;
  std::uint64_t bytes = 0;
  std::int64_t created = 0;  // microseconds since 1970
};

// A vector store is a collection called by its id; this is what a collection does not keep.
struct StoreRecord {
  std::string id;  // "vs_" and 24 hexadecimal digits
  std::string name;
  std::string metadata;      // JSON
  std::int64_t created = 0;  // microseconds since 1970
};

// Thread-safe: a record is one file, written under another name and renamed.
class Files {
 public:
  explicit Files(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Durable when it returns.
  Result<UploadedFile> add(std::string_view filename, std::string_view purpose, std::string_view content);
  Result<UploadedFile> get(std::string_view id) const;  // Error{not_found}
  Result<std::string> content(std::string_view id) const;
  std::vector<UploadedFile> list() const;  // oldest first
  Status remove(std::string_view id);

  Result<StoreRecord> add_store(std::string_view name, std::string_view metadata);
  Status change_store(const StoreRecord& record);
  Result<StoreRecord> get_store(std::string_view id) const;  // Error{not_found}
  std::vector<StoreRecord> list_stores() const;              // oldest first
  Status remove_store(std::string_view id);

 private:
  Result<std::filesystem::path> place(std::string_view id, std::string_view prefix, std::string_view ending) const;
  std::vector<std::string> ids(std::string_view prefix) const;

  const std::filesystem::path folder_;
};

// A fresh id: the prefix and 24 hexadecimal digits.
std::string fresh_id(std::string_view prefix);

}  // namespace isogloss::serve
