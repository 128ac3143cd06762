// SPDX-License-Identifier: Apache-2.0
// Reads a corpus once, of any size: counts its tokens and keeps a random sample of pieces of its texts.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "isogloss/family.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss::model {

struct CorpusSample {
  std::vector<std::uint64_t> counts;   // (pieces) of the whole corpus
  std::uint64_t tokens = 0;            // of the whole corpus
  std::vector<std::uint32_t> ids;      // of the sample, piece of text after piece of text
  std::vector<std::size_t> starts{0};  // (texts + 1)

  std::size_t texts() const { return starts.size() - 1; }
  std::span<const std::uint32_t> text(std::size_t i) const {
    return std::span(ids).subspan(starts[i], starts[i + 1] - starts[i]);
  }
};

struct SampleOptions {
  std::size_t texts = 0;         // at most
  std::size_t least_tokens = 0;  // shorter pieces are left out
  std::size_t most_tokens = 0;
};

// Texts are cut into consecutive pieces of least_tokens..most_tokens tokens. The sample is in random order and depends
// on corpus and seed alone.
Result<CorpusSample> sample_corpus(const Dataset& data, const Tokenizer& tokenizer, const SampleOptions& options,
                                   Context& context);

}  // namespace isogloss::model
