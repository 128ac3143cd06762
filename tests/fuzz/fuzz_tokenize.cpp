// SPDX-License-Identifier: Apache-2.0
// Any bytes through tokenizers of every model and most rules; the first byte says which.
#include "fuzz.hpp"

#include "core/utf8.hpp"
#include "tokens/load/tokenizer_json.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"

namespace {

using namespace isogloss;

constexpr std::string_view kTokenizers[] = {
    R"({"normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"},"model":{"type":"WordPiece","vocab":{"[UNK]":0,"a":1,"##b":2,"the":3,"##\u00e9":4}}})",
    R"({"normalizer":{"type":"Sequence","normalizers":[{"type":"Nmt"},{"type":"NFKC"},{"type":"Lowercase"},{"type":"StripAccents"}]},"pre_tokenizer":{"type":"Metaspace"},"model":{"type":"Unigram","unk_id":0,"vocab":[["<unk>",0],["\u2581",-2],["a",-3],["b",-3],["ab",-4],["\u2581a",-2.5]]},"decoder":{"type":"Metaspace"}})",
    R"({"normalizer":{"type":"NFC"},"pre_tokenizer":{"type":"ByteLevel"},"post_processor":{"type":"ByteLevel"},"model":{"type":"BPE","vocab":{"a":0,"b":1,"ab":2,"\u0120":3,"\u0120a":4,"\u00c3":5,"\u00a9":6,"\u00c3\u00a9":7},"merges":["a b","\u0120 a","\u00c3 \u00a9"]},"decoder":{"type":"ByteLevel"}})",
    R"({"normalizer":{"type":"NFKD"},"pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"UnicodeScripts"},{"type":"Punctuation"},{"type":"Digits","individual_digits":true},{"type":"Whitespace"}]},"model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0,"a":1}}})",
    R"({"pre_tokenizer":{"type":"Split","pattern":{"Regex":"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"},"behavior":"Isolated","invert":false},"model":{"type":"BPE","unk_token":"?","fuse_unk":true,"vocab":{"?":0,"a":1,"b":2,"ab":3},"merges":["a b"]}})",
    R"({"normalizer":{"type":"Replace","pattern":{"Regex":"\\s{2,}|\\p{Cf}"},"content":" "},"pre_tokenizer":{"type":"Split","pattern":{"Regex":"\\b\\w+\\b|[^\\w\\s]|^.$"},"behavior":"MergedWithNext","invert":false},"model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0,"a":1}}})",
};

// Byte-level BPE with a piece for every byte.
std::string every_byte() {
  std::string vocabulary;
  for (int byte = 0; byte < 256; ++byte) {
    std::string character;
    utf8_append(character, tokens::byte_character(static_cast<char>(byte)));
    if (character == "\"" || character == "\\") character.insert(0, 1, '\\');
    vocabulary += "\"" + character + "\":" + std::to_string(byte) + ",";
  }
  return R"({"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"model":{"type":"BPE","vocab":{)" +
         vocabulary +
         R"("aa":256,"aaa":257,"ab":258,"aab":259,"\u00c3\u00a9":260,"\u0120a":261,"\u0120aab":262},)"
         R"("merges":["a b","\u0120 a","a a","aa a","a ab","\u00c3 \u00a9","\u0120a ab"]},"decoder":{"type":"ByteLevel"}})";
}

const std::vector<tokens::PipelineTokenizer>& tokenizers() {
  static const std::vector<tokens::PipelineTokenizer> all = [] {
    std::vector<std::string> files(std::begin(kTokenizers), std::end(kTokenizers));
    files.push_back(every_byte());
    std::vector<tokens::PipelineTokenizer> made;
    made.reserve(files.size());
    for (const std::string& json : files) {
      auto parts = tokens::read_tokenizer_json(json, "built in");
      fuzz::require(parts.has_value(), "the tokenizers of this target are good");
      made.emplace_back(std::move(*parts));
    }
    return made;
  }();
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const tokens::PipelineTokenizer& tokenizer = tokenizers()[data[0] % tokenizers().size()];
  const std::string_view text = fuzz::text_of(data + 1, size - 1);
  Tokens out;
  fuzz::require(tokenizer.encode(text, {}, out).has_value(), "any text has tokens");
  for (std::size_t i = 0; i < out.size(); ++i) {
    fuzz::require(out.ids[i] < tokenizer.vocabulary_size(), "an id is in the vocabulary");
    fuzz::require(out.offsets[i].begin <= out.offsets[i].end && out.offsets[i].end <= text.size(),
                  "offsets lie in the text");
  }
  fuzz::require(tokenizer.decode(out.ids, {}).has_value(), "tokens have a text");
  fuzz::require(tokenizer.encode_pair(text, text, {}, out).has_value(), "a pair has tokens");
  fuzz::require(code_point_offsets(out, text).size() == out.size(), "offsets can be counted in code points");
  return 0;
}
