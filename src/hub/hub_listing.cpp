// SPDX-License-Identifier: Apache-2.0
#include "hub/hub_listing.hpp"

#include <algorithm>

#include "core/json.hpp"
#include "core/text.hpp"
#include "hub/hub_cache.hpp"

namespace isogloss::hub {
namespace {

constexpr std::int64_t kTreeVersion = 1;
constexpr std::string_view kSafetensors = ".safetensors";

std::uint64_t size_of(const Json& value) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value.as_integer()));
}

std::unexpected<Error> bad_name(std::string_view name, std::string_view where) {
  return fail(Code::corrupt_data, std::string(where) + " names the file '" + shortened(name, 100) +
                                      "', which lies outside the model's folder.");
}

void sort_by_name(HubListing& listing) {
  std::ranges::stable_sort(listing.files, {}, &HubFile::name);
  const auto same = std::ranges::unique(listing.files, {}, &HubFile::name);
  listing.files.erase(same.begin(), same.end());
}

std::pair<std::string_view, std::string_view> folder_and_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::pair(std::string_view(), path)
                                         : std::pair(path.substr(0, slash), path.substr(slash + 1));
}

// model.safetensors, or a shard of it: model-00001-of-00002.safetensors.
bool is_shard(std::string_view name) {
  return name.starts_with("model-") && name.ends_with(kSafetensors) && name.contains("-of-");
}

bool is_weight_format(std::string_view name) {
  constexpr std::string_view kFormats[] = {kSafetensors, ".bin", ".gguf", ".onnx", ".h5",
                                           ".msgpack",   ".pt",  ".pth",  ".ckpt"};
  return std::ranges::any_of(kFormats, [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_small_part(std::string_view name) {
  if (name.ends_with(".json")) {
    constexpr std::string_view kForeign[] = {".bin.index.json", ".msgpack.index.json", ".h5.index.json",
                                             "trainer_state.json"};
    return std::ranges::none_of(kForeign, [&](std::string_view ending) { return name.ends_with(ending); });
  }
  return name.ends_with(".model") || name == "vocab.txt" || name == "merges.txt";
}

// Of one folder. One file of weights is preferred to its shards, and both to files under other names.
std::vector<HubFile> weights_of(std::span<const HubFile> files) {
  std::vector<HubFile> whole, shards, others;
  for (const HubFile& file : files) {
    const std::string_view name = folder_and_name(file.name).second;
    if (!name.ends_with(kSafetensors)) continue;
    (name == "model.safetensors" ? whole : is_shard(name) ? shards : others).push_back(file);
  }
  return !whole.empty() ? whole : !shards.empty() ? shards : others;
}

std::unexpected<Error> no_weights(const HubListing& listing, std::string_view repository) {
  std::string found;
  for (const HubFile& file : listing.files) {
    if (is_weight_format(file.name) && found.size() < 200) found += (found.empty() ? "" : ", ") + file.name;
  }
  return fail(Code::unsupported,
              "'" + std::string(repository) + "' holds no model.safetensors" +
                  (found.empty() ? ". It is no model that this version opens."
                                 : ", only " + found +
                                       ". Pickle files can run code when they are opened and are not "
                                       "fetched. Get the repository by other means and convert it, which runs nothing of it: "
                                       "isogloss models convert FOLDER NEW_FOLDER"));
}

}  // namespace

Result<HubListing> parse_listing(std::string_view json, std::string_view where) {
  const Json root = IG_TRY(Json::parse(json, where));
  HubListing listing;
  listing.commit = root["sha"].as_string();
  if (!is_commit(listing.commit) || !root["siblings"].is_array()) {
    return fail(Code::corrupt_data, std::string(where) +
                                        " is no list of files: \"sha\" or \"siblings\" is missing. Is "
                                        "HF_ENDPOINT the address of a hub?");
  }
  for (const Json& item : root["siblings"].as_array()) {
    HubFile file;
    file.name = item["rfilename"].as_string();
    if (!is_safe_name(file.name)) return bad_name(file.name, where);
    const Json& lfs = item["lfs"];
    file.size = size_of(item["size"]);
    file.blob_id = item["blobId"].as_string();
    file.sha256 = lfs["sha256"].as_string();
    file.xet_hash = item["xetHash"].as_string();
    listing.files.push_back(std::move(file));
  }
  sort_by_name(listing);
  return listing;
}

Result<HubListing> parse_tree(std::string_view json, std::string_view commit, std::string_view where) {
  const Json root = IG_TRY(Json::parse(json, where));
  if (root["format_version"].as_integer() != kTreeVersion || !root["files"].is_object()) {
    return fail(Code::corrupt_data, std::string(where) + " is no list of files of version 1.");
  }
  HubListing listing{std::string(commit), {}};
  for (const auto& [name, item] : root["files"].as_object()) {
    if (!is_safe_name(name)) return bad_name(name, where);
    HubFile file{name, size_of(item["size"]), std::string(item["blob_id"].as_string()), {}, {}};
    file.sha256 = item["lfs_sha256"].as_string();
    file.xet_hash = item["xet_hash"].as_string();
    listing.files.push_back(std::move(file));
  }
  sort_by_name(listing);
  return listing;
}

std::string tree_text(const HubListing& listing) {
  std::string out = "{\n \"format_version\": 1,\n \"files\": {";
  bool first = true;
  for (const HubFile& file : listing.files) {
    if (file.blob_id.empty()) return {};
    out += first ? "\n  " : ",\n  ";
    first = false;
    append_json_string(out, file.name);
    out += ": {\n   \"size\": " + std::to_string(file.size) + ",\n   \"blob_id\": ";
    append_json_string(out, file.blob_id);
    if (!file.sha256.empty()) {
      out += ",\n   \"lfs_sha256\": ";
      append_json_string(out, file.sha256);
      out += ",\n   \"lfs_size\": " + std::to_string(file.size);
    }
    if (!file.xet_hash.empty()) {
      out += ",\n   \"xet_hash\": ";
      append_json_string(out, file.xet_hash);
    }
    out += "\n  }";
  }
  return out + (first ? "}\n}" : "\n }\n}");
}

Result<std::vector<std::string>> module_folders(std::string_view modules_json, std::string_view where) {
  const Json root = IG_TRY(Json::parse(modules_json, where));
  std::vector<std::string> folders;
  for (const Json& module : root.as_array()) {
    std::string_view path = module["path"].as_string();
    if (path.ends_with('/')) path.remove_suffix(1);
    if (path.empty()) continue;
    if (!is_safe_name(path)) return bad_name(path, where);
    folders.emplace_back(path);
  }
  return folders;
}

Result<std::vector<HubFile>> wanted_files(const HubListing& listing, std::span<const std::string> folders,
                                          std::string_view repository) {
  std::vector<HubFile> small, weights;
  std::vector<std::string> places(folders.begin(), folders.end());
  places.emplace_back();
  std::ranges::sort(places);
  places.erase(std::ranges::unique(places).begin(), places.end());
  for (const std::string& place : places) {
    std::vector<HubFile> here;
    std::ranges::copy_if(listing.files, std::back_inserter(here),
                         [&](const HubFile& f) { return folder_and_name(f.name).first == place; });
    std::ranges::copy_if(here, std::back_inserter(small),
                         [](const HubFile& f) { return is_small_part(folder_and_name(f.name).second); });
    std::ranges::move(weights_of(here), std::back_inserter(weights));
  }
  if (weights.empty()) return no_weights(listing, repository);
  std::ranges::move(weights, std::back_inserter(small));
  return small;
}

}  // namespace isogloss::hub
