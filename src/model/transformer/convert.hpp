// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "isogloss/family.hpp"

namespace isogloss::model {

// Writes the model of `files` (safetensors in one file or shards, a GGUF file, pickles) into the new folder `target`:
// one model.safetensors for it and for each of its modules, and its other files as they are; no pickles, no code. What
// a GGUF file says becomes config.json, modules.json and the folders of modules, its vocabulary tokenizer.gguf.
// REQUIRES: `target` is an empty folder.
Status convert_transformer(const FileSet& files, const std::filesystem::path& target, const ConvertOptions& options,
                           Context& context);

}  // namespace isogloss::model
