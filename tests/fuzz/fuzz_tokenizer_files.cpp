// SPDX-License-Identifier: Apache-2.0
// The other files of tokenizers; the first byte says which.
#include "fuzz.hpp"

#include "tokens/load/files.hpp"

namespace {

using namespace isogloss;

void use(Result<tokens::TokenizerParts> parts) {
  if (!parts) return;
  const tokens::PipelineTokenizer tokenizer(std::move(*parts));
  Tokens out;
  for (const std::string_view text : {"Hug the \u00e9\u4e2d  12.5!", "plain ab words"}) {
    if (!tokenizer.encode(text, {}, out)) continue;
    for (const PieceSpan& span : out.offsets) {
      fuzz::require(span.begin <= span.end && span.end <= text.size(), "offsets lie in the text");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes = fuzz::text_of(data + 1, size - 1);
  switch (data[0]) {
    case 'v': {
      auto read = tokens::read_bert_vocabulary(bytes, TokenizerOptions::LowerCase::automatic, "input");
      if (read) use(std::move(read->parts));
      break;
    }
    case 'm': {
      const std::size_t half = bytes.find('\0');
      if (half != std::string_view::npos)
        use(tokens::read_vocabulary_and_merges(bytes.substr(0, half), bytes.substr(half + 1), "input"));
      break;
    }
    case 't':
      use(tokens::read_tiktoken_ranks(bytes, "input"));
      break;
    case 's':
      use(tokens::read_sentencepiece(bytes, "input"));
      break;
    case 'g': {
      Context context;
      const auto file = formats::Gguf::parse(std::as_bytes(std::span(data + 1, size - 1)), "input");
      if (file) use(tokens::read_gguf_vocabulary(*file, TokenizerOptions::LowerCase::automatic, context));
      break;
    }
    case 'f': {
      const auto tokenizer = tokens::read_fasttext_dictionary(bytes, "input");
      Tokens out;
      if (tokenizer) (void)(*tokenizer)->encode("where is it", {}, out);
      break;
    }
    default:
      break;
  }
  return 0;
}
