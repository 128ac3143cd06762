// SPDX-License-Identifier: Apache-2.0
// Splitters that look at one character at a time.
#include <algorithm>
#include <array>

#include "tokens/normalize/code_point_set.hpp"
#include "tokens/normalize/reference_unicode.hpp"
#include "tokens/split/character_class.hpp"
#include "tokens/split/cut.hpp"
#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {
namespace {

// Every character that `is_delimiter` says is a match of its own.
template <class IsDelimiter>
class CharacterSplitter final : public Splitter {
 public:
  CharacterSplitter(Delimiter delimiter, IsDelimiter is_delimiter)
      : delimiter_(delimiter), is_delimiter_(std::move(is_delimiter)) {
    for (char32_t c = 0; c < 128; ++c) ascii_[c] = is_delimiter_(c);
    for (char32_t c = 'a'; c <= 'z'; ++c) skips_letters_ = skips_letters_ && !ascii_[c] && !ascii_[c - 32];
  }
  Status apply(SplitState& state) const override {
    cut_words(state, delimiter_, [this](std::string_view text, std::uint32_t offset, Cutter& cutter) {
      std::uint32_t begin = 0;
      for (std::uint32_t at = 0; at < text.size();) {
        if (skips_letters_) {
          at =
              static_cast<std::uint32_t>(skip_ascii_letters(text.data() + at, text.data() + text.size()) - text.data());
          if (at == text.size()) break;
        }
        const auto size = static_cast<std::uint32_t>(sequence_size(text[at]));
        const auto byte = static_cast<unsigned char>(text[at]);
        if (byte < 128 ? ascii_[byte] : is_delimiter_(read_code_point(text.data() + at))) {
          cutter.stretch(offset + begin, offset + at, false);
          cutter.stretch(offset + at, offset + at + size, true);
          begin = at + size;
        }
        at += size;
      }
      cutter.stretch(offset + begin, offset + static_cast<std::uint32_t>(text.size()), false);
    });
    return {};
  }

 private:
  Delimiter delimiter_;
  IsDelimiter is_delimiter_;
  std::array<bool, 128> ascii_;
  bool skips_letters_ = true;  // none of them is a delimiter
};

template <class IsDelimiter>
SplitterPtr make_character_splitter(Delimiter delimiter, IsDelimiter is_delimiter) {
  return std::make_unique<CharacterSplitter<IsDelimiter>>(delimiter, std::move(is_delimiter));
}

// BertPreTokenizer: white space goes, punctuation stands alone, in one pass. The class of an ASCII byte is a table
// look-up.
class BertSplitter final : public Splitter {
 public:
  enum Class : std::uint8_t { kInside, kSpace, kPunctuation };
  BertSplitter() {
    for (char32_t c = 0; c < 128; ++c) ascii_[c] = classify(c);
  }

  Status apply(SplitState& state) const override {
    const std::string_view text = state.text->bytes();
    state.next.clear();
    for (const Word word : state.words) {
      std::uint32_t begin = word.begin;
      for (std::uint32_t at = word.begin; at < word.end;) {
        at = static_cast<std::uint32_t>(skip_ascii_letters(text.data() + at, text.data() + word.end) - text.data());
        if (at == word.end) break;
        const auto byte = static_cast<unsigned char>(text[at]);
        std::uint32_t size = 1;
        Class now;
        if (byte < 128) {
          now = ascii_[byte];
        } else {
          size = static_cast<std::uint32_t>(sequence_size(text[at]));
          now = classify(read_code_point(text.data() + at));
        }
        if (now != kInside) {
          if (begin < at) state.next.push_back({begin, at});
          if (now == kPunctuation) state.next.push_back({at, at + size});
          begin = at + size;
        }
        at += size;
      }
      if (begin < word.end) state.next.push_back({begin, word.end});
    }
    state.words.swap(state.next);
    return {};
  }

 private:
  static Class classify(char32_t c) {
    if (is_reference_space(c)) return kSpace;
    return is_reference_punctuation(c) ? kPunctuation : kInside;
  }
  std::array<Class, 128> ascii_;
};

class FixedLengthSplitter final : public Splitter {
 public:
  explicit FixedLengthSplitter(std::size_t length) : length_(length) {}
  Status apply(SplitState& state) const override {
    cut_words(state, Delimiter::isolated, [this](std::string_view text, std::uint32_t offset, Cutter& cutter) {
      std::size_t begin = 0;
      std::size_t count = 0;
      for (std::size_t at = 0; at < text.size();) {
        at += sequence_size(text[at]);
        if (++count == length_ || at == text.size()) {
          cutter.stretch(offset + static_cast<std::uint32_t>(begin), offset + static_cast<std::uint32_t>(at), true);
          begin = at;
          count = 0;
        }
      }
    });
    return {};
  }

 private:
  std::size_t length_;
};

// A word ends where the script changes; characters that go with any script stay with what is before them.
class ScriptsSplitter final : public Splitter {
 public:
  Status apply(SplitState& state) const override {
    cut_words(state, Delimiter::isolated, [](std::string_view text, std::uint32_t offset, Cutter& cutter) {
      std::uint8_t last = 0;
      std::uint32_t begin = 0;
      for (std::uint32_t at = 0; at < text.size(); at += static_cast<std::uint32_t>(sequence_size(text[at]))) {
        const std::uint8_t script = reference_script(read_code_point(text.data() + at));
        if (script == 0) continue;
        if (last != 0 && script != last) {
          cutter.stretch(offset + begin, offset + at, true);
          begin = at;
        }
        last = script;
      }
      cutter.stretch(offset + begin, offset + static_cast<std::uint32_t>(text.size()), true);
    });
    return {};
  }
};

}  // namespace

SplitterPtr scripts_splitter() { return std::make_unique<ScriptsSplitter>(); }
SplitterPtr bert_splitter() { return std::make_unique<BertSplitter>(); }
SplitterPtr white_space_splitter() { return make_character_splitter(Delimiter::removed, is_reference_space); }
SplitterPtr punctuation_splitter(Delimiter delimiter) {
  return make_character_splitter(delimiter, is_reference_punctuation);
}
SplitterPtr digits_splitter(bool individual) {
  return make_character_splitter(individual ? Delimiter::isolated : Delimiter::contiguous, is_reference_number);
}
SplitterPtr character_splitter(char32_t delimiter) {
  return make_character_splitter(Delimiter::removed, [delimiter](char32_t c) { return c == delimiter; });
}
SplitterPtr fixed_length_splitter(std::size_t length) {
  return std::make_unique<FixedLengthSplitter>(std::max<std::size_t>(length, 1));
}

}  // namespace isogloss::tokens
