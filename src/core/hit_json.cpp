// SPDX-License-Identifier: Apache-2.0
#include "core/hit_json.hpp"

#include <algorithm>

#include "core/places.hpp"

namespace isogloss {

namespace {

// `found` = the part of `at` that boxes and times are of.
void write_source(JsonWriter& json, const StoredChunk& chunk, Span at, Span found) {
  json.key("source").begin_object().field("path", chunk.path.empty() ? chunk.document : chunk.path);
  json.key("page");
  chunk.page != 0 ? json.value(chunk.page) : json.null();
  json.field("start", static_cast<std::uint64_t>(at.begin)).field("end", static_cast<std::uint64_t>(at.end));
  json.field("heading", chunk.heading);
  const std::string_view before = std::string_view(chunk.text).substr(0, at.begin - std::min(chunk.at.begin, at.begin));
  json.field("line", chunk.line + static_cast<std::uint64_t>(std::ranges::count(before, '\n')));
  if (found != at) {
    json.key("found").begin_array().value(static_cast<std::uint64_t>(found.begin));
    json.value(static_cast<std::uint64_t>(found.end)).end_array();
  }
  write_places(json, chunk.boxes, chunk.moments, found);
  json.end_object();
}

}  // namespace

void write_places(JsonWriter& json, std::span<const Box> words, std::span<const Moment> moments, Span at) {
  if (const auto time = time_of(moments, at)) {
    json.key("time").begin_array().value(time->begin).value(time->end).end_array();
  }
  const std::vector<Box> boxes = line_boxes(words, at);
  if (boxes.empty()) return;
  json.key("boxes").begin_array();
  for (const Box& box : boxes) {
    json.begin_object().field("page", box.page).field("left", box.left).field("top", box.top);
    json.field("right", box.right).field("bottom", box.bottom).end_object();
  }
  json.end_array();
}

void write_source(JsonWriter& json, const StoredChunk& chunk, Span at) { write_source(json, chunk, at, at); }

void write_hit(JsonWriter& json, const Hit& hit) {
  json.begin_object().field("id", hit.chunk.id).field("score", hit.score);
  json.field("score_kind", score_kind_name(hit.kind)).field("text", hit.chunk.text);
  write_source(json, hit.chunk, hit.chunk.at, hit.found);
  json.key("meta").begin_object();
  for (const auto& [name, value] : hit.chunk.meta) json.key(name).value(value);
  json.end_object().end_object();
}

}  // namespace isogloss
