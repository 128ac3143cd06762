// SPDX-License-Identifier: Apache-2.0
// GET /v1/models.
#include "serve/route.hpp"

namespace isogloss::serve {
namespace {

void write_model(JsonWriter& json, const ModelState& state) {
  json.begin_object().field("id", state.name).field("object", "model").field("created", state.created);
  json.field("owned_by", "isogloss");
  if (state.loaded != nullptr) {
    const Card& card = state.loaded->model->card();
    json.key("embedding").begin_object().field("dimension", static_cast<std::uint64_t>(card.dimension));
    json.field("window", static_cast<std::uint64_t>(card.window))
        .field("modality", "text")
        .field("family", card.family);
    json.field("sparse", card.sparse).field("space_id", card.space_id).end_object();
  }
  json.end_object();
}

Result<Response> list(Call& call) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("object", "list").key("data").begin_array();
  for (const ModelState& state : call.services.engine.models().list()) write_model(json, state);
  json.end_array().end_object();
  return json_response(std::move(body));
}

Result<Response> show(Call& call) {
  const std::string name = IG_TRY(call.services.engine.models().resolve(call.parameters.at(0)));
  std::string body;
  JsonWriter json(body);
  for (const ModelState& state : call.services.engine.models().list()) {
    if (state.name == name) write_model(json, state);
  }
  return json_response(std::move(body));
}

}  // namespace

std::vector<Route> openai_models_routes() {
  return {{"GET",
           {"/v1/models", "/models", "/openai/v1/models", "/openai/models"},
           Owner::openai,
           "The models, in the order of -m",
           {},
           list,
           {},
           true},
          {"GET", {"/v1/models/{id...}", "/models/{id...}"}, Owner::openai, "One model", {}, show, {}, true}};
}

}  // namespace isogloss::serve
