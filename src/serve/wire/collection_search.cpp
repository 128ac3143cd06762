// SPDX-License-Identifier: Apache-2.0
#include "serve/wire/collection_search.hpp"

namespace isogloss::serve {

std::vector<Field> search_fields() {
  return {{"query", kText, "what is looked for", true},
          {"n", kInteger, "how many hits (10)"},
          {"mode", kText, "hybrid, dense or lexical", false, "hybrid|dense|lexical"},
          {"where", kText, "filter: year>=2024 and lang=\"en\""},
          {"mmr", kNumber, "weight of relevance against novelty, 0..1; 0 = off"},
          {"group_by_document", kBool, "at most one hit a document"},
          {"rerank", kText, "a served model that orders the hits"},
          {"exact", kBool, "look at every vector"}};
}

Result<SearchOptions> search_options(const Call& call) {
  SearchOptions options;
  if (!call["mode"].is_null()) options.mode = IG_TRY(parse_search_mode(call["mode"].as_string()));
  options.where = call["where"].as_string();
  options.mmr = call["mmr"].as_number();
  if (options.mmr < 0 || options.mmr > 1) return fail(Code::invalid_argument, "'mmr' must be in 0..1.");
  options.group_by_document = call["group_by_document"].as_bool();
  options.exact = call["exact"].as_bool();
  if (!call["rerank"].is_null()) {
    const Lease reranker = IG_TRY(call.services.engine.models().get(call["rerank"].as_string()));
    if (reranker->model->ability<PairScorer>() == nullptr) {
      return fail(Code::unsupported, "The model '" + reranker->name + "' is no cross-encoder and cannot rerank hits.");
    }
    options.reranker = reranker->model;
  }
  return options;
}

Context context_of(const Call& call) {
  Context context;
  context.pool = call.services.pool;
  context.cancel = call.request.cancel;
  return context;
}

}  // namespace isogloss::serve
