// SPDX-License-Identifier: Apache-2.0
// The routes of Text Embeddings Inference, and of a Hugging Face inference endpoint (a bare POST /). They name no
// model: the server's first answers.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/text.hpp"
#include "isogloss/machine.hpp"
#include "isogloss/tokens.hpp"
#include "serve/wire/embedding.hpp"

namespace isogloss::serve {
namespace {

Result<EmbedOptions> options_of(const Call& call, const LoadedModel& model) {
  EmbedOptions options;
  options.dim = IG_TRY(dimension_of(call, model, call["dimensions"]));
  const bool from_left = ascii_lower(call["truncation_direction"].as_string("Right")) == "left";
  options.truncate = truncate_of(call, call["truncate"].as_bool(), from_left ? Truncate::start : Truncate::end);
  return options;
}

Result<Inputs> inputs_of(const Call& call, const LoadedModel& model) {
  InputRules rules;
  rules.field = "inputs";
  rules.empty = EmptyText::refuse;
  IG_TRY(use_prompt(model.model->card(), call["prompt_name"], rules));
  return read_inputs(call, call["inputs"], rules);
}

// [[...], ...]; the numbers of a model that does not scale to length 1 are scaled unless "normalize" is false.
void write_rows(const Embedding& made, bool normalize, std::string& body) {
  body.reserve(made.dense.rows() * made.dense.dim() * 12 + 64);
  JsonWriter json(body);
  json.begin_array();
  std::vector<float> scaled;
  for (std::size_t i = 0; i < made.dense.rows(); ++i) {
    const std::span<const float> row = made.dense.row_f32(i);
    double squares = 0;
    for (const float x : row) squares += static_cast<double>(x) * x;
    if (!normalize || squares == 0 || std::abs(squares - 1) < 1e-5) {
      json.values(row);
      continue;
    }
    scaled.assign(row.begin(), row.end());
    for (float& x : scaled) x = static_cast<float>(x / std::sqrt(squares));
    json.values(scaled);
  }
  json.end_array();
}

Result<Response> embed(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const Inputs inputs = IG_TRY(inputs_of(call, *model));
  const EmbedOptions options = IG_TRY(options_of(call, *model));
  const Embedding made = IG_TRY(embed_dense(call, *model, inputs, options));
  Response response;
  write_rows(made, call["normalize"].as_bool(true), response.body);
  tell_truncated(made, response, nullptr);
  return response;
}

Result<Response> similarity_of(Call& call, const Json& source, const Json& sentences) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  if (!source.is_string() || !sentences.is_array()) {
    return fail(Code::invalid_argument, "'inputs' must have a text 'source_sentence' and a list 'sentences'.");
  }
  std::vector<std::string_view> documents;
  for (const Json& sentence : sentences.as_array()) documents.push_back(sentence.as_string());
  Inputs inputs = IG_TRY(read_inputs(call, sentences, {"sentences", EmptyText::refuse}));
  inputs.list.insert(inputs.list.begin(), Input::text(source.as_string()));
  const EmbedOptions options = IG_TRY(options_of(call, *model));
  const Embedding made = IG_TRY(embed_dense(call, *model, inputs, options));
  Response response;
  JsonWriter json(response.body);
  json.begin_array();
  const std::span<const float> a = made.dense.row_f32(0);
  const double aa = std::inner_product(a.begin(), a.end(), a.begin(), 0.0);
  for (std::size_t i = 1; i < made.dense.rows(); ++i) {
    const std::span<const float> b = made.dense.row_f32(i);
    const double bb = std::inner_product(b.begin(), b.end(), b.begin(), 0.0);
    const double ab = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
    json.value(static_cast<float>(aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : 0));
  }
  json.end_array();
  tell_truncated(made, response, nullptr);
  return response;
}

Result<Response> similarity(Call& call) {
  return similarity_of(call, call["inputs"]["source_sentence"], call["inputs"]["sentences"]);
}

// What a bare URL is asked: feature extraction, or sentence similarity with an object as inputs.
Result<Response> root(Call& call) { return call["inputs"].is_object() ? similarity(call) : embed(call); }

Result<Response> embed_all(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const Inputs inputs = IG_TRY(inputs_of(call, *model));
  EmbedOptions options = IG_TRY(options_of(call, *model));
  options.outputs = Outputs::tokens;
  const Embedding made = IG_TRY(call.services.engine.embed(*model, inputs.list, options, call.caller()));
  Response response;
  JsonWriter json(response.body);
  json.begin_array();
  for (std::size_t i = 0; i + 1 < made.per_token.row_offsets.size(); ++i) {
    json.begin_array();
    for (std::size_t row = made.per_token.row_offsets[i]; row < made.per_token.row_offsets[i + 1]; ++row) {
      json.values(made.per_token.row_f32(row));
    }
    json.end_array();
  }
  json.end_array();
  tell_truncated(made, response, nullptr);
  return response;
}

Result<Response> embed_sparse(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  if (!model->model->card().sparse) {
    return fail(Code::unsupported, "The model '" + model->name + "' gives dense vectors. Ask for them at /embed.");
  }
  const Inputs inputs = IG_TRY(inputs_of(call, *model));
  const EmbedOptions options = IG_TRY(options_of(call, *model));
  const Embedding made = IG_TRY(call.services.engine.embed(*model, inputs.list, options, call.caller()));
  Response response;
  JsonWriter json(response.body);
  json.begin_array();
  for (std::size_t i = 0; i < made.sparse.rows(); ++i) {
    const SparseRow row = made.sparse.row_sparse(i);
    json.begin_array();
    for (std::size_t k = 0; k < row.columns.size(); ++k) {
      json.begin_object()
          .field("index", static_cast<std::uint64_t>(row.columns[k]))
          .field("value", row.values[k])
          .end_object();
    }
    json.end_array();
  }
  json.end_array();
  tell_truncated(made, response, nullptr);
  return response;
}

Result<Response> rerank(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  std::vector<std::string_view> texts;
  for (const Json& text : call["texts"].as_array()) {
    if (!text.is_string())
      return fail(Code::invalid_argument, "An item of 'texts' is no text.", static_cast<std::ptrdiff_t>(texts.size()));
    texts.push_back(text.as_string());
  }
  if (texts.empty()) return fail(Code::invalid_argument, "'texts' is an empty list. Send at least one text.");
  const auto ranking = IG_TRY(call.services.engine.rank(*model, call["query"].as_string(), texts, call.caller()));
  std::vector<std::size_t> order(texts.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return ranking.scores[i]; });
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  for (const std::size_t i : order) {
    json.begin_object().field("index", static_cast<std::uint64_t>(i)).field("score", ranking.scores[i]);
    if (call["return_text"].as_bool()) json.field("text", texts[i]);
    json.end_object();
  }
  json.end_array();
  return json_response(std::move(body));
}

