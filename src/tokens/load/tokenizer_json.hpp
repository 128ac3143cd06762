// SPDX-License-Identifier: Apache-2.0
// tokenizer.json of the Hugging Face library (tokenizers 0.23 and older): every normaliser, pre-tokeniser, model,
// post-processor and decoder that it writes.
#pragma once

#include <string>
#include <string_view>

#include "tokens/load/json_node.hpp"
#include "tokens/pipeline/pipeline_tokenizer.hpp"

namespace isogloss::tokens {

// `where` names the file in errors. Error{corrupt_data}, Error{unsupported}: the place and what is wrong there.
Result<TokenizerParts> read_tokenizer_json(std::string_view json, std::string_view where);

// ---- its parts

Result<NormalizerChain> read_normalizer(const JsonNode& node);
// `raw_bytes`: the last splitter is ByteLevel and leaves the bytes as they are, for a model that reads bytes.
struct SplittersRead {
  std::vector<SplitterPtr> splitters;
  bool raw_bytes = false;
};
Result<SplittersRead> read_splitters(const JsonNode& node, bool model_reads_bytes);
// "Removed", "isolated", ... in either spelling.
Result<Delimiter> read_delimiter(const JsonNode& node);
Result<PrefixScheme> read_prefix_scheme(const JsonNode& node);
Result<char32_t> read_character(const JsonNode& node);
// "WordPiece", "BPE", "Unigram", "WordLevel"; old files do not say, then it is told by the members.
Result<std::string> read_model_type(const JsonNode& node);
Result<std::unique_ptr<const SubwordModel>> read_model(const JsonNode& node, bool byte_level);
Result<DecoderPtr> read_decoder(const JsonNode& node);
Result<SequenceRules> read_sequence_rules(const JsonNode& node);

// {"piece": id, ...}
Result<Vocabulary> read_vocabulary(const JsonNode& node);
// Longest piece that is taken for one.
inline constexpr std::size_t kMaxPieceBytes = 4096;

}  // namespace isogloss::tokens
