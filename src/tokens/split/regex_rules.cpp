// SPDX-License-Identifier: Apache-2.0
// Splitters whose delimiters are matches of a pattern or a literal text.
#include "tokens/pipeline/regex.hpp"
#include "tokens/split/cut.hpp"
#include "tokens/split/known_patterns.hpp"
#include "tokens/split/splitter.hpp"

namespace isogloss::tokens {
namespace {

// Reports matches and what lies between them.
class StretchReporter {
 public:
  StretchReporter(std::uint32_t offset, Cutter& cutter, bool invert)
      : offset_(offset), cutter_(cutter), invert_(invert) {}
  void match(std::size_t begin, std::size_t end) {
    report(last_, begin, false);
    report(begin, end, true);
    last_ = end;
  }
  void finish(std::size_t size) { report(last_, size, false); }

 private:
  void report(std::size_t begin, std::size_t end, bool is_match) {
    cutter_.stretch(offset_ + static_cast<std::uint32_t>(begin), offset_ + static_cast<std::uint32_t>(end),
                    is_match != invert_);
  }
  std::uint32_t offset_;
  Cutter& cutter_;
  bool invert_;
  std::size_t last_ = 0;
};

class RegexSplitter final : public Splitter {
 public:
  RegexSplitter(std::shared_ptr<const Regex> regex, Delimiter delimiter, bool invert)
      : regex_(std::move(regex)), delimiter_(delimiter), invert_(invert) {}
  Status apply(SplitState& state) const override {
    Status status;
    cut_words(state, delimiter_, [&](std::string_view text, std::uint32_t offset, Cutter& cutter) {
      if (!status) return;
      StretchReporter reporter(offset, cutter, invert_);
      const auto found = [&](std::size_t begin, std::size_t end) { reporter.match(begin, end); };
      status = regex_->each_match(text, found, [&](std::size_t at) { return state.text->place(offset + at); });
      reporter.finish(text.size());
    });
    return status;
  }

 private:
  std::shared_ptr<const Regex> regex_;
  Delimiter delimiter_;
  bool invert_;
};

class LiteralSplitter final : public Splitter {
 public:
  LiteralSplitter(std::string literal, Delimiter delimiter, bool invert)
      : literal_(std::move(literal)), delimiter_(delimiter), invert_(invert) {}
  Status apply(SplitState& state) const override {
    cut_words(state, delimiter_, [this](std::string_view text, std::uint32_t offset, Cutter& cutter) {
      StretchReporter reporter(offset, cutter, invert_);
      std::size_t at = literal_.empty() ? std::string_view::npos : text.find(literal_);
      while (at != std::string_view::npos) {
        reporter.match(at, at + literal_.size());
        at = text.find(literal_, at + literal_.size());
      }
      reporter.finish(text.size());
    });
    return {};
  }

 private:
  std::string literal_;
  Delimiter delimiter_;
  bool invert_;
};

}  // namespace

SplitterPtr literal_splitter(std::string literal, Delimiter delimiter, bool invert) {
  return std::make_unique<LiteralSplitter>(std::move(literal), delimiter, invert);
}

Result<SplitterPtr> regex_splitter(std::string_view pattern, Delimiter delimiter, bool invert, std::string_view owner) {
  SplitterPtr known;
  // tiktoken's cl100k reads \p{N}{1,3}+ as a possessive interval, Oniguruma as a repeated one.
  const bool other_meaning = pattern == known_pattern("cl100k");
  if (delimiter == Delimiter::isolated && !other_meaning) known = known_pattern_splitter(pattern);
  if (delimiter == Delimiter::removed && invert) known = known_removing_splitter(pattern);
  if (known != nullptr) return known;
  return SplitterPtr(std::make_unique<RegexSplitter>(IG_TRY(Regex::compile(pattern, owner)), delimiter, invert));
}

}  // namespace isogloss::tokens
