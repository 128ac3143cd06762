// SPDX-License-Identifier: Apache-2.0
#include "serve/engine/collections.hpp"

#include <algorithm>

#include "core/guard.hpp"
#include "core/text.hpp"

namespace isogloss::serve {
namespace {

namespace fs = std::filesystem;

// A name from a request becomes a folder: letters, digits, '-', '_' and '.', not in front.
bool is_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !name.empty() && name.size() <= 100 && name[0] != '.' && std::ranges::all_of(name, good);
}

Error no_collection(std::string_view name) {
  return {Code::not_found, "There is no collection '" + std::string(name) + "'. All of them: GET /v1/collections", -1,
          0.0};
}

}  // namespace

Collections::Collections(fs::path folder, ThreadPool* pool)
    : folder_(folder.empty() ? data_home() / "collections" : std::move(folder)), pool_(pool) {}

Context Collections::context() const {
  Context context;
  context.pool = pool_;
  return context;
}

Result<fs::path> Collections::folder_of(std::string_view name) const {
  if (!is_name(name)) {
    return fail(Code::invalid_argument,
                "'" + shortened(name, 100) +
                    "' is no name of a collection: letters, digits, '-', '_' and '.', at most 100, no '.' in front.");
  }
  return folder_ / name;
}

std::shared_ptr<Collections::Entry> Collections::entry_of(std::string_view name) {
  const std::lock_guard lock(mutex_);
  auto& entry = entries_[std::string(name)];
  if (entry == nullptr) entry = std::make_shared<Entry>();
  return entry;
}

Result<Collections::Reading> Collections::read(std::string_view name) {
  const fs::path folder = IG_TRY(folder_of(name));
  std::error_code ignored;
  if (!fs::exists(folder / "db.sqlite", ignored)) return fail(no_collection(name));
  const std::shared_ptr<Entry> entry = entry_of(name);
  while (true) {
    std::shared_lock reading(entry->mutex);
    if (entry->collection != nullptr) return Reading{entry, std::move(reading), entry->collection.get()};
    reading.unlock();
    const std::unique_lock opening(entry->mutex);
    if (entry->collection != nullptr) continue;
    Context work = context();
    entry->collection = IG_TRY(Collection::open(folder, OpenMode::read, {}, work));
    entry->mode = OpenMode::read;
  }
}

Result<Collections::Writing> Collections::write(std::string_view name) {
  const fs::path folder = IG_TRY(folder_of(name));
  std::error_code ignored;
  if (!fs::exists(folder / "db.sqlite", ignored)) return fail(no_collection(name));
  const std::shared_ptr<Entry> entry = entry_of(name);
  std::unique_lock writing(entry->mutex);
  if (entry->collection == nullptr || entry->mode == OpenMode::read) {
    Context work = context();
    entry->collection.reset();
    entry->collection = IG_TRY(Collection::open(folder, OpenMode::write, {}, work));
    entry->mode = OpenMode::write;
  }
  return Writing{entry, std::move(writing), entry->collection.get()};
}

Status Collections::create(std::string_view name, const CollectionOptions& options) {
  return guard([&]() -> Status {
    const fs::path folder = IG_TRY(folder_of(name));
    const std::shared_ptr<Entry> entry = entry_of(name);
    const std::unique_lock writing(entry->mutex);
    std::error_code error;
    if (fs::exists(folder / "db.sqlite", error))
      return fail(Code::already_exists, "The collection '" + std::string(name) + "' exists already.");
    fs::create_directories(folder_, error);
    if (error) return fail(Code::io, "cannot create folder '" + folder_.string() + "': " + error.message());
    Context work = context();
    entry->collection = IG_TRY(Collection::open(folder, OpenMode::write, options, work));
    entry->mode = OpenMode::write;
    return {};
  });
}

Status Collections::remove(std::string_view name) {
  return guard([&]() -> Status {
    const fs::path folder = IG_TRY(folder_of(name));
    std::error_code error;
    if (!fs::exists(folder / "db.sqlite", error)) return fail(no_collection(name));
    const std::shared_ptr<Entry> entry = entry_of(name);
    const std::unique_lock writing(entry->mutex);
    {  // nobody else writes to it: opening for writing proves that
      Context work = context();
      entry->collection.reset();
      entry->collection = IG_TRY(Collection::open(folder, OpenMode::write, {}, work));
      entry->collection.reset();
    }
    fs::remove_all(folder, error);
    if (error) return fail(Code::io, "cannot remove '" + folder.string() + "': " + error.message());
    return {};
  });
}

Result<std::vector<std::string>> Collections::list() const {
  return guard([&]() -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
      if (fs::exists(it->path() / "db.sqlite", error)) names.push_back(it->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  });
}

}  // namespace isogloss::serve
