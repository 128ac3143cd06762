// SPDX-License-Identifier: Apache-2.0
// POST /v1/embeddings: the format of OpenAI, which Azure, Jina and Voyage share with fields of their own.
#include <optional>

#include "core/text.hpp"
#include "serve/array.hpp"
#include "serve/wire/embedding.hpp"

namespace isogloss::serve {
namespace {

// Jina says embedding_type, Voyage output_dtype, both with the same words.
Result<VectorForm> form_of(const Call& call) {
  const Json& type = call["output_dtype"].is_null() ? call["embedding_type"] : call["output_dtype"];
  const std::string_view name = type.as_string("float");
  if (name == "float") return VectorForm::f32;
  if (name == "base64") return VectorForm::base64;
  if (name == "int8") return VectorForm::i8;
  if (name == "uint8") return VectorForm::u8;
  if (name == "ubinary") return VectorForm::bits;
  if (name == "binary") return VectorForm::signed_bits;
  return fail(Code::invalid_argument,
              "Vectors are float, base64, int8, uint8, binary or ubinary, not '" + shortened(name, 80) + "'.");
}

// OpenAI and our own clients say nothing: refuse. Voyage says truncation; Jina, and ours, truncate.
Truncate truncation(const Call& call) {
  const std::string_view side = ascii_lower(call["truncate"].as_string()) == "start" ? "start" : "end";
  const bool named = call["truncate"].is_string() && ascii_lower(call["truncate"].as_string()) != "none";
  const bool wanted = named || call["truncate"].as_bool() || call["truncation"].as_bool();
  return truncate_of(call, wanted, side == "start" ? Truncate::start : Truncate::end);
}

Result<Response> as_array(const Embedding& made, VectorForm form) {
  if (form != VectorForm::f32) {
    return fail(Code::invalid_argument, "An array of application/x-npy holds float vectors; leave out the other type.");
  }
  const std::size_t shape[] = {made.dense.rows(), made.dense.dim()};
  Response response = npy_response(shape);
  for (std::size_t i = 0; i < made.dense.rows(); ++i) append_numbers(response.body, made.dense.row_f32(i));
  tell_truncated(made, response, nullptr);
  return response;
}

Result<Response> embeddings(Call& call) {
  const std::string_view name =
      call.parameters.empty() ? call["model"].as_string() : std::string_view(call.parameters[0]);
  const Lease model = IG_TRY(call.services.engine.models().get(name));
  const VectorForm form = IG_TRY(form_of(call));
  InputRules rules;
  rules.empty = EmptyText::refuse;
  rules.role = role_of(call["input_type"].is_null() ? call["task"].as_string() : call["input_type"].as_string());
  IG_TRY(use_prompt(model->model->card(), call["prompt_name"], rules));
  const Inputs inputs = IG_TRY(read_inputs(call, call["input"], rules));
  EmbedOptions options;
  options.dim =
      IG_TRY(dimension_of(call, *model, call["dimensions"].is_null() ? call["output_dimension"] : call["dimensions"]));
  options.truncate = truncation(call);
  const Embedding made = IG_TRY(embed_dense(call, *model, inputs, options));

  if (wants_npy(call)) return as_array(made, form);
  const bool packed = call["encoding_format"].as_string() == "base64";
  Response response;
  response.body.reserve(made.dense.rows() * (made.dense.dim() * (packed ? 6 : 12) + 64) + 128);
  JsonWriter json(response.body);
  json.begin_object().field("object", "list").key("data").begin_array();
  for (std::size_t i = 0; i < made.dense.rows(); ++i) {
    json.begin_object()
        .field("object", "embedding")
        .field("index", static_cast<std::uint64_t>(i))
        .key("embedding")
        .raw("");
    append_vector(response.body, made.dense.row_f32(i), form, packed);
    json.end_object();
  }
  json.end_array().field("model", name.empty() ? std::string_view(model->name) : name);
  const std::uint64_t tokens = tokens_of(made);
  json.key("usage").begin_object().field("prompt_tokens", tokens).field("total_tokens", tokens).end_object();
  tell_truncated(made, response, &json);
  json.end_object();
  return response;
}

}  // namespace

std::vector<Route> openai_embeddings_routes() {
  return {answers_npy(
      {"POST",
       {"/v1/embeddings", "/embeddings", "/openai/v1/embeddings", "/openai/deployments/{model}/embeddings"},
       Owner::openai,
       "Vectors of texts (OpenAI, Azure, Jina, Voyage)",
       {{"input", kText | kArray, "a text, a list of texts, or token ids", true},
        {"model", kText, "a name of /v1/models; the first one when it is missing"},
        {"encoding_format", kText, "float, or base64 of little-endian numbers", false, "float|base64"},
        {"dimensions", kInteger, "keep the first columns and scale to length 1"},
        {"output_dimension", kInteger, "the same, as Voyage calls it"},
        {"output_dtype", kText, "float, int8, uint8, binary or ubinary (Voyage)"},
        {"embedding_type", kText, "float, base64, binary or ubinary (Jina)"},
        {"input_type", kText, "query or document, for models with a prompt for each"},
        {"task", kText, "the same, as Jina calls it: retrieval.query, retrieval.passage"},
        {"prompt_name", kText, "a prompt of the model by its name"},
        {"truncate", kBool | kText, "cut texts above the window instead of refusing them: true, start or end"},
        {"truncation", kBool, "the same, as Voyage calls it"},
        {"user", kText, "not used"}},
       embeddings})};
}

}  // namespace isogloss::serve
