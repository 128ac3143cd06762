// SPDX-License-Identifier: Apache-2.0
// The only list of routes. Adding some = their file in wire/ and one line here.
#include "serve/route.hpp"

#define IG_ROUTES(X)   \
  X(openai_embeddings) \
  X(openai_models)     \
  X(tei)               \
  X(cohere)            \
  X(ollama)            \
  X(collections)       \
  X(chat)              \
  X(words)             \
  X(bias)              \
  X(openai_files)      \
  X(vector_stores)     \
  X(jobs)              \
  X(service)

namespace isogloss::serve {

#define IG_DECLARE_ROUTES(name) std::vector<Route> name##_routes();
IG_ROUTES(IG_DECLARE_ROUTES)

std::vector<Route> all_routes() {
  std::vector<Route> routes;
#define IG_ADD_ROUTES(name) \
  for (Route & route : name##_routes()) routes.push_back(std::move(route));
  IG_ROUTES(IG_ADD_ROUTES)
  return routes;
}

}  // namespace isogloss::serve
