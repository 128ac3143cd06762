// SPDX-License-Identifier: Apache-2.0
// How hits are written for machines, by the command line and the server alike.
#pragma once

#include "core/json.hpp"
#include "isogloss/collection.hpp"

namespace isogloss {

// {"id","score","score_kind","text","source":{...},"meta":{}} of a hit.
void write_hit(JsonWriter& json, const Hit& hit);
// "source":{"path","page","start","end","heading","line"} of a part of the chunk, and where there are some:
// "time":[from, to] in seconds, "boxes":[{"page","left","top","right","bottom"}], a box a line, in points from the
// upper left corner. Chunk::wider shown: also "found":[start, end], the part of it that was found, and boxes and times
// are of that.
void write_source(JsonWriter& json, const StoredChunk& chunk, Span at);
// "time" and "boxes" of that alone.
void write_places(JsonWriter& json, std::span<const Box> words, std::span<const Moment> moments, Span at);

}  // namespace isogloss
