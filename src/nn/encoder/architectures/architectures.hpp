// SPDX-License-Identifier: Apache-2.0
// From a config.json to an Architecture. One file per kind of architecture; architectures.cpp is the only list.
#pragma once

#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "isogloss/result.hpp"
#include "nn/encoder/config.hpp"

namespace isogloss::nn {

// Error{unsupported}: an architecture or a feature of one that is not known here, with those that are.
// Error{corrupt_data}: a number that is missing or out of range. `where` names the file.
Result<Architecture> architecture_of(const Json& config, std::string_view where);

// The values of "model_type" that are known, sorted.
std::vector<std::string_view> known_architectures();

}  // namespace isogloss::nn
