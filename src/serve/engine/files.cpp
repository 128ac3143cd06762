// SPDX-License-Identifier: Apache-2.0
// A file is FOLDER/ID.content and then FOLDER/ID.json: what has no record was never acknowledged.
#include "serve/engine/files.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/text.hpp"

namespace isogloss::serve {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kFile = "file-", kStore = "vs_", kRecord = ".json", kContent = ".content";
constexpr std::size_t kDigits = 24;

std::int64_t now_microseconds() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

template <class T>
void sort_by_age(std::vector<T>& items) {
  std::ranges::stable_sort(
      items, [](const T& a, const T& b) { return std::tie(a.created, a.id) < std::tie(b.created, b.id); });
}

}  // namespace

std::string fresh_id(std::string_view prefix) {
  static std::atomic<std::uint64_t> made{0};
  std::random_device chance;
  const std::string seed = std::to_string(chance()) + std::to_string(chance()) + "-" + std::to_string(++made) + "-" +
                           std::to_string(std::chrono::system_clock::now().time_since_epoch().count());
  return std::string(prefix) + sha256_hex(seed).substr(0, kDigits);
}

// An id comes from a request: it becomes a name of a file only when it is one of ours.
Result<fs::path> Files::place(std::string_view id, std::string_view prefix, std::string_view ending) const {
  const bool ours = id.starts_with(prefix) && id.size() == prefix.size() + kDigits &&
                    id.find_first_not_of("0123456789abcdef", prefix.size()) == std::string_view::npos;
  const fs::path path = folder_ / (std::string(id) + std::string(ending));
  std::error_code ignored;
  if (ours && fs::exists(path, ignored)) return path;
  return fail(Code::not_found, "There is no " + std::string(prefix == kFile ? "file" : "vector store") + " '" +
                                   shortened(id, 80) + "'.");
}

std::vector<std::string> Files::ids(std::string_view prefix) const {
  std::vector<std::string> out;
  std::error_code error;
  for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name.starts_with(prefix) && name.ends_with(kRecord))
      out.push_back(name.substr(0, name.size() - kRecord.size()));
  }
  return out;
}

Result<UploadedFile> Files::add(std::string_view filename, std::string_view purpose, std::string_view content) {
  return guard([&]() -> Result<UploadedFile> {
    std::error_code error;
    fs::create_directories(folder_, error);
    if (error) return fail(Code::io, "cannot create folder '" + folder_.string() + "': " + error.message());
    UploadedFile file{fresh_id(kFile), std::string(filename), std::string(purpose), content.size(), now_microseconds()};
    std::string record;
    JsonWriter(record)
        .begin_object()
        .field("filename", filename)
        .field("purpose", purpose)
        .field("bytes", file.bytes)
        .field("created", file.created)
        .end_object();
    IG_TRY(write_file(folder_ / (file.id + std::string(kContent)), content));
    IG_TRY(write_file(folder_ / (file.id + std::string(kRecord)), record));
    return file;
  });
}

Result<UploadedFile> Files::get(std::string_view id) const {
  const fs::path path = IG_TRY(place(id, kFile, kRecord));
  const std::string text = IG_TRY(read_file(path, 1'000'000));
  const Json record = IG_TRY(Json::parse(text, "the record of " + std::string(id)));
  return UploadedFile{std::string(id), std::string(record["filename"].as_string()),
                      std::string(record["purpose"].as_string()),
                      static_cast<std::uint64_t>(record["bytes"].as_integer()), record["created"].as_integer()};
}

Result<std::string> Files::content(std::string_view id) const {
  const fs::path path = IG_TRY(place(id, kFile, kContent));
  return read_file(path);
}

std::vector<UploadedFile> Files::list() const {
  std::vector<UploadedFile> out;
  for (const std::string& id : ids(kFile)) {
    if (auto file = get(id)) out.push_back(std::move(*file));
  }
  sort_by_age(out);
  return out;
}

Status Files::remove(std::string_view id) {
  const fs::path record = IG_TRY(place(id, kFile, kRecord));
  std::error_code error;
  fs::remove(record, error);
  if (error) return fail(Code::io, "cannot remove '" + std::string(id) + "': " + error.message());
  fs::remove(folder_ / (std::string(id) + std::string(kContent)), error);
  return {};
}

Result<StoreRecord> Files::add_store(std::string_view name, std::string_view metadata) {
  StoreRecord record{fresh_id(kStore), std::string(name), std::string(metadata), now_microseconds()};
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) return fail(Code::io, "cannot create folder '" + folder_.string() + "': " + error.message());
  IG_TRY(change_store(record));
  return record;
}

Status Files::change_store(const StoreRecord& record) {
  std::string text;
  JsonWriter(text)
      .begin_object()
      .field("name", record.name)
      .key("metadata")
      .raw(record.metadata)
      .field("created", record.created)
      .end_object();
  return write_file(folder_ / (record.id + std::string(kRecord)), text);
}

Result<StoreRecord> Files::get_store(std::string_view id) const {
  const fs::path path = IG_TRY(place(id, kStore, kRecord));
  const std::string text = IG_TRY(read_file(path, 10'000'000));
  const Json record = IG_TRY(Json::parse(text, "the record of " + std::string(id)));
  StoreRecord out{std::string(id), std::string(record["name"].as_string()), {}, record["created"].as_integer()};
  JsonWriter(out.metadata).value(record["metadata"]);
  return out;
}

std::vector<StoreRecord> Files::list_stores() const {
  std::vector<StoreRecord> out;
  for (const std::string& id : ids(kStore)) {
    if (auto record = get_store(id)) out.push_back(std::move(*record));
  }
  sort_by_age(out);
  return out;
}

Status Files::remove_store(std::string_view id) {
  const fs::path path = IG_TRY(place(id, kStore, kRecord));
  std::error_code error;
  fs::remove(path, error);
  return error ? fail(Code::io, "cannot remove '" + std::string(id) + "': " + error.message()) : Status();
}

}  // namespace isogloss::serve
