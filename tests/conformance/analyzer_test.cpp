// SPDX-License-Identifier: Apache-2.0
// What every preset of the Analyzer promises.
#include <algorithm>
#include <thread>

#include "core/utf8.hpp"
#include "isogloss/tokens.hpp"
#include "support.hpp"

namespace isogloss::conformance {
namespace {

class AnalyzerConformance : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const auto spec = analyzer_preset(GetParam());
    ASSERT_TRUE(spec) << spec.error().message;
    spec_ = *spec;
    const auto made = make_analyzer(spec_);
    ASSERT_TRUE(made) << made.error().message;
    analyzer_ = *made;
  }
  AnalyzerSpec spec_;
  AnalyzerPtr analyzer_;
};

std::vector<std::string> texts() {
  std::vector<std::string> out = probe_texts();
  out.push_back("Don't panic: 3.14 is it's own thing, U.S.A. e-mail foo_bar");
  out.push_back(
      "\xC3\x84rger stra\xC3\x9F"
      "e \xC3\x89t\xC3\xA9s l'avion d'\xC3\xA9"
      "cole \xCE\xA3\xCE\x91\xCE\xA3");
  out.push_back(
      "\xE6\x9D\xB1\xE4\xBA\xAC\xE9\x83\xBD \xE3\x81\xB2\xE3\x82\x89 \xE3\x82\xAB\xE3\x82\xBF "
      "\xE0\xB8\x81\xE0\xB8\xB2");
  out.push_back("e\xCC\x81 \xF0\x9F\x91\xA8\xE2\x80\x8D\xF0\x9F\x91\xA9 \xEF\xAC\x81sh \xC4\xB0stanbul");
  out.push_back("\xED\xA0\x80 \xC0\x80 \xF8\x88\x80\x80\x80 \xE2\x82 \xF0\x9F end");
  out.push_back(std::string(70000, 'a') + " b");
  return out;
}

// Byte offsets where a code point, or a malformed sequence, starts; and the end.
std::vector<bool> borders(const std::string& text) {
  std::vector<bool> at(text.size() + 1);
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p < end; p += utf8_decode(p, end).size)
    at[static_cast<std::size_t>(p - text.data())] = true;
  at[text.size()] = true;
  return at;
}

TEST_P(AnalyzerConformance, OffsetsLieOnBordersAndPositionsAscend) {
  std::vector<Term> terms;
  for (const std::string& text : texts()) {
    analyzer_->analyze(text, terms);
    const std::vector<bool> border = borders(text);
    for (std::size_t i = 0; i < terms.size(); ++i) {
      const Term& term = terms[i];
      ASSERT_LE(term.begin, term.end);
      ASSERT_LE(term.end, text.size());
      EXPECT_TRUE(border[term.begin] && border[term.end]) << term.text.substr(0, 40) << " in " << text.substr(0, 40);
      EXPECT_FALSE(term.text.empty());
      EXPECT_TRUE(utf8_valid(term.text)) << term.text.substr(0, 40);
      if (i == 0) continue;
      EXPECT_GT(term.position, terms[i - 1].position);
      EXPECT_GE(term.begin, terms[i - 1].begin);
    }
  }
}

TEST_P(AnalyzerConformance, EmptyAndBlankTextsHaveNoTerms) {
  std::vector<Term> terms{Term{}};
  for (const char* text : {"", " ", "\t\n \r"}) {
    analyzer_->analyze(text, terms);
    EXPECT_TRUE(terms.empty());
  }
}

TEST_P(AnalyzerConformance, JsonRoundTripIsTheSameAnalyzer) {
  const std::string json = to_json(analyzer_->spec());
  const auto spec = analyzer_spec_from_json(json, "analysis.json");
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(*spec, analyzer_->spec());
  EXPECT_EQ(to_json(*spec), json);
  const auto again = make_analyzer(*spec);
  ASSERT_TRUE(again) << again.error().message;
  std::vector<Term> expected, got;
  for (const std::string& text : texts()) {
    analyzer_->analyze(text, expected);
    (*again)->analyze(text, got);
    EXPECT_EQ(got, expected) << text.substr(0, 40);
  }
}

TEST(AnalyzerSpec, MustBeAnObject) {
  for (const char* json : {"[]", "7", "null"})
    EXPECT_EQ(analyzer_spec_from_json(json, "x").error().code, Code::corrupt_data);
}

TEST_P(AnalyzerConformance, ThreadsShareOneObject) {
  std::vector<std::string> all = texts();
  std::erase_if(all, [](const std::string& text) { return text.size() > 100'000; });
  std::vector<std::vector<Term>> expected(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) analyzer_->analyze(all[i], expected[i]);
  std::vector<int> wrong(4, 0);
  {
    std::vector<std::jthread> threads;
    for (int& count : wrong) {
      threads.emplace_back([&] {
        std::vector<Term> terms;
        for (int round = 0; round < 2; ++round) {
          for (std::size_t i = 0; i < all.size(); ++i) {
            analyzer_->analyze(all[i], terms);
            count += terms == expected[i] ? 0 : 1;
          }
        }
      });
    }
  }
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

std::string preset_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Presets, AnalyzerConformance, testing::ValuesIn(analyzer_presets()), preset_name);

}  // namespace
}  // namespace isogloss::conformance
