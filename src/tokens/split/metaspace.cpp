// SPDX-License-Identifier: Apache-2.0
// Blanks become a visible mark (SentencePiece's U+2581), one is put in front, and words begin at marks.
#include "core/utf8.hpp"
#include "tokens/split/cut.hpp"
#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {
namespace {

class MetaspaceSplitter final : public Splitter {
 public:
  MetaspaceSplitter(char32_t replacement, PrefixScheme scheme, bool split) : scheme_(scheme), split_(split) {
    utf8_append(mark_, replacement);
  }

  Status apply(SplitState& state) const override {
    AlignedText& to = state.free_buffer();
    const std::string_view text = state.text->bytes();
    Rewriter out(*state.text, to);
    state.next.clear();
    std::uint32_t written = 0;  // bytes of the new text
    for (const Word word : state.words) {
      out.drop_to(word.begin);
      std::uint32_t begin = written;
      const auto size = static_cast<std::uint32_t>(mark_.size());
      if (wants_prefix(*state.text, word)) {
        out.add(mark_, state.text->origin(word.begin, word.begin + sequence_size(text[word.begin])));
        written += size;
      }
      for (std::uint32_t at = word.begin; at < word.end;) {
        const std::uint32_t from = at;
        const bool is_mark = text.substr(at, word.end - at).starts_with(mark_);
        const bool is_blank = text[at] == ' ';
        if (split_ && (is_mark || is_blank) && written > begin) {
          state.next.push_back({begin, written});
          begin = written;
        }
        if (is_blank) {
          out.drop_to(++at);
          out.add(mark_);
          written += size;
          continue;
        }
        at += is_mark ? size : static_cast<std::uint32_t>(sequence_size(text[at]));
        while (at < word.end && text[at] != ' ' && text[at] != mark_[0]) ++at;
        out.keep_to(at);
        written += at - from;
      }
      if (written > begin) state.next.push_back({begin, written});
    }
    out.finish();
    state.text = &to;
    state.words.swap(state.next);
    return {};
  }

  bool apply_unwritten(SplitState& state) const override {
    const std::string_view text = state.text->bytes();
    if (mark_ != "\xE2\x96\x81" || !split_ || text.find(mark_) != std::string_view::npos) return false;
    for (const Word word : state.words) {
      const bool marked = scheme_ == PrefixScheme::always || text[word.begin] == ' ' || wants_prefix(*state.text, word);
      if (!marked) return false;
    }
    state.next.clear();
    for (const Word word : state.words) cut_at_blanks(text, word, state.next);
    state.words.swap(state.next);
    return true;
  }

 private:
  bool wants_prefix(const AlignedText& text, Word word) const {
    const std::string_view rest = text.bytes().substr(word.begin, word.end - word.begin);
    if (scheme_ == PrefixScheme::never || rest.starts_with(mark_) || rest.starts_with(' ')) return false;
    return scheme_ == PrefixScheme::always || text.origin(word.begin, word.end).begin == 0;
  }

  std::string mark_;
  PrefixScheme scheme_;
  bool split_;
};

}  // namespace

SplitterPtr metaspace_splitter(char32_t replacement, PrefixScheme scheme, bool split) {
  return std::make_unique<MetaspaceSplitter>(replacement, scheme, split);
}

}  // namespace isogloss::tokens
