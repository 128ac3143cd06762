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
    for (unsigned c = 0; c < 128; ++c) plain_[c] = symbols_.empty() && c != ' ' && never_mapped(static_cast<char>(c));
  }

  void apply(const AlignedText& from, AlignedText& to) const override {
    const std::string_view text = from.bytes();
    Output out{Rewriter(from, to), from, {}, {}};
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
    out.rewriter.finish();
  }

  bool local(AsciiMap&) const override { return false; }

 private:
  struct Step {
    std::size_t size;  // bytes read
    std::string_view text;
  };
  // New bytes, each with the place its text was read from.
  struct Output {
    Rewriter rewriter;
    const AlignedText& from;
    std::string bytes;
    std::vector<std::uint32_t> read_from;  // (bytes)

    void put(std::string_view text, std::size_t at) {
      bytes.append(text);
      read_from.insert(read_from.end(), text.size(), static_cast<std::uint32_t>(at));
    }
    void close(std::size_t end) {
      read_from.push_back(static_cast<std::uint32_t>(end));
      const auto place = [&](std::size_t at) {
        if (at < from.size()) return from.origin(at, at + 1).begin;
        return from.origin(from.size() - 1, from.size()).end;
      };
      for (std::size_t i = 0; i < bytes.size();) {
        std::size_t next = i + 1;
        while (next < bytes.size() && read_from[next] == read_from[i]) ++next;
        const std::uint32_t begin = place(read_from[i]);
        rewriter.add(std::string_view(bytes).substr(i, next - 1 - i), {begin, begin});
        rewriter.add(std::string_view(bytes).substr(next - 1, 1), {begin, place(read_from[next])});
        i = next;
      }
    }
  };

  bool never_mapped(char c) const {
    for (unsigned second = 0; second < 128; ++second) {
      const char pair[] = {c, static_cast<char>(second)};
      if (map_.longest({pair, 2})) return false;
    }
    return !map_.longest({&c, 1});
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

  // Rewrites text[at, end); returns the end of what was read, less blanks at the end that go.
  std::size_t rewrite(std::string_view text, std::size_t at, Output& out) const {
    bool blank_before = rules_.remove_extra_whitespaces;
    while (at < text.size()) {
      const auto byte = static_cast<unsigned char>(text[at]);
      const bool ascii_next = at + 1 == text.size() || static_cast<unsigned char>(text[at + 1]) < 0x80;
      Step step{1, text.substr(at, 1)};
      if (!(byte < 0x80 && ascii_next && plain_[byte])) step = step_at(text, at);
      std::string_view piece = step.text;
      while (blank_before && piece.starts_with(' ')) piece.remove_prefix(1);
      for (const char c : piece) out.put(c == ' ' ? blank_ : std::string_view(&c, 1), at);
      if (!piece.empty()) blank_before = piece.ends_with(' ');
      at += step.size;
      if (!rules_.remove_extra_whitespaces) blank_before = false;
    }
    while (rules_.remove_extra_whitespaces && out.bytes.ends_with(blank_)) {
      out.bytes.resize(out.bytes.size() - blank_.size());
      at = out.read_from[out.bytes.size()];
      out.read_from.resize(out.bytes.size());
    }
    return at;
  }

  Charsmap map_;
  SentencePieceRules rules_;
  std::string_view blank_;
  DoubleArray symbols_;
  bool plain_[128];  // no key begins with it unless a mark follows
};

}  // namespace

NormalizerPtr sentencepiece_normalizer(Charsmap map, const SentencePieceRules& rules) {
  return std::make_unique<SentencePieceNormalizer>(std::move(map), rules);
}

}  // namespace isogloss::tokens
