// SPDX-License-Identifier: Apache-2.0
// The rules that need no table of their own.
#include "core/utf8.hpp"
#include "tokens/normalize/each_character.hpp"
#include "tokens/normalize/normalizer.hpp"
#include "tokens/normalize/reference_unicode.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"

namespace isogloss::tokens {
namespace {

class LowercaseNormalizer final : public Normalizer {
 public:
  Status apply(const AlignedText& from, AlignedText& to) const override {
    Rewriter out(from, to);
    const std::string_view text = from.bytes();
    while (out.position() < text.size()) {
      char32_t lower[2];
      const std::size_t n = reference_lower(read_code_point(text.data() + out.position()), lower);
      out.replace(lower[0]);
      if (n == 2) out.add(lower[1]);
    }
    out.finish();
    return {};
  }
  bool local(AsciiMap& map) const override {
    map = identity_map();
    for (std::size_t c = 'A'; c <= 'Z'; ++c) map[c] = static_cast<std::uint8_t>(c + 32);
    return true;
  }
};

class StripAccentsNormalizer final : public Normalizer {
 public:
  Status apply(const AlignedText& from, AlignedText& to) const override {
    rewrite_characters(from, to, [](char32_t c) { return !is_reference_mark(c); }, [](char32_t c) { return c; });
    return {};
  }
  bool local(AsciiMap& map) const override {
    map = identity_map();
    return true;
  }
};

// SentencePiece's nmt rules for control characters and spaces.
class NmtNormalizer final : public Normalizer {
 public:
  Status apply(const AlignedText& from, AlignedText& to) const override {
    rewrite_characters(
        from, to, [](char32_t c) { return !is_dropped(c); }, [](char32_t c) { return is_blank(c) ? U' ' : c; });
    return {};
  }
  bool local(AsciiMap& map) const override {
    map = identity_map();
    for (std::uint8_t c = 0; c < 128; ++c) map[c] = is_dropped(c) ? kComplex : is_blank(c) ? ' ' : c;
    return true;
  }

 private:
  static bool is_dropped(char32_t c) {
    return (c >= 1 && c <= 8) || c == 0x0B || (c >= 0x0E && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F;
  }
  static bool is_blank(char32_t c) {
    return c == 9 || c == 10 || c == 12 || c == 13 || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
           c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == kReplacement;
  }
};

class StripNormalizer final : public Normalizer {
 public:
  StripNormalizer(bool left, bool right) : left_(left), right_(right) {}
  Status apply(const AlignedText& from, AlignedText& to) const override {
    const std::string_view text = from.bytes();
    std::size_t begin = 0;
    std::size_t end = text.size();
    while (left_ && begin < end && is_reference_space(read_code_point(text.data() + begin))) {
      begin += sequence_size(text[begin]);
    }
    while (right_ && end > begin) {
      std::size_t last = end - 1;
      while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
      if (!is_reference_space(read_code_point(text.data() + last))) break;
      end = last;
    }
    Rewriter out(from, to);
    out.drop_to(begin);
    out.keep_to(end);
    out.finish();
    return {};
  }
  bool local(AsciiMap&) const override { return false; }

 private:
  bool left_;
  bool right_;
};

class PrependNormalizer final : public Normalizer {
 public:
  explicit PrependNormalizer(std::string text) : text_(std::move(text)) {}
  Status apply(const AlignedText& from, AlignedText& to) const override {
    Rewriter out(from, to);
    if (!from.empty()) out.add(text_, from.origin(0, sequence_size(from.bytes()[0])));
    out.keep_to(from.size());
    out.finish();
    return {};
  }
  bool local(AsciiMap&) const override { return false; }

 private:
  std::string text_;
};

// Every byte becomes the printable character that stands for it.
class ByteLevelNormalizer final : public Normalizer {
 public:
  Status apply(const AlignedText& from, AlignedText& to) const override {
    Rewriter out(from, to);
    const std::string_view text = from.bytes();
    while (out.position() < text.size()) {
      const std::size_t at = out.position();
      const std::size_t size = sequence_size(text[at]);
      out.replace(byte_character(text[at]));
      for (std::size_t i = 1; i < size; ++i) out.add(byte_character(text[at + i]));
    }
    out.finish();
    return {};
  }
  bool local(AsciiMap&) const override { return false; }
};

class ReplaceNormalizer final : public Normalizer {
 public:
  ReplaceNormalizer(std::string literal, std::string by) : literal_(std::move(literal)), by_(std::move(by)) {}
  Status apply(const AlignedText& from, AlignedText& to) const override {
    const std::string_view text = from.bytes();
    Rewriter out(from, to);
    for (;;) {
      const std::size_t found = literal_.empty() ? std::string_view::npos : text.find(literal_, out.position());
      if (found == std::string_view::npos) break;
      out.keep_to(found);
      out.drop_to(found + literal_.size());
      out.add(by_);
    }
    out.keep_to(text.size());
    out.finish();
    return {};
  }
  bool local(AsciiMap& map) const override {
    if (literal_.size() != 1 || by_.size() != 1 || (static_cast<unsigned char>(literal_[0] | by_[0]) & 0x80) != 0) {
      return false;
    }
    map = identity_map();
    map[static_cast<unsigned char>(literal_[0])] = static_cast<std::uint8_t>(by_[0]);
    return true;
  }

 private:
  std::string literal_;
  std::string by_;
};

}  // namespace

NormalizerPtr lowercase_normalizer() { return std::make_unique<LowercaseNormalizer>(); }
NormalizerPtr strip_accents_normalizer() { return std::make_unique<StripAccentsNormalizer>(); }
NormalizerPtr nmt_normalizer() { return std::make_unique<NmtNormalizer>(); }
NormalizerPtr strip_normalizer(bool left, bool right) { return std::make_unique<StripNormalizer>(left, right); }
NormalizerPtr prepend_normalizer(std::string text) { return std::make_unique<PrependNormalizer>(std::move(text)); }
NormalizerPtr byte_level_normalizer() { return std::make_unique<ByteLevelNormalizer>(); }
NormalizerPtr replace_normalizer(std::string literal, std::string by) {
  return std::make_unique<ReplaceNormalizer>(std::move(literal), std::move(by));
}

}  // namespace isogloss::tokens
