// SPDX-License-Identifier: Apache-2.0
#include "tokens/analysis/text_analyzer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/parallel.hpp"
#include "core/utf8.hpp"
#include "tokens/analysis/analysis_test_support.hpp"

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Analyzer, EnglishDropsStopWordsAndPossessivesAndStems) {
  EXPECT_THAT(terms_of("english", "The dog's barking at John\u2019s cats"), ElementsAre("dog", "bark", "john", "cat"));
}

TEST(Analyzer, TermsKnowTheirBytesAndPositions) {
  std::vector<Term> terms;
  make_analyzer(analyzer_preset("english").value()).value()->analyze("The Dogs of war", terms);
  EXPECT_THAT(terms, ElementsAre(Term{"dog", 4, 8, 1}, Term{"war", 12, 15, 3}));
}

TEST(Analyzer, SimpleKeepsEverythingInLowerCase) {
  EXPECT_THAT(terms_of("simple", "It's a Na\u00efve_Caf\u00e9, 3rd!"),
              ElementsAre("it", "s", "a", "na\u00efve_caf\u00e9", "3rd"));
  EXPECT_THAT(terms_of("simple", ""), IsEmpty());
  EXPECT_THAT(terms_of("simple", "...  \n"), IsEmpty());
}

// Facts of Lucene 9's StandardAnalyzer and EnglishAnalyzer.
TEST(Analyzer, LuceneEnglishBehavesAsLucene) {
  EXPECT_THAT(terms_of("lucene-english", "The Horses' owner isn't in Bob's U.S. office"),
              ElementsAre("hors", "owner", "isn't", "bob", "u.", "offic"));
  EXPECT_THAT(terms_of("lucene-english", "3.14 1,000 can't foo_bar a.b wi-fi C++"),
              ElementsAre("3.14", "1,000", "can't", "foo_bar", "a.b", "wi", "fi", "c"));
}

TEST(Analyzer, SklearnKeepsWordsOfTwoOrMoreCharacters) {
  EXPECT_THAT(terms_of("sklearn", "A cat, \u00c9t\u00e9 \u00e0 I'm x2 _ __"),
              ElementsAre("cat", "\u00e9t\u00e9", "x2", "__"));
}

TEST(Analyzer, AccentsAreStrippedBeforeWordsAreSplit) {
  AnalyzerSpec spec = analyzer_preset("sklearn").value();
  spec.accents = Accents::unicode;
  EXPECT_THAT(terms_of(spec, "Caf\u00e9 cafe\u0301 1\u00bd0 \ufb01ne"),
              ElementsAre("cafe", "cafe", "11", "20", "fine"));
  spec.accents = Accents::ascii;
  EXPECT_THAT(terms_of(spec, "\u0391\u03b1\u03b1 na\u00efve"), ElementsAre("naive"));
}

TEST(Analyzer, OffsetsHoldWhenLengthsChange) {
  AnalyzerSpec spec = analyzer_preset("sklearn").value();
  spec.accents = Accents::unicode;
  const std::string text = "\u0130stanbul \u00e9t\u00e9 cafe\u0301 bar \ufb01ne x";
  std::vector<Term> terms;
  make_analyzer(spec).value()->analyze(text, terms);
  std::vector<std::string> sources;
  for (const Term& term : terms) sources.push_back(text.substr(term.begin, term.end - term.begin));
  EXPECT_THAT(sources, ElementsAre("\u0130stanbul", "\u00e9t\u00e9", "cafe\u0301", "bar", "\ufb01ne"));
}

TEST(Analyzer, MalformedBytesSplitWordsAndNothingElse) {
  EXPECT_THAT(terms_of("simple", "good\xFFword \xE2\x82"), ElementsAre("good", "word"));
}

TEST(Analyzer, LongWordsAreCutWhenAskedFor) {
  const std::string word(600, 'x');
  const auto terms = terms_of("lucene-english", word);
  ASSERT_EQ(terms.size(), 3u);
  EXPECT_EQ(terms[0].size(), 255u);
  EXPECT_EQ(terms[2].size(), 90u);
  EXPECT_EQ(terms_of("simple", word).size(), 1u);
}

TEST(Analyzer, OneObjectServesManyThreads) {
  const auto analyzer = make_analyzer(analyzer_preset("german").value()).value();
  ThreadPool pool(4);
  Context context;
  context.pool = &pool;
  std::vector<int> right(64, 0);
  parallel_for(context, right.size(), 1, [&](std::size_t begin, std::size_t) {
    std::vector<Term> terms;
    for (int i = 0; i < 100; ++i) analyzer->analyze("Die H\u00e4user der Stra\u00dfen", terms);
    right[begin] = terms.size() == 2 && terms[0].text == "haus" && terms[1].text == "strass" ? 1 : 0;
  });
  EXPECT_THAT(right, testing::Each(1));
}

TEST(AnalyzerSpec, EveryPresetSurvivesJsonAndMakesAnAnalyzer) {
  for (const std::string& name : analyzer_presets()) {
    const AnalyzerSpec spec = analyzer_preset(name).value();
    EXPECT_EQ(spec.name, name);
    EXPECT_EQ(analyzer_spec_from_json(to_json(spec), "test").value(), spec);
    EXPECT_TRUE(make_analyzer(spec)) << name;
  }
}

TEST(AnalyzerSpec, FaultsNameTheNearestAndTheProperty) {
  EXPECT_THAT(analyzer_preset("englich").error().message, testing::HasSubstr("'english'"));
  AnalyzerSpec spec;
  spec.stemmer = "portr";
  EXPECT_THAT(make_analyzer(spec).error().message, testing::HasSubstr("'porter'"));
  spec = {};
  spec.words = WordRule::pattern;
  spec.pattern = "(a";
  EXPECT_EQ(make_analyzer(spec).error().code, Code::invalid_argument);
  EXPECT_THAT(analyzer_spec_from_json(R"({"word":"x"})", "a.json").error().message, testing::HasSubstr("'word'"));
}

}  // namespace
}  // namespace isogloss::tokens
