// SPDX-License-Identifier: Apache-2.0
#include "isogloss/collection.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "core/guard.hpp"
#include "core/json.hpp"
#include "core/places.hpp"
#include "core/text.hpp"
#include "runtime/local_collection.hpp"

namespace isogloss {
namespace fs = std::filesystem;

std::string_view file_status_name(FileStatus status) {
  constexpr std::array<std::string_view, 6> kNames{"added", "updated", "unchanged", "removed", "skipped", "failed"};
  return kNames[static_cast<std::size_t>(status)];
}

fs::path data_home() {
  if (const char* home = std::getenv("ISOGLOSS_HOME"); home != nullptr && *home != '\0') return home;
  if (const char* data = std::getenv("XDG_DATA_HOME"); data != nullptr && *data != '\0')
    return fs::path(data) / "isogloss";
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr ? home : ".") / ".local/share/isogloss";
}

Result<fs::path> collection_folder(std::string_view name) {
  if (name.empty()) return fail(Code::invalid_argument, "an empty collection name was given.");
  if (const std::size_t scheme = name.find("://"); scheme != std::string_view::npos) {
    return fail(Code::unsupported, "'" + std::string(name) + "': this version keeps collections in folders, not in '" +
                                       std::string(name.substr(0, scheme)) + "'.");
  }
  if (name.find('/') != std::string_view::npos) return fs::path(name);
  if (name == "." || name == "..")
    return fail(Code::invalid_argument, "'" + std::string(name) + "' is not a collection name.");
  return data_home() / "collections" / name;
}

Result<std::vector<std::string>> list_collections() {
  return guard([]() -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(data_home() / "collections", error), end; !error && it != end; it.increment(error)) {
      if (fs::exists(it->path() / "db.sqlite", error)) names.push_back(it->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  });
}

Result<std::unique_ptr<Collection>> Collection::open(const fs::path& folder, OpenMode mode,
                                                     const CollectionOptions& options, Context& context) {
  return guard([&] { return runtime::LocalCollection::open(folder, mode, options, context); });
}

namespace runtime {
namespace {

Error no_collection(const std::string& name) {
  const auto known = list_collections();
  const std::string nearest = known ? nearest_name(name, *known) : std::string();
  return Error{Code::not_found,
               "there is no collection '" + name + "'." + (nearest.empty() ? "" : " Did you mean '" + nearest + "'?") +
                   " Make it with: isogloss index " + name + " FOLDER",
               -1, 0.0};
}

}  // namespace

Result<std::unique_ptr<Collection>> LocalCollection::open(const fs::path& folder, OpenMode mode,
                                                          const CollectionOptions& options, Context& context) {
  auto collection = std::make_unique<LocalCollection>();
  collection->folder_ = folder;
  collection->name_ =
      folder.parent_path() == data_home() / "collections" ? folder.filename().string() : folder.string();
  auto store = open_store(folder, mode, {}, context);
  if (!store && store.error().code == Code::not_found) return fail(no_collection(collection->name_));
  collection->store_ = IG_TRY(std::move(store));
  const auto values = IG_TRY(collection->store_->settings());
  if (values.empty()) {
    if (mode == OpenMode::read) return fail(no_collection(collection->name_));
    collection->settings_ = IG_TRY(new_settings(options));
    IG_TRY(collection->store_->set_settings(settings_values(collection->settings_), context));
  } else {
    collection->settings_ = IG_TRY(settings_from(values));
    IG_TRY(reconcile(options, collection->name_, collection->settings_));
    if (mode == OpenMode::write && settings_values(collection->settings_) != values) {
      IG_TRY(collection->store_->set_settings(settings_values(collection->settings_), context));
    }
  }
  collection->counter_ = IG_TRY(TermCounter::make(collection->settings_.analyzer));
  LexicalOptions lexical;
  lexical.analyse = [counter = collection->counter_.get()](std::string_view text, TermCounts& out) {
    counter->count(text, out);
  };
  lexical.k1 = collection->settings_.k1;
  lexical.b = collection->settings_.b;
  lexical.lucene_lengths = collection->settings_.analyzer.name == "lucene-english";
  collection->store_->use_lexical(std::move(lexical));
  return collection;
}

std::map<std::string, std::string> LocalCollection::facts() {
  std::map<std::string, std::string> out = settings_values(settings_);
  out["analyzer"] = settings_.analyzer.name;
  out["folder"] = folder_.string();
  if (const auto documents = store_->documents()) out["documents"] = std::to_string(documents->size());
  if (const auto chunks = store_->chunk_count()) out["chunks"] = std::to_string(*chunks);
  if (const auto spaces = store_->spaces()) {
    for (const SpaceInfo& space : *spaces) {
      if (space.role != SpaceRole::search) continue;
      out["dimension"] = std::to_string(space.dimension);
      out["metric"] = metric_name(space.metric);
      out["space"] = space.space_id;
      out["compute"] = space.compute;
      if (space.fitted_documents > 0) out["fitted_on"] = std::to_string(space.fitted_documents) + " chunks";
    }
  }
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
    if (it->is_regular_file(error)) bytes += it->file_size(error);
  }
  out["bytes"] = std::to_string(bytes);
  return out;
}

Status LocalCollection::add(std::string_view name, std::string content, const Metadata& meta, Context& context) {
  return guard([&]() -> Status {
    DocumentPut put;
    put.state.name = name;
    put.document = IG_TRY(read_document_text(name, std::move(content), {}, context));
    for (const auto& [key, value] : meta) put.document.meta.insert_or_assign(key, value);
    const ChunkPlan plan = IG_TRY(chunk_plan(context));
    put.chunks = IG_TRY(chunk_document(put.document, plan, context));
    return restore(std::move(put), context);
  });
}

Status LocalCollection::restore(DocumentPut put, Context& context) {
  return guard([&]() -> Status {
    put.terms.resize(put.chunks.size());
    for (std::size_t i = 0; i < put.chunks.size(); ++i) {
      const Span at = put.chunks[i].at, wider = put.chunks[i].wider;
      const bool around = wider.size() == 0 || (wider.begin <= at.begin && at.end <= wider.end);
      if (at.begin > at.end || std::max(at.end, wider.end) > put.document.text.size() || !around) {
        return fail(Code::invalid_argument,
                    "chunk '" + put.chunks[i].key + "' of '" + put.state.name + "' lies outside its text.");
      }
      counter_->count(chunk_text(put.document, put.chunks[i]), put.terms[i]);
    }
    number_lines(put.document.text, put.chunks);
    static_cast<void>(IG_TRY(embed_chunks(put, context)));
    return this->put({&put, 1}, context);
  });
}

Status LocalCollection::remove(std::span<const std::string> names, Context& context) {
  return guard([&] { return store_->remove(names, context); });
}

}  // namespace runtime
}  // namespace isogloss
