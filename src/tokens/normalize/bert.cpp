// SPDX-License-Identifier: Apache-2.0
// BERT's clean-up (Devlin et al. 2018, tokenization.py), as the Hugging Face library does it: control characters go,
// white space becomes blanks, CJK ideographs stand alone, accents go, then lower case. Each step reads the whole text
// before the next one starts; that matters where a step makes what the next one looks at.
#include "tokens/normalize/each_character.hpp"
#include "tokens/normalize/normalizer.hpp"
#include "tokens/normalize/reference_unicode.hpp"

namespace isogloss::tokens {
namespace {

bool is_dropped(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  return c == 0 || c == kReplacement || is_reference_other(c);
}

bool is_blank(char32_t c) { return c == '\t' || c == '\n' || c == '\r' || is_reference_space(c); }

// The blocks of tokenization.py; hiragana, katakana and hangul are written with blanks or have pieces of their own.
bool is_ideograph(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) || (c >= 0x20000 && c <= 0x2A6DF) ||
         (c >= 0x2A700 && c <= 0x2B73F) || (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

class BertNormalizer final : public Normalizer {
 public:
  explicit BertNormalizer(const BertRules& rules) {
    if (rules.clean_text) steps_.push_back(&clean);
    if (rules.handle_chinese_chars) steps_.push_back(&separate_ideographs);
    if (rules.strip_accents) {
      decompose_ = unicode_normalizer(UnicodeForm::nfd);
      steps_.push_back(nullptr);
      steps_.push_back(&strip_nonspacing);
    }
    if (rules.lowercase) lowercase_ = lowercase_normalizer();
    map_ = identity_map();
    for (std::uint8_t c = 0; c < 128; ++c) {
      if (rules.clean_text) map_[c] = is_dropped(c) ? kComplex : is_blank(c) ? ' ' : c;
      if (rules.lowercase && c >= 'A' && c <= 'Z') map_[c] = static_cast<std::uint8_t>(c + 32);
    }
  }

  Status apply(const AlignedText& from, AlignedText& to) const override {
    AlignedText buffers[2];
    const AlignedText* now = &from;
    std::size_t next = 0;
    const std::size_t last = steps_.size() + (lowercase_ != nullptr ? 1 : 0);
    for (std::size_t i = 0; i < last; ++i) {
      AlignedText& out = i + 1 == last ? to : buffers[next];
      if (i == steps_.size()) {
        IG_TRY(lowercase_->apply(*now, out));
      } else if (steps_[i] == nullptr) {
        IG_TRY(decompose_->apply(*now, out));
      } else {
        steps_[i](*now, out);
      }
      now = &out;
      next = 1 - next;
    }
    if (last == 0) {
      Rewriter out(from, to);
      out.keep_to(from.size());
      out.finish();
    }
    return {};
  }

  bool local(AsciiMap& map) const override {
    map = map_;
    return true;
  }

 private:
  using Step = void (*)(const AlignedText&, AlignedText&);

  static void clean(const AlignedText& from, AlignedText& to) {
    // Two steps in the library, filter and map; a mapped character keeps its origin, so one will do.
    rewrite_characters(
        from, to, [](char32_t c) { return !is_dropped(c); }, [](char32_t c) { return is_blank(c) ? U' ' : c; });
  }

  static void strip_nonspacing(const AlignedText& from, AlignedText& to) {
    rewrite_characters(from, to, [](char32_t c) { return !is_reference_nonspacing(c); }, [](char32_t c) { return c; });
  }

  static void separate_ideographs(const AlignedText& from, AlignedText& to) {
    Rewriter out(from, to);
    const std::string_view text = from.bytes();
    while (out.position() < text.size()) {
      const char32_t c = read_code_point(text.data() + out.position());
      if (is_ideograph(c)) {
        out.replace(U' ');
        out.add(c);
        out.add(U' ');
      } else {
        out.replace(c);
      }
    }
    out.finish();
  }

  std::vector<Step> steps_;  // null = decompose_
  NormalizerPtr decompose_;
  NormalizerPtr lowercase_;
  AsciiMap map_;
};

}  // namespace

NormalizerPtr bert_normalizer(const BertRules& rules) { return std::make_unique<BertNormalizer>(rules); }

}  // namespace isogloss::tokens
