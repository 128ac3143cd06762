// SPDX-License-Identifier: Apache-2.0
#include "tokens/analysis/porter.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <sstream>

#include "core/test_support.hpp"

namespace isogloss::tokens {
namespace {

std::string stem(std::string_view word, PorterVariant variant) {
  std::string out;
  porter_stem(word, variant, out);
  return out;
}

// Examples of the paper.
TEST(Porter, StemsTheExamplesOfThePaper) {
  for (const auto& [word, expected] : {std::pair{"caresses", "caress"},
                                       {"ponies", "poni"},
                                       {"agreed", "agre"},
                                       {"motoring", "motor"},
                                       {"hopping", "hop"},
                                       {"relational", "relat"},
                                       {"generalizations", "gener"},
                                       {"oscillators", "oscil"},
                                       {"controll", "control"}}) {
    EXPECT_EQ(stem(word, PorterVariant::original), expected) << word;
  }
}

TEST(Porter, VariantsDifferWhereTheirAuthorsSay) {
  EXPECT_EQ(stem("possibly", PorterVariant::original), "possibli");
  EXPECT_EQ(stem("possibly", PorterVariant::martin), "possibl");
  EXPECT_EQ(stem("as", PorterVariant::original), "a");
  EXPECT_EQ(stem("as", PorterVariant::martin), "as");
  EXPECT_EQ(stem("dying", PorterVariant::nltk), "die");
}

TEST(Porter, LettersOutsideAsciiAreConsonants) {
  EXPECT_EQ(stem("caf\xC3\xA9s", PorterVariant::martin), "caf\xC3\xA9");
  EXPECT_EQ(stem("\xC3\xA9\xC3\xA9", PorterVariant::martin), "\xC3\xA9\xC3\xA9");
}

std::vector<std::string> zip_lines(const std::filesystem::path& zip, const std::string& member) {
  const std::string command = "unzip -p '" + zip.string() + "' porter_test/" + member;
  std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string text;
  char buffer[65536];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, pipe.get())) > 0;) text.append(buffer, n);
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    if (line.ends_with('\r')) line.pop_back();
    lines.push_back(line);
  }
  return lines;
}

TEST(Porter, EqualsTheGoldenVocabularyInAllVariants) {
  IG_REQUIRE_DATA(zip, "eval/porter_stemmer_vocabulary/porter_test.zip");
  const auto words = zip_lines(zip, "porter_vocabulary.txt");
  if (words.empty()) GTEST_SKIP() << "unzip is not installed";
  ASSERT_EQ(words.size(), 23531u);
  for (const auto& [variant, file] : {std::pair{PorterVariant::original, "porter_original_output.txt"},
                                      {PorterVariant::martin, "porter_martin_output.txt"},
                                      {PorterVariant::nltk, "porter_nltk_output.txt"}}) {
    const auto stems = zip_lines(zip, file);
    ASSERT_EQ(stems.size(), words.size());
    for (std::size_t i = 0; i < words.size(); ++i) EXPECT_EQ(stem(words[i], variant), stems[i]) << words[i] << file;
  }
}

}  // namespace
}  // namespace isogloss::tokens
