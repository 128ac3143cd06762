// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/json.hpp"
#include "isogloss/evaluate.hpp"

namespace isogloss {

// A figure for machines, as the command line and the server write it and read_figures() reads it:
// {"model","task","metric","value","interval":[low,high],"n","of","convention","record":{}}.
inline void write_figure(JsonWriter& json, const EvalFigure& figure) {
  json.begin_object().field("model", figure.model).field("task", figure.task).field("metric", figure.metric);
  json.field("value", figure.value).key("interval").begin_array().value(figure.low).value(figure.high).end_array();
  json.field("n", static_cast<std::uint64_t>(figure.n)).field("of", static_cast<std::uint64_t>(figure.of));
  json.field("convention", figure.convention).key("record").begin_object();
  for (const auto& [name, value] : figure.record) json.field(name, value);
  json.end_object().end_object();
}

}  // namespace isogloss
