// SPDX-License-Identifier: Apache-2.0
// Questions to a model about words: neighbours, analogies, attention.
#include "isogloss/words.hpp"

#include <algorithm>

#include "serve/array.hpp"
#include "serve/wire/collection_search.hpp"

namespace isogloss::serve {
namespace {

Result<const Vocabulary*> vocabulary_of(const LoadedModel& model) {
  const auto* words = model.model->ability<Vocabulary>();
  if (words == nullptr || words->word_dimension() == 0)
    return fail(Code::unsupported, "The model '" + model.name + "' has no vectors of words.");
  return words;
}

Result<Response> nearest(Call& call, const LoadedModel& model, const WordSum& sum) {
  const Vocabulary* words = IG_TRY(vocabulary_of(model));
  NearestOptions options;
  options.n = static_cast<std::size_t>(std::clamp<std::int64_t>(call["n"].as_integer(10), 1, 10'000));
  if (call["rule"].as_string() == "mul") options.rule = AnalogyRule::multiply;
  Context context = context_of(call);
  const auto found = IG_TRY(nearest_words(*words, std::span(&sum, 1), options, context));
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("words").begin_array();
  for (const WordScore& word : found[0].words)
    json.begin_object().field("word", word.word).field("score", word.score).end_object();
  json.end_array().key("excluded").begin_array();
  for (const std::string& word : found[0].excluded) json.value(word);
  json.end_array().key("unseen").begin_array();
  for (const std::string& word : found[0].unseen) json.value(word);
  json.end_array().end_object();
  return json_response(std::move(body));
}

Result<Response> near(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const Vocabulary* words = IG_TRY(vocabulary_of(*model));
  const std::string text(call["words"].as_string());
  if (words->find_word(text)) return nearest(call, *model, WordSum{{text}, {}});
  return nearest(call, *model, IG_TRY(parse_word_sum(text)));
}

// a is to b as c is to what: b - a + c.
Result<Response> analogy(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const auto word = [&](std::string_view name) { return std::string(call[name].as_string()); };
  return nearest(call, *model, WordSum{{word("b"), word("c")}, {word("a")}});
}

// (heads, tokens, tokens)
Response as_array(const Attention& weights, std::int64_t head) {
  const std::size_t n = weights.tokens.size();
  const std::span<const float> all(weights.weights);
  const std::size_t shape[] = {head < 0 ? weights.heads : 1, n, n};
  Response response = npy_response(shape);
  append_numbers(response.body, head < 0 ? all : all.subspan(static_cast<std::size_t>(head) * n * n, n * n));
  return response;
}

Result<Response> attention(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const auto* reader = model->model->ability<TokenEmbedder>();
  if (reader == nullptr || reader->layers() == 0)
    return fail(Code::unsupported, "The model '" + model->name + "' has no attention.");
  const std::int64_t layer = call["layer"].as_integer(), head = call["head"].as_integer(-1);
  Context context = context_of(call);
  const Attention weights =
      IG_TRY(reader->attention(call["text"].as_string(), static_cast<std::size_t>(layer), context));
  if (head >= static_cast<std::int64_t>(weights.heads)) {
    return fail(Code::invalid_argument, "There is no head " + std::to_string(head) + "; this model has heads 0 to " +
                                            std::to_string(weights.heads - 1) + ".");
  }
  if (wants_npy(call)) return as_array(weights, head);
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("layer", layer).key("tokens").begin_array();
  for (const std::string& token : weights.tokens) json.value(token);
  json.end_array().key("heads").begin_array();
  const std::size_t n = weights.tokens.size();
  for (std::size_t h = 0; h < weights.heads; ++h) {
    if (head >= 0 && h != static_cast<std::size_t>(head)) continue;
    json.begin_array();
    for (std::size_t from = 0; from < n; ++from) json.values(std::span(weights.weights).subspan((h * n + from) * n, n));
    json.end_array();
  }
  json.end_array().end_object();
  return json_response(std::move(body));
}

}  // namespace

std::vector<Route> words_routes() {
  const Field model{"model", kText, "a model with vectors of words"};
  const Field n{"n", kInteger, "how many (10)"};
  const Field rule{"rule", kText, "add (3CosAdd) or mul (3CosMul)", false, "add|mul"};
  return {
      {"POST",
       {"/v1/near"},
       Owner::openai,
       "Words nearest to a word, or to a sum of words",
       {model, {"words", kText, "\"king\", or \"king - man + woman\"", true}, n, rule},
       near},
      {"POST",
       {"/v1/analogy"},
       Owner::openai,
       "a is to b as c is to ...; the three are no answers",
       {model, {"a", kText, "a word", true}, {"b", kText, "a word", true}, {"c", kText, "a word", true}, n, rule},
       analogy},
      answers_npy({"POST",
                   {"/v1/attention"},
                   Owner::openai,
                   "What attends to what",
                   {{"model", kText, "a transformer"},
                    {"text", kText, "the text", true},
                    {"layer", kInteger, "from 0"},
                    {"head", kInteger, "one of them; all when missing"}},
                   attention}),
  };
}

}  // namespace isogloss::serve
