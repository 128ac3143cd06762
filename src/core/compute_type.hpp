// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "isogloss/model.hpp"

namespace isogloss {

// The arithmetic that EmbedOptions::compute means for a model: "auto" is what its card says, f32 where it says nothing.
inline std::string compute_type(const Card& card, std::string_view asked) {
  if (asked != "auto") return std::string(asked);
  const auto said = card.facts.find("compute");
  return said == card.facts.end() ? "f32" : said->second;
}

}  // namespace isogloss
