// SPDX-License-Identifier: Apache-2.0
// The layout of a model folder, its version, and the same thing as one blob:
//
//   config.json         {"isogloss":{"format":1,"family":"tfidf"},"options":{...},"state":{...},"trained_on":"..."}
//   model.safetensors   the tensors
//   vocabulary.txt ...  further text files of the family
//   README.md           the model card
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/file.hpp"
#include "core/json.hpp"
#include "formats/safetensors.hpp"
#include "isogloss/family.hpp"
#include "isogloss/model.hpp"
#include "isogloss/options.hpp"

namespace isogloss::formats {

inline constexpr int kModelFormat = 1;

// What a family hands over to be saved.
struct ModelParts {
  std::string family;
  OptionValues options;                      // the training options, defaults included
  Json::Object state;                        // further scalars of the model
  Json::Object top;                          // keys of config.json by which other programs know the folder
  std::string trained_on;
  SafeTensorsWriter tensors;
  std::map<std::string, std::string> files;  // name -> content (vocabulary.txt, analysis.json)
  std::map<std::string, ModelPtr> models;    // subfolder -> a model that this one is made of; FileSet::inner() opens it
};

// The tensors of one file, with what they look into.
struct TensorFile {
  std::shared_ptr<const MappedFile> mapped;  // or
  std::string bytes;                         // own them
  SafeTensors tensors;
};

// Maps a file of ours, reads one of others. `where` names it in errors.
Result<TensorFile> open_tensor_file(const FileSet& files, const std::string& name, std::string_view where);

// What a family gets back.
struct ModelSource : TensorFile {
  OptionValues options;
  Json state;
  std::string trained_on;
  std::string space_id;  // as saved; empty in folders that do not say
  const FileSet* files = nullptr;
};

// Writes the folder: completely, or not at all (a new folder is made beside it and renamed). Error{already_exists} when
// `folder` exists and is not a saved model.
Status save_model_folder(const std::filesystem::path& folder, const ModelParts& parts, const Card& card);

// Copies the files of a model folder as they are, under the same rules as save_model_folder.
Status copy_model_folder(const FileSet& files, const std::filesystem::path& folder);

// The files of a saved model by name, as save_model_folder would write them.
std::map<std::string, std::string> model_files(const ModelParts& parts, const Card& card);

// Reads config.json and the tensors. Error{unsupported} names a newer format, Error{corrupt_data} what is broken.
// REQUIRES: `files` outlives the result.
Result<ModelSource> open_model_folder(const FileSet& files, std::string_view family);

// Is this folder a saved model of `family`?
Recognised recognise_model_folder(const FileSet& files, std::string_view family);
// The family named in config.json, or empty.
std::string model_folder_family(const FileSet& files);

// SHA-256 over everything that decides which vectors may be compared: tensor names, shapes and contents, the listed
// files (vocabulary, analysis) and options.
std::string space_id_of(const ModelParts& parts);

// The functions above as one type, for templates in folders that do not know this one.
struct ModelFolder {
  using Parts = ModelParts;
  using Source = ModelSource;
  static constexpr auto save = save_model_folder;
  static constexpr auto space_id = space_id_of;
};

// One string for a set of files, and back; used to keep a fitted model inside a collection.
std::string pack_files(const std::map<std::string, std::string>& files);
Result<std::map<std::string, std::string>> unpack_files(std::string_view blob, std::string_view where);

// One entry a line; entries must not hold line feeds.
std::string join_lines(std::span<const std::string> lines);
std::vector<std::string> split_lines(std::string_view text);

}  // namespace isogloss::formats
