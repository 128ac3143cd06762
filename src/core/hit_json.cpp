// SPDX-License-Identifier: Apache-2.0
#include "core/hit_json.hpp"

namespace isogloss {

void write_source(JsonWriter& json, const StoredChunk& chunk, Span at) {
  json.key("source").begin_object().field("path", chunk.path.empty() ? chunk.document : chunk.path);
  json.key("page");
  chunk.page != 0 ? json.value(chunk.page) : json.null();
  json.field("start", static_cast<std::uint64_t>(at.begin)).field("end", static_cast<std::uint64_t>(at.end));
  json.field("heading", chunk.heading).end_object();
}

void write_hit(JsonWriter& json, const Hit& hit) {
  json.begin_object().field("id", hit.chunk.id).field("score", hit.score);
  json.field("score_kind", score_kind_name(hit.kind)).field("text", hit.chunk.text);
  write_source(json, hit.chunk, hit.chunk.at);
  json.key("meta").begin_object();
  for (const auto& [name, value] : hit.chunk.meta) json.key(name).value(value);
  json.end_object().end_object();
}

}  // namespace isogloss
