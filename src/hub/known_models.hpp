// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace isogloss::hub {

// A model that has a short name of its own.
struct KnownModel {
  std::string_view name;
  std::string_view repository;
  std::string_view weights_sha256 = {};  // of model.safetensors; empty = not recorded
};

std::span<const KnownModel> known_models();
const KnownModel* find_known_model(std::string_view name);  // null when there is none

}  // namespace isogloss::hub
