// SPDX-License-Identifier: Apache-2.0
// Every matcher is a function from a position to the end of the one match that starts there; the alternatives of the
// pattern are tried in their order. splitter_test proves them equal to PCRE2.
#include "tokens/split/known_patterns.hpp"

#include "tokens/split/character_class.hpp"

namespace isogloss::tokens {
namespace {

enum class Case : std::uint8_t { exact, ignored };

// Bytes of 's 't 're 've 'm 'll 'd at p, apostrophe included; 0 = none. With case ignored, the long s (U+017F) is an s.
std::size_t contraction_at_quote(const char* p, const char* end, Case rule) {
  if (end - p < 2) return 0;
  const auto folded = [rule](char c) {
    return rule == Case::ignored && c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  };
  const char first = folded(p[1]);
  if (first == 's' || first == 't' || first == 'm' || first == 'd') return 2;
  if (rule == Case::ignored && end - p >= 3 && p[1] == '\xC5' && p[2] == '\xBF') return 3;
  if (end - p < 3) return 0;
  const char second = folded(p[2]);
  const bool found =
      (first == 'r' && second == 'e') || (first == 'v' && second == 'e') || (first == 'l' && second == 'l');
  return found ? 3 : 0;
}

std::size_t contraction(const char* p, const char* end, Case rule) {
  return p < end && *p == '\'' ? contraction_at_quote(p, end, rule) : 0;
}

// \s+(?!\S)|\s+ at white space: the run, less its last character when text follows and something is left.
const char* space_run(const char* p, const char* run_end, const char* end) {
  if (run_end == end) return run_end;
  const char* last = run_end - 1;
  while ((static_cast<unsigned char>(*last) & 0xC0) == 0x80) --last;
  return last > p ? last : run_end;
}

struct Gpt2 {
  static const char* match(const char* p, const char* end) {
    if (const std::size_t n = contraction(p, end, Case::exact); n != 0) return p + n;
    Classified c = classified_at(p);
    const char* start = p;
    if (*p == ' ' && p + 1 < end) {
      const Classified next = classified_at(p + 1);
      if ((next.type & kAnySpace) == 0) {
        c = next;
        ++start;
      }
    }
    if (c.type & kLetterClass) return skip_letters(start + c.size, end);
    if (c.type & kNumberClass) return skip_class(start + c.size, end, kNumberClass);
    if (c.type & kSymbolClass) return skip_class(start + c.size, end, kSymbolClass);
    return space_run(p, skip_class(p, end, kAnySpace), end);
  }
};

// The end of `\s*[\r\n]+|\s+(?!\S)|\s+` at white space; kWhole: `\s+$` goes first, as tiktoken has it.
template <bool kWhole>
const char* lines_or_spaces(const char* p, const char* end) {
  const char* const run_end = skip_class(p, end, kAnySpace);
  if (kWhole && run_end == end) return end;
  for (const char* q = run_end; q > p; --q) {
    if (q[-1] == '\n' || q[-1] == '\r') return q;
  }
  return space_run(p, run_end, end);
}

// At most three characters of class N.
const char* digits(const char* p, const char* end, int most) {
  for (; most > 0 && p < end; --most) {
    const Classified c = classified_at(p);
    if ((c.type & kNumberClass) == 0) break;
    p += c.size;
  }
  return p;
}

template <int kDigits, bool kWhole>
struct Cl100k {
  static const char* match(const char* p, const char* end) {
    if (const std::size_t n = contraction(p, end, Case::ignored); n != 0) return p + n;
    const Classified c = classified_at(p);
    if (c.type & kLetterClass) return skip_letters(p + c.size, end);
    if (c.type & kNumberClass) return digits(p, end, kDigits);
    const char* const next = p + c.size;
    const std::uint8_t next_type = next < end ? classified_at(next).type : 0;
    if ((c.type & kLineBreak) == 0 && (next_type & kLetterClass)) return skip_letters(next, end);
    if ((c.type & kSymbolClass) || (*p == ' ' && (next_type & kSymbolClass))) {
      return skip_class(skip_class(next, end, kSymbolClass), end, kLineBreak);
    }
    return lines_or_spaces<kWhole>(p, end);
  }
};

struct O200k {
  static constexpr std::uint8_t kBoth = kOtherLetter | kMarkClass;
  static constexpr std::uint8_t kUpper = kUpperLetter | kBoth;
  static constexpr std::uint8_t kLower = kLowerLetter | kBoth;

  // upper* lower+ at p; null = no match. Gives back characters of the first run that the second can take.
  static const char* lower_word(const char* p, const char* end) {
    const char* last_both = nullptr;
    const char* at = p;
    while (at < end) {
      const Classified c = classified_at(at);
      if ((c.type & kUpper) == 0) break;
      if (c.type & kBoth) last_both = at;
      at += c.size;
    }
    if (at < end && (classified_at(at).type & kLower)) return skip_class(at, end, kLower);
    return last_both != nullptr ? skip_class(last_both, end, kLower) : nullptr;
  }
  // upper+ lower* at p.
  static const char* upper_word(const char* p, const char* end) {
    const char* const run = skip_class(p, end, kUpper);
    return run > p ? skip_class(run, end, kLower) : nullptr;
  }

