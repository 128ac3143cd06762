// SPDX-License-Identifier: Apache-2.0
// The embedding routes of Ollama. Its clients send explicit nulls, a ":latest" behind names, and cut long texts unless
// they say "truncate": false; what was cut is told in "truncated" and in a header.
#include <charconv>
#include <chrono>

#include "core/text.hpp"
#include "isogloss/machine.hpp"
#include "serve/wire/embedding.hpp"

namespace isogloss::serve {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t nanoseconds_since(Clock::time_point begun) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now() - begun).count();
}

// "5m", "1h30m", "300ms", or seconds as a number; below 0 = for good.
Result<std::chrono::milliseconds> keep_alive_of(const Json& value) {
  if (value.is_number())
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::clamp(value.as_number(), -1.0, 1e9) * 1000));
  std::string_view text = value.as_string();
  double total = 0;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const std::string_view unit = text.substr(0, text.starts_with("ms") ? 2 : 1);
    const double scale = unit == "ms"                  ? 0.001
                         : unit == "s" || unit.empty() ? 1
                         : unit == "m"                 ? 60
                         : unit == "h"                 ? 3600
                                                       : 0;
    if (error != std::errc() || scale == 0 || number > 1e9) {
      return fail(Code::invalid_argument, "'keep_alive' is a duration such as \"5m\", or seconds; not '" +
                                              shortened(value.as_string(), 80) + "'.");
    }
    text.remove_prefix(unit.size());
    total += number * scale;
  }
  return std::chrono::milliseconds(negative ? -1 : static_cast<std::int64_t>(std::min(total, 1e9) * 1000));
}

struct Made {
  Lease model;
  Embedding embedding;
  bool loaded_now = false;
};

Result<Made> make(Call& call, std::string_view field, bool cut) {
  Made out;
  const std::string_view name = call["model"].as_string();
  Models& models = call.services.engine.models();
  const Clock::time_point begun = Clock::now();
  out.model = IG_TRY(models.get(name));
  out.loaded_now = Clock::now() - begun > std::chrono::duration<double>(out.model->load_seconds * 0.9);
  if (!call["keep_alive"].is_null()) models.keep(name, IG_TRY(keep_alive_of(call["keep_alive"])));
  const Inputs inputs = IG_TRY(read_inputs(call, call[field], {field}));
  EmbedOptions options;
  options.dim = IG_TRY(dimension_of(call, *out.model, call["dimensions"]));
  options.truncate = truncate_of(call, cut);
  out.embedding = IG_TRY(embed_dense(call, *out.model, inputs, options));
  return out;
}

Result<Response> embed(Call& call) {
  const Clock::time_point begun = Clock::now();
  const Made made = IG_TRY(make(call, "input", call["truncate"].as_bool(true)));
  Response response;
  response.body.reserve(made.embedding.dense.rows() * made.embedding.dense.dim() * 12 + 256);
  JsonWriter json(response.body);
  json.begin_object().field("model", call["model"].as_string()).key("embeddings").begin_array();
  for (std::size_t i = 0; i < made.embedding.dense.rows(); ++i) json.values(made.embedding.dense.row_f32(i));
  json.end_array().field("total_duration", nanoseconds_since(begun));
  json.field("load_duration", static_cast<std::int64_t>(made.loaded_now ? made.model->load_seconds * 1e9 : 0));
  json.field("prompt_eval_count", static_cast<std::uint64_t>(tokens_of(made.embedding)));
  tell_truncated(made.embedding, response, &json);
  json.end_object();
  return response;
}

Result<Response> embeddings(Call& call) {
  const Made made = IG_TRY(make(call, "prompt", true));
  Response response;
  JsonWriter json(response.body);
  json.begin_object().key("embedding").values(made.embedding.dense.row_f32(0));
  tell_truncated(made.embedding, response, &json);
  json.end_object();
  return response;
}

