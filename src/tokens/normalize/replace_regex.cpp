// SPDX-License-Identifier: Apache-2.0
#include "tokens/normalize/normalizer.hpp"
#include "tokens/normalize/reference_unicode.hpp"
#include "tokens/pipeline/regex.hpp"

namespace isogloss::tokens {
namespace {

class ReplaceRegexNormalizer final : public Normalizer {
 public:
  ReplaceRegexNormalizer(std::shared_ptr<const Regex> regex, std::string by)
      : regex_(std::move(regex)), by_(std::move(by)) {}
  Status apply(const AlignedText& from, AlignedText& to) const override {
    Rewriter out(from, to);
    const auto found = [&](std::size_t begin, std::size_t end) {
      out.keep_to(begin);
      out.drop_to(end);
      out.add(by_);
    };
    IG_TRY(regex_->each_match(from.bytes(), found, [&](std::size_t at) { return from.place(at); }));
    out.keep_to(from.size());
    out.finish();
    return {};
  }
  bool local(AsciiMap&) const override { return false; }

 private:
  std::shared_ptr<const Regex> regex_;
  std::string by_;
};

// "\s+" -> " ", which CLIP's files have: the same without a regular expression, and text that has single blanks only is
// not copied.
class CollapseSpaces final : public Normalizer {
 public:
  Status apply(const AlignedText& from, AlignedText& to) const override {
    Rewriter out(from, to);
    const std::string_view text = from.bytes();
    std::size_t at = 0;
    while (at < text.size()) {
      const std::size_t begin = at;
      while (at < text.size() && is_reference_space(read_code_point(text.data() + at))) at += sequence_size(text[at]);
      if (at == begin) {
        at += sequence_size(text[at]);
      } else if (at != begin + 1 || text[begin] != ' ') {
        out.keep_to(begin);
        out.drop_to(at);
        out.add(" ");
      }
    }
    out.keep_to(text.size());
    out.finish();
    return {};
  }
  bool local(AsciiMap&) const override { return false; }
};

}  // namespace

Result<NormalizerPtr> replace_regex_normalizer(std::string_view pattern, std::string by, std::string_view owner) {
  if (pattern == "\\s+" && by == " ") return NormalizerPtr(std::make_unique<CollapseSpaces>());
  return NormalizerPtr(std::make_unique<ReplaceRegexNormalizer>(IG_TRY(Regex::compile(pattern, owner)), std::move(by)));
}

}  // namespace isogloss::tokens
