// SPDX-License-Identifier: Apache-2.0
#include "tokens/analysis/text_analyzer.hpp"

#include <algorithm>

#include "core/assert.hpp"
#include "tokens/analysis/stop_words.hpp"

namespace isogloss {
namespace tokens {

Result<std::shared_ptr<const TextAnalyzer>> TextAnalyzer::make(const AnalyzerSpec& spec) {
  std::shared_ptr<TextAnalyzer> analyzer(new TextAnalyzer());
  analyzer->spec_ = spec;
  analyzer->stems_ = IG_TRY(make_stemmer(spec.stemmer)) != nullptr;
  for (const std::string_view word : IG_TRY(stop_list(spec.stop_list))) analyzer->stop_words_.insert(word);
  for (const std::string& word : spec.stop_words) analyzer->stop_words_.insert(std::string_view(word));
  switch (spec.words) {
    case WordRule::letters:
      analyzer->runs_ = RunPattern{CharClass::letters, 1};
      break;
    case WordRule::blank:
      analyzer->runs_ = RunPattern{CharClass::not_blank, 1};
      break;
    case WordRule::standard:
      break;
    case WordRule::pattern:
      analyzer->runs_ = as_run_pattern(spec.pattern);
      if (!analyzer->runs_) analyzer->pattern_ = IG_TRY(WordPattern::compile(spec.pattern));
      break;
  }
  if (analyzer->runs_) analyzer->runs_->min_length = std::max(analyzer->runs_->min_length, spec.min_length);
  return analyzer;
}

void TextAnalyzer::normalize(std::string_view text, Offsets offsets, WordBuffer& out) const {
  normalize_text(text, spec_.lower_case, spec_.accents, offsets, out);
}

void TextAnalyzer::split(std::string_view text, Offsets offsets, WordBuffer& out) const {
  IG_ASSERT(text.size() < 0xFFFFFF00u);
  normalize(text, offsets, out);
  if (runs_) {
    split_runs(runs_->char_class, runs_->min_length, out);
  } else if (pattern_ != nullptr) {
    pattern_->split(out);
  } else {
    split_standard(out);
  }
  if (spec_.possessive == Possessive::strip) {
    strip_possessives(spec_.words == WordRule::letters ? Apostrophes::outside : Apostrophes::inside, out);
  }
  if (!runs_) drop_short_words(spec_.min_length, out);
  cut_long_words(spec_.max_length, out);
}

WordMapper TextAnalyzer::mapper() const {
  // make() has made this stemmer once already, so its name is known.
  return WordMapper(stop_words_, std::move(make_stemmer(spec_.stemmer)).value());
}

void TextAnalyzer::analyze(std::string_view text, std::vector<Term>& out) const {
  WordBuffer buffer;
  split(text, Offsets::keep, buffer);
  WordMapper map = mapper();
  std::size_t used = 0;
  for (std::size_t i = 0; i < buffer.words().size(); ++i) {
    const WordRange range = buffer.words()[i];
    const std::optional<std::string_view> term = map.map(buffer.word(range));
    if (!term) continue;
    if (used == out.size()) out.emplace_back();
    const WordRange source = buffer.source(range);
    out[used].text = *term;
    out[used].begin = source.begin;
    out[used].end = source.end;
    out[used].position = static_cast<std::uint32_t>(i);
    ++used;
  }
  out.resize(used);
}

}  // namespace tokens

Result<AnalyzerPtr> make_analyzer(const AnalyzerSpec& spec) { return IG_TRY(tokens::TextAnalyzer::make(spec)); }

}  // namespace isogloss
