// SPDX-License-Identifier: Apache-2.0
// A piece's place in the text is, as in the library, from where its first byte was read to where the first byte behind
// it was read; so the origin of a byte here ends where the next byte's begins.
#include "tokens/normalize/sentencepiece.hpp"

#include "tokens/pipeline/double_array.hpp"

namespace isogloss::tokens {
namespace {

constexpr std::string_view kMark = "\xE2\x96\x81";

class SentencePieceNormalizer final : public Normalizer {
 public:
  SentencePieceNormalizer(Charsmap map, const SentencePieceRules& rules)
      : map_(std::move(map)), rules_(rules), blank_(rules.escape_whitespaces ? kMark : " ") {
    std::vector<std::pair<std::string_view, std::uint32_t>> keys;
    for (std::uint32_t i = 0; i < rules_.user_symbols.size(); ++i) keys.emplace_back(rules_.user_symbols[i], i);
    symbols_ = DoubleArray(std::move(keys));
    for (unsigned c = 0; c < 128; ++c) plain_[c] = stays(static_cast<char>(c));
    for (const std::string& symbol : rules_.user_symbols) {
      if (static_cast<unsigned char>(symbol[0]) < 128) plain_[static_cast<unsigned char>(symbol[0])] = false;
    }
  }

  Status apply(const AlignedText& from, AlignedText& to) const override {
    const std::string_view text = from.bytes();
    Rewriter rewriter(from, to);
    Output out{from, rewriter, rewriter.buffers()};
    std::size_t at = 0;
    while (rules_.remove_extra_whitespaces && at < text.size()) {
      const Step step = step_at(text, at);
      if (step.text != " ") break;
      at += step.size;
    }
    if (at < text.size()) {
      if (rules_.add_dummy_prefix && !rules_.whitespace_as_suffix) out.put(blank_, at);
      const std::size_t end = rewrite(text, at, out);
      if (rules_.add_dummy_prefix && rules_.whitespace_as_suffix) out.put(blank_, end);
      out.close(end);
    }
    rewriter.finish();
    return {};
  }

  bool local(AsciiMap&) const override { return false; }

  bool only_marks(std::string_view text) const override {
    if (!rules_.escape_whitespaces || !rules_.add_dummy_prefix || rules_.whitespace_as_suffix || text[0] == ' ')
      return false;
    bool plain = true;
    bool blank_before = false;
    bool blanks_meet = text.back() == ' ';
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      plain = plain && byte < 0x80 && plain_[byte & 0x7F];
      blanks_meet = blanks_meet || (blank_before && c == ' ');
      blank_before = c == ' ';
    }
    return plain && !(blanks_meet && rules_.remove_extra_whitespaces);
  }

 private:
  struct Step {
    std::size_t size;  // bytes read
    std::string_view text;
  };
  // The new text. A byte's origin ends where the next one's begins, so it is known only then.
  struct Output {
    const AlignedText& from;
    Rewriter& rewriter;
    Rewriter::Buffers to;

    std::uint32_t place(std::size_t at) const {
      if (from.identity()) return from.shift() + static_cast<std::uint32_t>(at);
      if (at < from.size()) return from.origin(at, at + 1).begin;
      return from.origin(from.size() - 1, from.size()).end;
    }
    void close(std::size_t at) {
      if (!to.origins.empty()) to.origins.back().end = place(at);
    }
    // Text read from the old place `at`.
    void put(std::string_view text, std::size_t at) {
      close(at);
      const std::uint32_t here = place(at);
      for (std::size_t i = 0; i < text.size(); ++i) to.origins.push_back({here, here});
      to.bytes.append(text);
    }
    // Old bytes [begin, end), ASCII, that stay.
    void keep(std::string_view text, std::size_t begin, std::size_t end) {
      close(begin);
      const std::size_t before = to.origins.size();
      to.origins.resize(before + (end - begin));
      PieceSpan* const out = to.origins.data() + before;
      if (from.identity()) {
        const std::uint32_t here = place(begin);
        for (std::uint32_t i = 0; i < end - begin; ++i) out[i] = {here + i, here + i + 1};
      } else {
        for (std::size_t i = 0; i < end - begin; ++i) out[i] = {place(begin + i), place(begin + i + 1)};
      }
      to.bytes.append(text.substr(begin, end - begin));
    }
    // Takes the last `bytes` bytes back.
    void drop_back(std::size_t bytes) {
      to.bytes.resize(to.bytes.size() - bytes);
      to.origins.resize(to.bytes.size());
    }
  };

