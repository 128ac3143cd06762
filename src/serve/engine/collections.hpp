// SPDX-License-Identifier: Apache-2.0
// The collections of a server by name: opened when asked for, searched together, changed one at a time.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/collection.hpp"

namespace isogloss::serve {

// Thread-safe.
class Collections {
 public:
  // `folder` empty = data_home()/collections.
  Collections(std::filesystem::path folder, ThreadPool* pool);

  const std::filesystem::path& folder() const { return folder_; }

  // Access to one collection, as long as the object lives.
  template <class Lock>
  struct Access {
    std::shared_ptr<void> owner;
    Lock lock;
    Collection* collection = nullptr;
    Collection* operator->() const { return collection; }
    Collection& operator*() const { return *collection; }
  };
  using Reading = Access<std::shared_lock<std::shared_mutex>>;
  using Writing = Access<std::unique_lock<std::shared_mutex>>;

  // Error{not_found} names the collection; Error{invalid_argument}: it is no name.
  Result<Reading> read(std::string_view name);
  // Alone. Error{unavailable}: another program writes to it.
  Result<Writing> write(std::string_view name);
  // Error{already_exists}.
  Status create(std::string_view name, const CollectionOptions& options);
  Status remove(std::string_view name);
  Result<std::vector<std::string>> list() const;

 private:
  struct Entry {
    std::shared_mutex mutex;
    std::unique_ptr<Collection> collection;
    OpenMode mode = OpenMode::read;
  };
  Result<std::filesystem::path> folder_of(std::string_view name) const;
  std::shared_ptr<Entry> entry_of(std::string_view name);
  Context context() const;

  const std::filesystem::path folder_;
  ThreadPool* const pool_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_;
};

}  // namespace isogloss::serve
