// SPDX-License-Identifier: Apache-2.0
// How hits are written for machines, by the command line and the server alike.
#pragma once

#include "core/json.hpp"
#include "isogloss/collection.hpp"

namespace isogloss {

// {"id","score","score_kind","text","source":{...},"meta":{}} of a hit.
void write_hit(JsonWriter& json, const Hit& hit);
// "source":{"path","page","start","end","heading"}.
void write_source(JsonWriter& json, const StoredChunk& chunk, Span at);

}  // namespace isogloss