void write_labels(JsonWriter& json, const Classifier& classifier, const std::vector<LabelScore>& labels) {
  json.begin_array();
  for (const LabelScore& label : labels) {
    json.begin_object().field("score", label.probability).field("label", classifier.label(label.label)).end_object();
  }
  json.end_array();
}

Result<Response> predict(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const auto* classifier = model->model->ability<Classifier>();
  if (classifier == nullptr)
    return fail(Code::unsupported, "The model '" + model->name + "' tells no labels of texts.");
  const Inputs inputs = IG_TRY(inputs_of(call, *model));
  Context context;
  context.pool = call.services.pool;
  context.cancel = call.request.cancel;
  const auto labels = IG_TRY(classifier->classify(inputs.list, classifier->label_count(), context));
  std::string body;
  JsonWriter json(body);
  if (!inputs.single) json.begin_array();
  for (const auto& one : labels) write_labels(json, *classifier, one);
  if (!inputs.single) json.end_array();
  return json_response(std::move(body));
}

Result<const Tokenizer*> tokenizer_of(const LoadedModel& model) {
  const auto* embedder = model.model->ability<TokenEmbedder>();
  if (embedder == nullptr) return fail(Code::unsupported, "The model '" + model.name + "' has no subword tokenizer.");
  return &embedder->tokenizer();
}

Result<Response> tokenize(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const Tokenizer* tokenizer = IG_TRY(tokenizer_of(*model));
  const Inputs inputs = IG_TRY(inputs_of(call, *model));
  EncodeOptions options;
  if (!call["add_special_tokens"].as_bool(true)) options.special_tokens = SpecialTokens::leave_out;
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  Tokens tokens;
  for (const Input& input : inputs.list) {
    IG_TRY(tokenizer->encode(input.part.text, options, tokens));
    const std::vector<PieceSpan> at = code_point_offsets(tokens, input.part.text);
    json.begin_array();
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const bool special = tokens.special[i] != 0;
      const PieceSpan bytes = tokens.offsets[i];
      json.begin_object().field("id", tokens.ids[i]);
      json.field("text", special ? tokenizer->piece(tokens.ids[i])
                                 : input.part.text.substr(bytes.begin, bytes.end - bytes.begin));
      json.field("special", special);
      special ? json.key("start").null().key("stop").null() : json.field("start", at[i].begin).field("stop", at[i].end);
      json.end_object();
    }
    json.end_array();
  }
  json.end_array();
  return json_response(std::move(body));
}

