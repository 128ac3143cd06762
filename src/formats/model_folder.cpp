// SPDX-License-Identifier: Apache-2.0
#include "formats/model_folder.hpp"

#include <cstring>
#include <functional>
#include <system_error>
#include <vector>

#include "core/assert.hpp"
#include "core/describe.hpp"
#include "core/file.hpp"
#include "core/hash.hpp"
#include "core/text.hpp"

namespace isogloss::formats {
namespace {

constexpr const char* kTensorFile = "model.safetensors";

std::string config_json(const ModelParts& parts, const Card& card) {
  std::string out;
  JsonWriter json(out);
  json.begin_object().key("isogloss").begin_object();
  json.field("format", kModelFormat).field("family", parts.family);
  json.field("space_id", card.space_id).end_object();
  json.key("options");
  write_option_values(json, parts.options);
  json.key("state").value(Json(parts.state));
  json.field("trained_on", parts.trained_on);
  for (const auto& [key, value] : parts.top) json.field(key, value);
  json.end_object();
  return out + "\n";
}

std::string card_markdown(const ModelParts& parts, const Card& card) {
  std::string out = "# A " + parts.family + " model\n\nMade by isogloss. Open it with `isogloss embed -m FOLDER`.\n\n";
  const auto line = [&](std::string_view name, const std::string& value) {
    out += "- " + std::string(name) + ": " + value + "\n";
  };
  line("dimension", std::to_string(card.dimension));
  line("metric", std::string(metric_name(card.metric)));
  line("rows", card.sparse ? "sparse" : "dense");
  line("trained on", parts.trained_on);
  line("space id", card.space_id);
  for (const auto& [name, value] : card.facts) line(name, value);
  return out;
}

std::map<std::string, std::string> text_files(const ModelParts& parts, const Card& card) {
  std::map<std::string, std::string> files = parts.files;
  files["config.json"] = config_json(parts, card);
  files["README.md"] = card_markdown(parts, card);
  return files;
}

// A folder whose config.json has our block. Other programs have a config.json too: theirs is not ours to replace.
bool is_saved_model(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return false;
  const auto files = FileSet::open(folder);
  return files && !model_folder_family(*files).empty();
}

// Gives the finished folder its name. An older save is moved aside first, and comes back when that fails.
Status put_in_place(const std::filesystem::path& finished, const std::filesystem::path& folder) {
  std::error_code error;
  std::error_code ignored;
  std::filesystem::path older;
  if (std::filesystem::exists(folder, ignored)) {
    older = temporary_name(folder);
    std::filesystem::rename(folder, older, error);
  }
  if (!error) {
    std::filesystem::rename(finished, folder, error);
    if (error && !older.empty()) std::filesystem::rename(older, folder, ignored);
  }
  if (error) return fail(Code::io, "cannot create folder '" + folder.string() + "': " + error.message());
  if (!older.empty()) std::filesystem::remove_all(older, ignored);
  return {};
}

using Write = std::function<Status(const std::string& name, const std::filesystem::path& path)>;

Status write_named(const std::filesystem::path& folder, const std::string& name, const Write& write) {
  std::error_code error;
  std::filesystem::create_directories((folder / name).parent_path(), error);
  if (error)
    return fail(Code::io, "cannot create folder '" + (folder / name).parent_path().string() + "': " + error.message());
  return write(name, folder / name);
}

// Tensors straight to the file: they may be most of what memory holds.
Status write_tensors(const SafeTensorsWriter& tensors, const std::filesystem::path& path) {
  AtomicFile file = IG_TRY(AtomicFile::create(path));
  IG_TRY(tensors.write([&](std::span<const std::byte> bytes) { return file.write(bytes); }));
  return file.commit();
}

// The folder with these files: completely, or not at all.
Status make_folder(const std::filesystem::path& folder, std::span<const std::string> names, const Write& write) {
  std::error_code ignored;
  if (std::filesystem::exists(folder, ignored) && !is_saved_model(folder)) {
    return fail(Code::already_exists,
                "'" + folder.string() + "' exists and is not a saved model. Choose another name.");
  }
  const std::filesystem::path temporary = temporary_name(folder);
  std::error_code error;
  std::filesystem::create_directories(temporary, error);
  if (error) return fail(Code::io, "cannot create folder '" + folder.string() + "': " + error.message());
  Status status;
  for (const std::string& name : names) {
    status = write_named(temporary, name, write);
    if (!status) break;
  }
  if (status) status = sync_folder(temporary);
  if (status) status = put_in_place(temporary, folder);
  if (!status) std::filesystem::remove_all(temporary, ignored);
  return status;
}

}  // namespace

std::map<std::string, std::string> model_files(const ModelParts& parts, const Card& card) {
  std::map<std::string, std::string> files = text_files(parts, card);
  if (!parts.tensors.empty()) files[kTensorFile] = parts.tensors.finish();
  return files;
}

Status copy_model_folder(const FileSet& files, const std::filesystem::path& folder) {
  return make_folder(folder, files.names(), [&](const std::string& name, const std::filesystem::path& path) -> Status {
    return write_file(path, IG_TRY(files.read(name)));
  });
}

Status save_model_folder(const std::filesystem::path& folder, const ModelParts& parts, const Card& card) {
  const std::map<std::string, std::string> files = text_files(parts, card);
  std::vector<std::string> names;
  for (const auto& [name, content] : files) names.push_back(name);
  if (!parts.tensors.empty()) names.emplace_back(kTensorFile);
  for (const auto& [name, model] : parts.models) names.push_back(name);
  return make_folder(folder, names, [&](const std::string& name, const std::filesystem::path& path) -> Status {
    if (name == kTensorFile) return write_tensors(parts.tensors, path);
    const auto inner = parts.models.find(name);
    if (inner == parts.models.end()) return write_file(path, files.at(name));
    Context alone;
    return inner->second->save(path, alone);
  });
}

std::string model_folder_family(const FileSet& files) {
  if (files.is_single_file() || !files.has("config.json")) return {};
  const auto text = files.read("config.json");
  if (!text) return {};
  const auto json = Json::parse(*text, "config.json");
  return json ? std::string((*json)["isogloss"]["family"].as_string()) : std::string();
}

Recognised recognise_model_folder(const FileSet& files, std::string_view family) {
  return model_folder_family(files) == family ? Recognised::exact : Recognised::none;
}

Result<TensorFile> open_tensor_file(const FileSet& files, const std::string& name, std::string_view where) {
  TensorFile file;
  std::span<const std::byte> bytes;
  if (files.may_be_mapped()) {
    file.mapped = std::make_shared<MappedFile>(IG_TRY(MappedFile::open(files.path(name))));
    bytes = file.mapped->bytes();
  } else {
    file.bytes = IG_TRY(files.read(name));
    bytes = std::as_bytes(std::span(file.bytes));
  }
  file.tensors = IG_TRY(SafeTensors::parse(bytes, where));
  return file;
}

Result<ModelSource> open_model_folder(const FileSet& files, std::string_view family) {
  const std::string where = (files.origin() / "config.json").string();
  const std::string text = IG_TRY(files.read("config.json"));
  const Json config = IG_TRY(Json::parse(text, where));
  const std::int64_t format = config["isogloss"]["format"].as_integer(0);
  if (format > kModelFormat) {
    return fail(Code::unsupported, where + " has model format " + std::to_string(format) +
                                       "; this version reads up to " + std::to_string(kModelFormat) +
                                       ". Use a newer isogloss.");
  }
  if (format < 1 || config["isogloss"]["family"].as_string() != family) {
    return fail(Code::corrupt_data, where + " does not describe a model of family '" + std::string(family) + "'.");
  }
  ModelSource source;
  source.files = &files;
  source.options = option_values_from_json(config["options"]);
  source.state = config["state"];
  source.trained_on = config["trained_on"].as_string();
  source.space_id = config["isogloss"]["space_id"].as_string();
  const std::string tensors = (files.origin() / kTensorFile).string();
  source.tensors = SafeTensors::none(tensors);
  if (files.has(kTensorFile)) {
    static_cast<TensorFile&>(source) = IG_TRY(open_tensor_file(files, kTensorFile, tensors));
  }
  return source;
}

std::string space_id_of(const ModelParts& parts) {
  std::string described = parts.family + "\n";
  JsonWriter json(described);
  write_option_values(json, parts.options);
  json.value(Json(parts.state));
  Sha256 hash;
  hash.update(described);
  for (const auto& [name, content] : parts.files) {
    hash.update(name);
    hash.update(content);
  }
  const Status hashed = parts.tensors.write_aligned([&](std::span<const std::byte> bytes) -> Status {
    hash.update(bytes);
    return {};
  });
  IG_ASSERT(hashed);
  return hash.hex();
}

std::string pack_files(const std::map<std::string, std::string>& files) {
  std::string out;
  for (const auto& [name, content] : files) {
    for (const std::string* part : {&name, &content}) {
      const std::uint64_t size = part->size();
      out.append(static_cast<const char*>(static_cast<const void*>(&size)), sizeof size);
      out += *part;
    }
  }
  return out;
}

Result<std::map<std::string, std::string>> unpack_files(std::string_view blob, std::string_view where) {
  std::map<std::string, std::string> files;
  const auto next = [&](std::string& part) {
    std::uint64_t size = 0;
    if (blob.size() < sizeof size) return false;
    std::memcpy(&size, blob.data(), sizeof size);
    blob.remove_prefix(sizeof size);
    if (size > blob.size()) return false;
    part = blob.substr(0, static_cast<std::size_t>(size));
    blob.remove_prefix(static_cast<std::size_t>(size));
    return true;
  };
  while (!blob.empty()) {
    std::string name, content;
    if (!next(name) || !next(content)) return fail(Code::corrupt_data, std::string(where) + " is cut short.");
    files[std::move(name)] = std::move(content);
  }
  return files;
}

std::string join_lines(std::span<const std::string> lines) {
  std::string out;
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

std::vector<std::string> split_lines(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<std::string> lines;
  if (text.empty()) return lines;
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  return lines;
}

}  // namespace isogloss::formats
