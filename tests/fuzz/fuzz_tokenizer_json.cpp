// SPDX-License-Identifier: Apache-2.0
// A tokenizer.json of any content: an error, or a tokenizer that takes any text.
#include "fuzz.hpp"

#include "tokens/load/tokenizer_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view json = fuzz::text_of(data, size);
  auto parts = tokens::read_tokenizer_json(json, "input");
  if (!parts) {
    fuzz::require(parts.error().message.find("input") != std::string::npos, "an error names the file");
    return 0;
  }
  const tokens::PipelineTokenizer tokenizer(std::move(*parts));
  Tokens out;
  for (const std::string_view text : {std::string_view("Hug the \u00e9\u4e2d 12.5!"), json.substr(0, 64)}) {
    if (!tokenizer.encode(text, {}, out)) continue;
    for (std::size_t i = 0; i < out.size(); ++i) {
      fuzz::require(out.ids[i] < tokenizer.vocabulary_size(), "an id is in the vocabulary");
      fuzz::require(out.offsets[i].begin <= out.offsets[i].end && out.offsets[i].end <= text.size(),
                    "offsets lie in the text");
    }
    (void)tokenizer.decode(out.ids, {});
  }
  return 0;
}
