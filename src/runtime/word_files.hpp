// SPDX-License-Identifier: Apache-2.0
// The forms that words with vectors are written in.
#pragma once

#include <filesystem>

#include "isogloss/family.hpp"

namespace isogloss::runtime {

// The kind of that name, else by the ending of the target; null when it is none. Error{invalid_argument}: no such name.
Result<const WordFileKind*> word_file_kind(const std::filesystem::path& target, std::string_view name);
// Error{unsupported}: the model has no vectors of words.
Result<const Vocabulary*> words_to_write(const Model& model, std::string_view name, const WordFileKind& kind);

}  // namespace isogloss::runtime