  // Whether the character stays as it is in front of any ASCII character.
  bool stays(char c) const {
    const std::string_view self(&c, 1);
    for (unsigned second = 0; second < 128; ++second) {
      const char pair[] = {c, static_cast<char>(second)};
      const auto found = map_.longest({pair, 2});
      if (found && !(found->size == 1 && found->text == self)) return false;
    }
    return true;
  }

  Step step_at(std::string_view text, std::size_t at) const {
    const std::string_view rest = text.substr(at);
    if (!symbols_.empty()) {
      DoubleArray::Cursor cursor(symbols_);
      std::size_t found = 0;
      for (std::size_t i = 0; i < rest.size() && cursor.step(rest[i]);) {
        ++i;
        if (cursor.has_value()) found = i;
      }
      if (found > 0) return {found, rest.substr(0, found)};
    }
    if (const auto mapped = map_.longest(rest)) return {mapped->size, mapped->text};
    const std::size_t size = sequence_size(rest[0]);
    return {size, rest.substr(0, size)};
  }

  bool is_plain(std::string_view text, std::size_t at) const {
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool ascii_next = at + 1 == text.size() || static_cast<unsigned char>(text[at + 1]) < 0x80;
    return byte < 0x80 && ascii_next && plain_[byte];
  }

  // Rewrites text[at, end); returns the end of what was read, less blanks at the end that go.
  std::size_t rewrite(std::string_view text, std::size_t at, Output& out) const {
    bool blank_before = rules_.remove_extra_whitespaces;
    std::size_t last_blanks = at;  // old place of the first of the blanks that the new text ends with
    bool ends_blank = false;
    while (at < text.size()) {
      const std::size_t begin = at;
      while (at < text.size() && text[at] != ' ' && is_plain(text, at)) ++at;
      if (at > begin) {
        out.keep(text, begin, at);
        blank_before = ends_blank = false;
        continue;
      }
      if (out.rewriter.is_full()) return at;
      const Step step = text[at] == ' ' && is_plain(text, at) ? Step{1, " "} : step_at(text, at);
      std::string_view piece = step.text;
      while (blank_before && piece.starts_with(' ')) piece.remove_prefix(1);
      for (const char c : piece) out.put(c == ' ' ? blank_ : std::string_view(&c, 1), at);
      if (!piece.empty()) blank_before = piece.ends_with(' ');
      at += step.size;
      if (!rules_.remove_extra_whitespaces) blank_before = false;
      if (piece.empty()) continue;
      if (piece.ends_with(' ') && !(ends_blank && piece.find_first_not_of(' ') == std::string_view::npos))
        last_blanks = begin;
      ends_blank = piece.ends_with(' ');
    }
    if (!rules_.remove_extra_whitespaces) return at;
    while (out.to.bytes.ends_with(blank_)) {
      out.drop_back(blank_.size());
      at = last_blanks;
    }
    return at;
  }

  Charsmap map_;
  SentencePieceRules rules_;
  std::string_view blank_;
  DoubleArray symbols_;
  bool plain_[128];  // ASCII that stays as it is unless something beyond ASCII follows
};

}  // namespace

NormalizerPtr sentencepiece_normalizer(Charsmap map, const SentencePieceRules& rules) {
  return std::make_unique<SentencePieceNormalizer>(std::move(map), rules);
}

}  // namespace isogloss::tokens
