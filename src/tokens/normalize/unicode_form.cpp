// SPDX-License-Identifier: Apache-2.0
// The four normalisation forms (Unicode Standard Annex 15) with origins. The order of marks and the way a composed
// character swallows what it was made of follow unicode-normalization-alignments 0.1.12, which the Hugging Face library
// uses: every output character carries a change, and changes travel with their characters when marks are reordered.
#include <algorithm>
#include <vector>

#include "tokens/normalize/normalizer.hpp"
#include "tokens/normalize/reference_unicode.hpp"

namespace isogloss::tokens {
namespace {

// > 0: added behind what was read; else: replaces the next old character and swallows -change further ones.
struct Changed {
  char32_t code_point;
  int change;
  std::uint8_t combining_class;
};

void decompose_all(std::string_view text, Decomposing form, std::vector<Changed>& out) {
  out.clear();
  std::size_t sorted = 0;  // marks in front of it are in their final order
  const auto sort_marks = [&] {
    std::stable_sort(out.begin() + static_cast<std::ptrdiff_t>(sorted), out.end(),
                     [](const Changed& a, const Changed& b) { return a.combining_class < b.combining_class; });
    sorted = out.size();
  };
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p < end) {
    const char32_t c = read_code_point(p);
    p += sequence_size(*p);
    char32_t hangul[3];
    int change = 0;
    for (const char32_t part : reference_decompose(c, form, hangul)) {
      const std::uint8_t combining_class = reference_combining_class(part);
      if (combining_class == 0) sort_marks();
      out.push_back({part, change, combining_class});
      change = 1;
    }
  }
  sort_marks();
}

// Joins what composes (UAX 15, D117). Writes over its input: the output is never longer.
void compose_all(std::vector<Changed>& text) {
  std::size_t written = 0;
  std::size_t starter = SIZE_MAX;  // index of the last starter in the output
  int last_class = -1;             // of the marks behind it that did not compose; -1 = none
  for (std::size_t i = 0; i < text.size(); ++i) {
    const Changed now = text[i];
    const bool blocked = last_class >= static_cast<int>(now.combining_class);
    if (starter != SIZE_MAX && !(last_class >= 0 && blocked)) {
      if (const char32_t composed = reference_compose(text[starter].code_point, now.code_point); composed != 0) {
        text[starter].code_point = composed;
        text[starter].change += now.change - 1;
        continue;
      }
    }
    if (now.combining_class == 0) {
      starter = written;
      last_class = -1;
    } else if (starter != SIZE_MAX) {
      last_class = now.combining_class;
    }
    text[written++] = now;
  }
  text.resize(written);
}

class FormNormalizer final : public Normalizer {
 public:
  explicit FormNormalizer(UnicodeForm form)
      : form_(form == UnicodeForm::nfc || form == UnicodeForm::nfd ? Decomposing::canonical : Decomposing::compatible),
        composing_(form == UnicodeForm::nfc || form == UnicodeForm::nfkc) {}

  Status apply(const AlignedText& from, AlignedText& to) const override {
    std::vector<Changed> changed;
    decompose_all(from.bytes(), form_, changed);
    if (composing_) compose_all(changed);
    Rewriter out(from, to);
    for (const Changed& c : changed) {
      if (c.change > 0) {
        out.add(c.code_point);
      } else {
        out.replace(c.code_point, static_cast<std::size_t>(-c.change));
      }
    }
    out.finish();
    return {};
  }

  bool local(AsciiMap& map) const override {
    map = identity_map();
    return true;
  }

 private:
  Decomposing form_;
  bool composing_;
};

}  // namespace

NormalizerPtr unicode_normalizer(UnicodeForm form) { return std::make_unique<FormNormalizer>(form); }

}  // namespace isogloss::tokens
