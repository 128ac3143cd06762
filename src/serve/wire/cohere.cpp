// SPDX-License-Identifier: Apache-2.0
// Embedding and reranking as Cohere's clients ask for them. Jina, Voyage, vLLM and infinity rerank in the same words.
#include <algorithm>
#include <numeric>

#include "core/text.hpp"
#include "serve/wire/embedding.hpp"

namespace isogloss::serve {
namespace {

struct NamedForm {
  std::string_view name;
  VectorForm form;
};
constexpr NamedForm kForms[] = {{"float", VectorForm::f32},    {"base64", VectorForm::base64},
                                {"int8", VectorForm::i8},      {"uint8", VectorForm::u8},
                                {"ubinary", VectorForm::bits}, {"binary", VectorForm::signed_bits}};

Result<std::vector<NamedForm>> forms_of(const Json& types) {
  std::vector<NamedForm> out;
  for (const Json& type : types.as_array()) {
    const auto* const known = std::ranges::find(kForms, type.as_string(), &NamedForm::name);
    if (known == std::end(kForms)) {
      return fail(Code::invalid_argument,
                  "'embedding_types' takes float, int8, uint8, binary, ubinary and base64, not '" +
                      shortened(type.as_text(), 80) + "'.");
    }
    out.push_back(*known);
  }
  if (out.empty()) out.push_back(kForms[0]);
  return out;
}

// {"texts": [...]} or {"inputs": [{"content": [{"type": "text", "text": ...}]}]}.
Result<Inputs> inputs_of(const Call& call, std::vector<std::string_view>& texts) {
  const Role role = role_of(call["input_type"].as_string());
  if (!call["images"].is_null())
    return fail(Code::unsupported, "The request has images, and the model takes text only.");
  if (!call["texts"].is_null()) {
    Inputs inputs = IG_TRY(read_inputs(call, call["texts"], {"texts", EmptyText::allow, role}));
    for (const Input& input : inputs.list) texts.push_back(input.part.text);
    return inputs;
  }
  Inputs inputs;
  for (const Json& item : call["inputs"].as_array()) {
    const std::span<const Json> content = item["content"].as_array();
    if (content.size() != 1 || !content[0]["text"].is_string()) {
      return fail(Code::unsupported,
                  "An item of 'inputs' must have one content of type text; the model takes text only.",
                  static_cast<std::ptrdiff_t>(texts.size()));
    }
    texts.push_back(content[0]["text"].as_string());
    inputs.list.push_back(Input::text(texts.back(), role));
  }
  if (inputs.list.empty()) return fail(Code::invalid_argument, "The request has neither 'texts' nor 'inputs'.");
  return inputs;
}

Result<EmbedOptions> options_of(const Call& call, const LoadedModel& model) {
  EmbedOptions options;
  options.dim = IG_TRY(dimension_of(call, model, call["output_dimension"]));
  const std::string side = ascii_lower(call["truncate"].as_string("END"));
  options.truncate = truncate_of(call, side != "none", side == "start" ? Truncate::start : Truncate::end);
  return options;
}

void write_meta(JsonWriter& json, std::string_view version, std::uint64_t tokens) {
  json.key("meta").begin_object().key("api_version").begin_object().field("version", version).end_object();
  json.key("billed_units").begin_object().field("input_tokens", tokens).end_object().end_object();
}

// By type: {"float": [[...]], "int8": [[...]]}; v1 without types: [[...]].
void write_embeddings(std::string& body, JsonWriter& json, const Embedding& made, const std::vector<NamedForm>& forms,
                      bool bare) {
  json.key("embeddings");
  if (!bare) json.begin_object();
  for (const NamedForm& form : forms) {
    if (!bare) json.key(form.name);
    json.begin_array();
    for (std::size_t i = 0; i < made.dense.rows(); ++i) {
      json.raw("");
      append_vector(body, made.dense.row_f32(i), form.form, false);
    }
    json.end_array();
  }
  if (!bare) json.end_object();
}

Result<Response> embed(Call& call, std::string_view version) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const std::vector<NamedForm> forms = IG_TRY(forms_of(call["embedding_types"]));
  std::vector<std::string_view> texts;
  const Inputs inputs = IG_TRY(inputs_of(call, texts));
  const EmbedOptions options = IG_TRY(options_of(call, *model));
  const Embedding made = IG_TRY(embed_dense(call, *model, inputs, options));
  Response response;
  JsonWriter json(response.body);
  const bool bare = version == "1" && call["embedding_types"].is_null();
  json.begin_object().field("id", call.request.id);
  write_embeddings(response.body, json, made, forms, bare);
  json.key("texts").begin_array();
  for (const std::string_view text : texts) json.value(text);
  json.end_array().field("response_type", bare ? "embeddings_floats" : "embeddings_by_type");
  write_meta(json, version, tokens_of(made));
  tell_truncated(made, response, &json);
  json.end_object();
  return response;
}

Result<Response> embed_v1(Call& call) { return embed(call, "1"); }
Result<Response> embed_v2(Call& call) { return embed(call, "2"); }

// Texts, or objects with a text.
Result<std::vector<std::string_view>> documents_of(const Call& call) {
  std::vector<std::string_view> out;
  for (const Json& document : call["documents"].as_array()) {
    const Json& text = document.is_object() ? document["text"] : document;
    if (!text.is_string())
      return fail(Code::invalid_argument, "An item of 'documents' is no text.",
                  static_cast<std::ptrdiff_t>(out.size()));
    out.push_back(text.as_string());
  }
  if (out.empty()) return fail(Code::invalid_argument, "'documents' is an empty list. Send at least one.");
  if (out.size() > call.services.options.max_inputs) {
    return fail(Code::invalid_argument, "'documents' has " + std::to_string(out.size()) + " items; this server takes " +
                                            std::to_string(call.services.options.max_inputs) + ".");
  }
  return out;
}

Result<std::size_t> wanted(const Call& call, std::size_t documents) {
  const Json& top = call["top_n"].is_null() ? call["top_k"] : call["top_n"];
  if (top.is_null()) return documents;
  if (top.as_integer() < 1) return fail(Code::invalid_argument, "'top_n' must be at least 1.");
  return std::min(documents, static_cast<std::size_t>(top.as_integer()));
}

// "results", or "data" for Voyage, which alone says top_k or truncation.
Result<Response> rerank(Call& call) {
  const Lease model = IG_TRY(call.services.engine.models().get(call["model"].as_string()));
  const std::vector<std::string_view> documents = IG_TRY(documents_of(call));
  const std::size_t n = IG_TRY(wanted(call, documents.size()));
  const auto ranking = IG_TRY(call.services.engine.rank(*model, call["query"].as_string(), documents, call.caller()));
  std::vector<std::size_t> order(documents.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return ranking.scores[i]; });
  const bool voyage = !call["top_k"].is_null() || !call["truncation"].is_null();
  Response response;
  JsonWriter json(response.body);
  json.begin_object().field("id", call.request.id).field("model", model->name);
  if (voyage) json.field("object", "list");
  json.key(voyage ? "data" : "results").begin_array();
  for (const std::size_t i : std::span(order).first(n)) {
    json.begin_object().field("index", static_cast<std::uint64_t>(i)).field("relevance_score", ranking.scores[i]);
    if (call["return_documents"].as_bool()) {
      json.key("document");
      voyage ? json.value(documents[i]) : json.begin_object().field("text", documents[i]).end_object();
    }
    json.end_object();
  }
  json.end_array();
  json.key("usage").begin_object().field("total_tokens", static_cast<std::uint64_t>(ranking.tokens)).end_object();
  write_meta(json, call.request.path.starts_with("/v2") ? "2" : "1", ranking.tokens);
  json.end_object();
  return response;
}

}  // namespace