  static const char* match(const char* p, const char* end) {
    const Classified c = classified_at(p);
    const char* const next = p + c.size;
    const bool prefix = (c.type & (kLetterClass | kNumberClass | kLineBreak)) == 0;
    const char* word = prefix ? lower_word(next, end) : nullptr;
    if (word == nullptr) word = lower_word(p, end);
    if (word == nullptr && prefix) word = upper_word(next, end);
    if (word == nullptr) word = upper_word(p, end);
    if (word != nullptr) return word + contraction(word, end, Case::ignored);
    if (c.type & kNumberClass) return digits(p, end, 3);
    const bool blank_first = *p == ' ' && next < end && (classified_at(next).type & kSymbolClass);
    if ((c.type & kSymbolClass) || blank_first) {
      const char* at = skip_class(next, end, kSymbolClass);
      while (at < end && (*at == '\r' || *at == '\n' || *at == '/')) ++at;
      return at;
    }
    return lines_or_spaces<false>(p, end);
  }
};

// CLIP's own pattern; white space lies between matches.
struct Clip {
  static const char* match(const char* p, const char* end) {
    const std::string_view rest(p, static_cast<std::size_t>(end - p));
    for (const std::string_view token : {std::string_view("<|startoftext|>"), std::string_view("<|endoftext|>")}) {
      if (rest.starts_with(token)) return p + token.size();
    }
    if (const std::size_t n = contraction(p, end, Case::exact); n != 0) return p + n;
    const Classified c = classified_at(p);
    if (c.type & kLetterClass) return skip_letters(p + c.size, end);
    if (c.type & kNumberClass) return p + c.size;
    if (c.type & kSymbolClass) return skip_class(p + c.size, end, kSymbolClass);
    return p;
  }
};

// \w+|[^\w\s]+ with the \w of Rust's regular expressions: letters, marks, decimal and letter numbers, connector
// punctuation, joiners and the circled and squared Latin letters.
struct WordsAndSymbols {
  static bool is_word(char32_t c) {
    switch (reference_category(c)) {
      case Category::lu:
      case Category::ll:
      case Category::lt:
      case Category::lm:
      case Category::lo:
      case Category::mn:
      case Category::mc:
      case Category::me:
      case Category::nd:
      case Category::nl:
      case Category::pc:
        return true;
      default:
        return c == 0x200C || c == 0x200D || (c >= 0x24B6 && c <= 0x24E9) || (c >= 0x1F130 && c <= 0x1F149) ||
               (c >= 0x1F150 && c <= 0x1F169) || (c >= 0x1F170 && c <= 0x1F189);
    }
  }
  static const char* match(const char* p, const char* end) {
    const auto kind = [](const char* at) {
      const char32_t c = read_code_point(at);
      return is_reference_space(c) ? 0 : is_word(c) ? 1 : 2;
    };
    const int wanted = kind(p);
    if (wanted == 0) return p;
    const char* at = p;
    while (at < end && kind(at) == wanted) at += sequence_size(*at);
    return at;
  }
};

// A matcher that returns its start leaves that character out.
template <class Matcher>
class MatcherSplitter final : public Splitter {
 public:
  Status apply(SplitState& state) const override {
    const std::string_view text = state.text->bytes();
    state.next.clear();
    for (const Word word : state.words) {
      const char* p = text.data() + word.begin;
      const char* const end = text.data() + word.end;
      while (p < end) {
        const char* const match = Matcher::match(p, end);
        if (match == p) {
          p += sequence_size(*p);
          continue;
        }
        state.next.push_back(
            {static_cast<std::uint32_t>(p - text.data()), static_cast<std::uint32_t>(match - text.data())});
        p = match;
      }
    }
    state.words.swap(state.next);
    return {};
  }
};

template <class Matcher>
SplitterPtr make() {
  return std::make_unique<MatcherSplitter<Matcher>>();
}

struct Known {
  std::string_view name;
  std::string_view pattern;
  SplitterPtr (*splitter)();
  bool removes;
};

constexpr Known kKnown[] = {
    {"gpt2", kGpt2Pattern, &make<Gpt2>, false},
    {"r50k", R"('(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s)", &make<Gpt2>, false},
    {"cl100k",
     R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s)",
     &make<Cl100k<3, true>>, false},
    {"llama3",
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     &make<Cl100k<3, false>>, false},
    {"qwen2",
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     &make<Cl100k<1, false>>, false},
    {"o200k",
     R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     &make<O200k>, false},
    {"clip", R"(<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+)",
     &make<Clip>, true},
};

SplitterPtr find(std::string_view pattern, bool removes) {
  for (const Known& known : kKnown) {
    if (known.pattern == pattern && (!known.removes || removes)) return known.splitter();
  }
  return nullptr;
}

}  // namespace

SplitterPtr known_pattern_splitter(std::string_view pattern) { return find(pattern, false); }
SplitterPtr known_removing_splitter(std::string_view pattern) { return find(pattern, true); }

std::string_view known_pattern(std::string_view name) {
  for (const Known& known : kKnown) {
    if (known.name == name) return known.pattern;
  }
  return {};
}

SplitterPtr word_splitter() { return make<WordsAndSymbols>(); }

}  // namespace isogloss::tokens
