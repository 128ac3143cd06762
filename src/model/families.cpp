// SPDX-License-Identifier: Apache-2.0
// The only list of families. Adding one = its folder under src/model/ and one line here.
#include "isogloss/family.hpp"

#define IG_FAMILIES(X) \
  X(onehot) \
  X(bow) \
  X(ngram) \
  X(tfidf) \
  X(hashing) \
  X(bm25) \
  X(lsa) \
  X(word2vec) \
  X(glove) \
  X(fasttext) \
  X(static) \
  X(transformer) \
  X(classifier)

namespace isogloss {
namespace model {
#define IG_DECLARE(name) const Family& name##_family();
IG_FAMILIES(IG_DECLARE)
}  // namespace model

std::span<const Family* const> families() {
#define IG_POINTER(name) &model::name##_family(),
  static const std::vector<const Family*> list{IG_FAMILIES(IG_POINTER)};
  return list;
}

Result<const Family*> find_family(std::string_view name) {
  std::vector<std::string> known;
  for (const Family* family : families()) {
    if (family->name == name) return family;
    known.emplace_back(family->name);
  }
  const std::string nearest = nearest_name(name, known);
  return fail(Code::not_found, "there is no model family '" + std::string(name) + "'." +
                                   (nearest.empty() ? "" : " Did you mean '" + nearest + "'?") +
                                   " Run: isogloss models list --families");
}

}  // namespace isogloss
