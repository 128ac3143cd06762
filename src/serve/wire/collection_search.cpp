// SPDX-License-Identifier: Apache-2.0
#include "serve/wire/collection_search.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"

namespace isogloss::serve {
namespace {

Result<std::string> literal(const Json& value) {
  if (value.is_bool()) return std::string(value.as_bool() ? "true" : "false");
  if (value.is_number()) return value.as_text();
  if (!value.is_string())
    return fail(Code::invalid_argument, "A filter's value is a text, a number, true, false, or a list of them.");
  std::string out = "\"";
  for (const char c : value.as_string()) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

Result<std::string> joined(const Json& filters, std::string_view word) {
  std::string out;
  for (const Json& one : filters.as_array()) {
    const std::string part = IG_TRY(filter_of(one));
    out += (out.empty() ? "(" : " " + std::string(word) + " ") + part;
  }
  if (out.empty())
    return fail(Code::invalid_argument, "A filter of type and, or has a list 'filters' with something in it.");
  return out + ")";
}

Result<std::string> literals(const Json& values) {
  std::string out;
  for (const Json& value : values.as_array()) {
    const std::string one = IG_TRY(literal(value));
    out += (out.empty() ? "" : ", ") + one;
  }
  if (out.empty()) return fail(Code::invalid_argument, "A filter of type in, nin has a list as its value.");
  return "(" + out + ")";
}

bool is_field(std::string_view key) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !key.empty() && letter(key[0]) &&
         std::ranges::all_of(key, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Result<std::vector<float>> vector_of(const Json& numbers) {
  std::vector<float> out;
  for (const Json& number : numbers.as_array()) {
    if (!number.is_number()) return fail(Code::invalid_argument, "An item of 'vector' is no number.");
    out.push_back(static_cast<float>(number.as_number()));
  }
  return out;
}

}  // namespace

Result<std::string> filter_of(const Json& filter) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kSigns{
      {{"eq", "="}, {"ne", "!="}, {"gt", ">"}, {"gte", ">="}, {"lt", "<"}, {"lte", "<="}}};
  const std::string_view type = filter["type"].as_string();
  if (type == "and" || type == "or") return joined(filter["filters"], type);
  const std::string key(filter["key"].as_string());
  if (!is_field(key))
    return fail(Code::invalid_argument, "A filter's key is the name of a field, not '" + shortened(key, 80) + "'.");
  if (type == "in" || type == "nin") {
    const std::string values = IG_TRY(literals(filter["value"]));
    return (type == "in" ? "" : "not ") + key + " in " + values;
  }
  for (const auto& [name, sign] : kSigns) {
    if (type != name) continue;
    const std::string value = IG_TRY(literal(filter["value"]));
    return key + " " + std::string(sign) + " " + value;
  }
  return fail(Code::invalid_argument,
              "A filter's type is eq, ne, gt, gte, lt, lte, in, nin, and, or; not '" + shortened(type, 80) + "'.");
}

Result<std::string> reference_of(const Call& call, const Json& model) {
  if (model.as_string() == "none") return std::string("none");
  const std::string name = IG_TRY(call.services.engine.models().resolve(model.as_string()));
  for (const ModelState& state : call.services.engine.models().list()) {
    if (state.name == name) return state.reference;
  }
  return fail(Code::internal, "a resolved model is not listed.");
}

Status give_vectors(Collection& collection, Context& context) {
  for (const SpaceInfo& space : IG_TRY(collection.store().spaces())) {
    if (space.role == SpaceRole::search) return {};
  }
  return collection.reindex({}, context);
}

std::vector<Field> search_fields() {
  return {{"query", kText, "what is looked for"},
          {"vector", kArray, "its vector of the collection's model, beside the text or instead of it"},
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
  options.vector = IG_TRY(vector_of(call["vector"]));
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
