// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "isogloss/options.hpp"
#include "isogloss/store.hpp"

namespace isogloss {

std::string_view score_kind_name(ScoreKind kind) {
  constexpr std::array<std::string_view, 7> kNames{"cosine", "dot", "euclidean", "bm25", "rrf", "weighted", "rerank"};
  return kNames[static_cast<std::size_t>(kind)];
}

Result<SearchMode> parse_search_mode(std::string_view name) {
  if (name == "lexical") return SearchMode::lexical;
  if (name == "dense") return SearchMode::dense;
  if (name == "hybrid") return SearchMode::hybrid;
  const std::string nearest = nearest_name(name, {"lexical", "dense", "hybrid"});
  return fail(Code::invalid_argument, "'" + std::string(name) + "' is not a search mode; use hybrid, dense or lexical." +
                                          (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

}  // namespace isogloss