Result<Response> decode(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const Tokenizer* tokenizer = IG_TRY(tokenizer_of(*model));
  const std::span<const Json> given = call["ids"].as_array();
  const bool single = given.empty() || !given[0].is_array();
  DecodeOptions options;
  if (call["skip_special_tokens"].as_bool(true)) options.special_tokens = SpecialTokens::leave_out;
  std::string body;
  JsonWriter json(body);
  json.begin_array();
  for (std::size_t i = 0; i < (single ? 1 : given.size()); ++i) {
    std::vector<std::uint32_t> ids;
    for (const Json& id : single ? given : given[i].as_array()) {
      if (!id.is_integer() || id.as_integer() < 0 || id.as_integer() > UINT32_MAX)
        return fail(Code::invalid_argument, "'ids' holds something that is no id.");
      ids.push_back(static_cast<std::uint32_t>(id.as_integer()));
    }
    json.value(IG_TRY(tokenizer->decode(ids, options)));
  }
  json.end_array();
  return json_response(std::move(body));
}

Result<Response> info(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get({}));
  const Card& card = model->model->card();
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("model_id", model->name).key("model_sha").null().field("model_dtype", "float32");
  json.key("model_type").begin_object();
  if (model->model->ability<PairScorer>() != nullptr)
    json.key("reranker").begin_object().end_object();
  else
    json.key("embedding")
        .begin_object()
        .field("pooling", card.facts.contains("pooling") ? card.facts.at("pooling") : "")
        .end_object();
  json.end_object();
  json.field("max_input_length", static_cast<std::uint64_t>(card.window == 0 ? 1'000'000 : card.window));
  json.field("max_client_batch_size", static_cast<std::uint64_t>(call.services.options.max_inputs));
  json.field("max_batch_tokens", static_cast<std::uint64_t>(call.services.options.queue_tokens));
  json.field("max_concurrent_requests", static_cast<std::uint64_t>(call.services.options.max_requests));
  json.field("tokenization_workers", static_cast<std::uint64_t>(call.services.pool->size()));
  json.field("auto_truncate", false)
      .field("version", machine_info().version)
      .field("dimension", static_cast<std::uint64_t>(card.dimension));
  json.end_object();
  return json_response(std::move(body));
}

}  // namespace

std::vector<Route> tei_routes() {
  const Field inputs{"inputs", kText | kArray, "a text or a list of texts", true};
  const std::vector<Field> embedding{inputs,
                                     {"normalize", kBool, "scale to length 1 (true)"},
                                     {"truncate", kBool, "cut texts above the window (false)"},
                                     {"truncation_direction", kText, "Left or Right"},
                                     {"prompt_name", kText, "a prompt of the model by its name"},
                                     {"dimensions", kInteger, "keep the first columns and scale to length 1"}};
  std::vector<Field> root_fields = embedding;
  root_fields[0] = {"inputs", kText | kArray | kObject, "a text, a list of texts, or {source_sentence, sentences}",
                    true};
  return {
      {"POST", {"/embed"}, Owner::tei, "Vectors of texts (TEI)", embedding, embed, "inputs"},
      {"POST", {"/"}, Owner::tei, "Vectors or similarities (Hugging Face endpoints)", root_fields, root},
      {"POST", {"/embed_all"}, Owner::tei, "A vector for every token", embedding, embed_all},
      {"POST", {"/embed_sparse"}, Owner::tei, "Sparse vectors: TF-IDF, BM25, SPLADE", embedding, embed_sparse},
      {"POST",
       {"/similarity"},
       Owner::tei,
       "Cosines of a sentence with others",
       {{"inputs", kObject, "{source_sentence, sentences}", true}},
       similarity},
      {"POST",
       {"/rerank"},
       Owner::tei,
       "Scores of texts for a query (TEI)",
       {{"query", kText, "what is looked for", true},
        {"texts", kArray, "texts to order", true},
        {"return_text", kBool, "repeat the texts"},
        {"raw_scores", kBool, "not used: scores are the model's own"}},
       rerank,
       "texts"},
      {"POST", {"/predict"}, Owner::tei, "Labels of texts, of a classifier", {inputs}, predict},
      {"POST",
       {"/tokenize"},
       Owner::tei,
       "Token ids of texts",
       {inputs, {"add_special_tokens", kBool, "true"}},
       tokenize},
      {"POST",
       {"/decode"},
       Owner::tei,
       "Texts of token ids",
       {{"ids", kArray, "token ids, or lists of them", true}, {"skip_special_tokens", kBool, "true"}},
       decode},
      {"GET", {"/info"}, Owner::tei, "The first model and the limits", {}, info},
  };
}

}  // namespace isogloss::serve
