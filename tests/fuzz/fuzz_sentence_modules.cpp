// SPDX-License-Identifier: Apache-2.0
// The files around an encoder, as members of one JSON object: {"modules.json": [...], "1_Pooling/config.json": {...}};
// a member that is a text is the file's content as it is. An error, or modules that can be run.
#include "fuzz.hpp"

#include "core/json.hpp"
#include "model/transformer/sentence_modules.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const auto input = Json::parse(fuzz::text_of(data, size), "input");
  if (!input) return 0;
  std::map<std::string, std::string> contents;
  for (const auto& [name, content] : input->as_object()) contents[name] = content.as_text();
  const FileSet files = FileSet::from_memory(std::move(contents));
  nn::EncoderConfig encoder;
  encoder.max_tokens = 512;
  encoder.hidden = 32;
  const auto modules = model::read_sentence_modules(files, (*input)["config.json"], encoder);
  if (!modules) {
    fuzz::require(!modules.error().message.empty(), "an error says something");
    return 0;
  }
  fuzz::require(!modules->pooling.empty(), "there is a pooling");
  fuzz::require(modules->max_tokens > 0 && modules->max_tokens <= 512, "a text has an end");
  fuzz::require(modules->default_prompt.empty() || modules->prompts.contains(modules->default_prompt),
                "the default prompt is there");
  for (const model::DenseModule& dense : modules->dense) {
    fuzz::require(dense.inputs > 0 && dense.inputs <= 1 << 20 && dense.outputs > 0 && dense.outputs <= 1 << 20,
                  "Dense modules have sizes");
  }
  (void)model::pooling_names(modules->pooling);
  return 0;
}
