// SPDX-License-Identifier: Apache-2.0
#include "tokens/analysis/stop_words.hpp"

#include <string>

#include "isogloss/options.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss {
namespace {

struct StopList {
  std::string_view name;
  std::string_view words;
};

constexpr StopList kStopLists[] = {
#include "tokens/analysis/stop_words.inc"
};

}  // namespace

std::vector<std::string> stop_lists() {
  std::vector<std::string> names{"none"};
  for (const StopList& list : kStopLists) names.emplace_back(list.name);
  return names;
}

Result<std::vector<std::string_view>> tokens::stop_list(std::string_view name) {
  std::vector<std::string_view> words;
  if (name == "none" || name.empty()) return words;
  for (const StopList& list : kStopLists) {
    if (list.name != name) continue;
    for (std::size_t at = 0; at < list.words.size();) {
      const std::size_t end = std::min(list.words.find_first_of(" \n", at), list.words.size());
      if (end > at) words.push_back(list.words.substr(at, end - at));
      at = end + 1;
    }
    return words;
  }
  const std::string nearest = nearest_name(name, stop_lists());
  return fail(Code::invalid_argument, "there is no stop word list '" + std::string(name) + "'." +
                                          (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

}  // namespace isogloss