std::vector<Route> cohere_routes() {
  const std::vector<Field> embedding{{"model", kText, "a name of /v1/models"},
                                     {"texts", kArray, "texts"},
                                     {"inputs", kArray, "texts as content blocks"},
                                     {"images", kArray, "refused: this server embeds text"},
                                     {"input_type", kText, "search_document, search_query, classification, clustering"},
                                     {"embedding_types", kArray, "float, int8, uint8, binary, ubinary, base64"},
                                     {"output_dimension", kInteger, "keep the first columns and scale to length 1"},
                                     {"truncate", kText, "NONE, START or END (END)"}};
  const std::vector<Field> ranking{{"query", kText, "what is looked for", true},
                                   {"documents", kArray, "texts, or objects with a text", true},
                                   {"model", kText, "a cross-encoder; other models score by cosine"},
                                   {"top_n", kInteger, "how many to give back"},
                                   {"top_k", kInteger, "the same, as Voyage calls it"},
                                   {"truncation", kBool, "not used: texts above the window are cut (Voyage)"},
                                   {"return_documents", kBool, "repeat the texts"}};
  std::vector<Field> texts_first = embedding;
  texts_first[1].required = true;
  return {
      {"POST", {"/v2/embed"}, Owner::cohere, "Vectors of texts (Cohere v2)", embedding, embed_v2},
      {"POST", {"/v1/embed"}, Owner::cohere, "Vectors of texts (Cohere v1)", embedding, embed_v1},
      {"POST", {"/embed"}, Owner::cohere, "Vectors of texts (Cohere v1)", texts_first, embed_v1, "texts"},
      {"POST",
       {"/v2/rerank", "/v1/rerank", "/rerank"},
       Owner::cohere,
       "Scores of documents for a query (Cohere, Jina, Voyage)",
       ranking,
       rerank,
       "documents"},
  };
}

}  // namespace isogloss::serve
