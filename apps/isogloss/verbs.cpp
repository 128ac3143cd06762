// SPDX-License-Identifier: Apache-2.0
// The only list of verbs. Adding one = its file verb_NAME.cpp and one line here.
#include "cli.hpp"

#define IG_VERBS(X) \
  X(index)          \
  X(watch)          \
  X(search)         \
  X(ask)            \
  X(embed)          \
  X(open)           \
  X(chunk)          \
  X(tokens)         \
  X(train)          \
  X(distill)        \
  X(terms)          \
  X(near)           \
  X(analogy)        \
  X(odd)            \
  X(predict)        \
  X(similar_words)  \
  X(cooccur)        \
  X(attention)      \
  X(senses)         \
  X(classify)       \
  X(cluster)        \
  X(dedupe)         \
  X(bias)           \
  X(same)           \
  X(eval)           \
  X(metric)         \
  X(serve)          \
  X(models)         \
  X(collections)    \
  X(reindex)        \
  X(doctor)         \
  X(config)         \
  X(completion)     \
  X(version)

namespace isogloss::cli {

#define IG_DECLARE_VERB(name) std::unique_ptr<Verb> make_##name##_verb();
IG_VERBS(IG_DECLARE_VERB)

std::vector<std::unique_ptr<Verb>> make_verbs() {
  std::vector<std::unique_ptr<Verb>> verbs;
#define IG_MAKE_VERB(name) verbs.push_back(make_##name##_verb());
  IG_VERBS(IG_MAKE_VERB)
  return verbs;
}

}  // namespace isogloss::cli
