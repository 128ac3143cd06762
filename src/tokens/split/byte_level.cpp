// SPDX-License-Identifier: Apache-2.0
#include "tokens/normalize/normalizer.hpp"
#include "tokens/split/known_patterns.hpp"
#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {
namespace {

class ByteLevelSplitter final : public Splitter {
 public:
  explicit ByteLevelSplitter(const ByteLevelRules& rules) : rules_(rules) {
    if (rules.use_regex) pattern_ = known_pattern_splitter(kGpt2Pattern);
    if (rules.map) map_ = byte_level_normalizer();
  }

  Status apply(SplitState& state) const override {
    if (rules_.add_prefix_space) add_blanks(state);
    if (pattern_ != nullptr) IG_TRY(pattern_->apply(state));
    if (map_ != nullptr) IG_TRY(map_words(state));
    return {};
  }

 private:
  static void add_blanks(SplitState& state) {
    const std::string_view text = state.text->bytes();
    bool wanted = false;
    for (const Word word : state.words) wanted = wanted || text[word.begin] != ' ';
    if (!wanted) return;
    AlignedText& to = state.free_buffer();
    Rewriter out(*state.text, to);
    state.next.clear();
    std::uint32_t written = 0;
    for (const Word word : state.words) {
      out.drop_to(word.begin);
      const std::uint32_t begin = written;
      if (text[word.begin] != ' ') {
        out.add(" ", state.text->origin(word.begin, word.begin + sequence_size(text[word.begin])));
        ++written;
      }
      out.keep_to(word.end);
      written += word.end - word.begin;
      state.next.push_back({begin, written});
    }
    out.finish();
    state.text = &to;
    state.words.swap(state.next);
  }

  Status map_words(SplitState& state) const {
    AlignedText& to = state.free_buffer();
    Rewriter out(*state.text, to);
    AlignedText word_text;
    AlignedText mapped;
    std::uint32_t written = 0;
    for (Word& word : state.words) {
      out.drop_to(word.begin);
      word_text.view(*state.text, word.begin, word.end);
      IG_TRY(map_->apply(word_text, mapped));
      out.append(mapped, word.end);
      word = {written, written + static_cast<std::uint32_t>(mapped.size())};
      written = word.end;
    }
    out.finish();
    state.text = &to;
    return {};
  }

  ByteLevelRules rules_;
  SplitterPtr pattern_;
  NormalizerPtr map_;
};

}  // namespace

SplitterPtr byte_level_splitter(const ByteLevelRules& rules) { return std::make_unique<ByteLevelSplitter>(rules); }

}  // namespace isogloss::tokens