void write_details(JsonWriter& json, const ModelState& state) {
  json.key("details").begin_object().field("parent_model", "").field("format", "isogloss");
  const std::string family = state.loaded != nullptr ? state.loaded->model->card().family : "";
  json.field("family", family).key("families").begin_array().value(family).end_array();
  json.field("parameter_size", "").field("quantization_level", "").end_object();
}

Result<Response> list(Call& call, bool loaded_only) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().key("models").begin_array();
  for (const ModelState& state : call.services.engine.models().list()) {
    if (loaded_only && state.loaded == nullptr) continue;
    const std::uint64_t bytes = state.loaded != nullptr ? state.loaded->model->card().bytes : 0;
    json.begin_object().field("name", state.name).field("model", state.name).field("size", bytes);
    json.field("digest", state.loaded != nullptr ? state.loaded->model->card().space_id : "");
    if (loaded_only) {
      json.field("size_vram", 0);
      json.field("expires_at", state.expires ? utc_text(std::chrono::system_clock::to_time_t(*state.expires)) : "9999-12-31T23:59:59Z");
    } else {
      json.field("modified_at", utc_text(state.created));
    }
    write_details(json, state);
    json.end_object();
  }
  json.end_array().end_object();
  return json_response(std::move(body));
}

Result<Response> tags(Call& call) { return list(call, false); }
Result<Response> running(Call& call) { return list(call, true); }

Result<Response> show(Call& call) {
  const std::string_view name = call["model"].is_null() ? call["name"].as_string() : call["model"].as_string();
  const Lease model = IG_TRY(call.services.engine.models().get(name));
  const Card& card = model->model->card();
  std::string body;
  JsonWriter json(body);
  json.begin_object()
      .field("license", card.licence)
      .field("modelfile", "")
      .field("parameters", "")
      .field("template", "");
  write_details(json, {model->name, "", model, 0, std::nullopt});
  json.key("model_info").begin_object().field("general.architecture", card.family);
  json.field(card.family + ".embedding_length", static_cast<std::uint64_t>(card.dimension));
  json.field(card.family + ".context_length", static_cast<std::uint64_t>(card.window)).end_object();
  json.key("capabilities").begin_array().value("embedding").end_array().end_object();
  return json_response(std::move(body));
}

Result<Response> version(Call&) {
  std::string body;
  JsonWriter(body).begin_object().field("version", machine_info().version).end_object();
  return json_response(std::move(body));
}

Result<Response> root(Call&) {
  Response response = json_response("isogloss is running");
  response.content_type = "text/plain; charset=utf-8";
  return response;
}

}  // namespace

std::vector<Route> ollama_routes() {
  const Field model{"model", kText, "a name of /api/tags", true};
  const Field keep_alive{"keep_alive", kText | kNumber, "how long the model stays loaded: \"5m\", seconds, 0, -1"};
  const Field options{"options", kObject, "not used"};
  return {
      {"POST",
       {"/api/embed"},
       Owner::ollama,
       "Vectors of texts (Ollama)",
       {model,
        {"input", kText | kArray, "a text or a list of texts", true},
        {"truncate", kBool, "cut texts above the window (true)"},
        {"dimensions", kInteger, "keep the first columns and scale to length 1"},
        keep_alive,
        options},
       embed},
      {"POST",
       {"/api/embeddings"},
       Owner::ollama,
       "The vector of one text (Ollama, before /api/embed)",
       {model, {"prompt", kText, "the text", true}, keep_alive, options},
       embeddings},
      {"GET", {"/api/tags"}, Owner::ollama, "The models", {}, tags, {}, true},
      {"GET", {"/api/ps"}, Owner::ollama, "The models that are loaded", {}, running, {}, true},
      {"POST",
       {"/api/show"},
       Owner::ollama,
       "One model",
       {{"model", kText, "its name"}, {"name", kText, "the same, as it was called before"}},
       show},
      {"GET", {"/api/version"}, Owner::ollama, "The version", {}, version, {}, true},
      {"GET", {"/"}, Owner::ollama, "Whether somebody is there", {}, root, {}, true, true},
  };
}

}  // namespace isogloss::serve
