// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "core/test_support.hpp"
#include "evaluate/tasks/word_data.hpp"
#include "isogloss/bias.hpp"
#include "isogloss/evaluate.hpp"

namespace isogloss {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Six words on a plane: two at 0 degrees, two at 90 and two between.
class WordTasks : public testing::Test {
 protected:
  WordTasks() { write("m.vec", "6 2\nking 1 0 \nman 1 0.1 \nqueen 0 1 \nwoman 0.1 1 \nPear 1 1 \nplum 0.9 1 \n"); }
  std::string write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name) << text;
    return (folder_.path() / name).string();
  }
  Result<std::vector<EvalFigure>> run(const std::string& kind, const std::string& text,
                                      const std::string& name = "t.txt", const EvalOptions& options = {}) {
    Context context;
    return evaluate((folder_.path() / "m.vec").string(), kind + ":" + write(name, text), options, context);
  }
  TemporaryFolder folder_;
};

// Cosines .995, .100, .707: as people order them but for the last, which is missing.
TEST_F(WordTasks, SimilarityIsTheRankCorrelationOfKnownPairs) {
  const auto found = run("words", "king\tman\t9\nKing\tqueen\t1\nking\tplum\t5\nking\tcat\t3\n").value();
  EXPECT_EQ(found[0].metric, "spearman");
  EXPECT_DOUBLE_EQ(found[0].value, 1);
  EXPECT_EQ(found[0].n, 3u);
  EXPECT_EQ(found[0].of, 4u);
  EXPECT_TRUE(std::isnan(run("words", "a b 1\n").value()[0].value)) << "of nothing it is undefined";
  EXPECT_DOUBLE_EQ(run("words", ",word1,word2,score\n0,king,man,9\n1,king,queen,1\n", "t.csv").value()[0].value, 1);
}

TEST_F(WordTasks, AnalogiesAreCountedBySections) {
  const std::string text =
      ": family\nman king woman queen\nking man queen woman\nking man queen cat\n: gram1\nking queen man plum\n";
  const auto found = run("analogy", text).value();
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].metric, "accuracy");
  EXPECT_DOUBLE_EQ(found[0].value, 2.0 / 3);
  EXPECT_EQ(found[0].n, 3u);
  EXPECT_EQ(found[0].of, 4u);
  EXPECT_DOUBLE_EQ(found[1].value, 1) << "semantic";
  EXPECT_DOUBLE_EQ(found[2].value, 0) << "syntactic";
}

// "pear" is Pear by word2vec's rules alone; the last of the vocabulary may be cut off.
TEST_F(WordTasks, ConventionsDifferInCase) {
  EvalOptions options;
  EXPECT_EQ(run("analogy", "king man plum pear\n", "t.txt", options)->at(0).n, 0u);
  options.convention = "word2vec";
  EXPECT_EQ(run("analogy", "king man plum pear\n", "t.txt", options)->at(0).n, 1u);
  EXPECT_DOUBLE_EQ(run("analogy", "KING man plum pear\n", "t.txt", options)->at(0).value, 1);
  options.vocabulary = 5;
  EXPECT_EQ(run("analogy", "king man plum pear\n", "t.txt", options)->at(0).n, 0u);
  options.convention = "gensim";
  EXPECT_THAT(run("analogy", "a b c d\n", "t.txt", options).error().message, HasSubstr("glove or word2vec"));
}

TEST_F(WordTasks, CategoriesAreFoundByClusters) {
  const auto found =
      run("categories", ",category,word\n0,m,king\n1,m,man\n2,w,queen\n3,w,woman\n4,w,cat\n", "t.csv").value();
  EXPECT_DOUBLE_EQ(found[0].value, 1);
  EXPECT_EQ(found[0].n, 4u);
  EXPECT_EQ(found[0].of, 5u);
}

TEST_F(WordTasks, OutliersAreTheWordsFarthestFromTheOthers) {
  const auto found =
      run("outliers", ",category,outliers,words\n0,x,\"['queen', 'man', '']\",\"['king', 'man', 'pear']\"\n", "t.csv")
          .value();
  EXPECT_EQ(found[0].n, 2u);
  EXPECT_DOUBLE_EQ(found[0].value, 0.5) << "queen is found, man is not";
}

TEST_F(WordTasks, BiasIsTheAssociationOfTwoTargets) {
  const auto found = run("bias", R"({"t": {"X_key": "x", "Y_key": "y", "A_key": "a", "B_key": "b", "x": ["king", "cat"],
      "y": ["queen"], "a": ["man"], "b": ["woman"]}, "other": {"W_key": "x"}})")
                         .value();
  ASSERT_EQ(found.size(), 4u);
  EXPECT_NEAR(found[0].value, std::sqrt(2.0), 1e-12) << "of one word each";
  EXPECT_EQ(found[0].n, 4u);
  EXPECT_EQ(found[0].of, 5u);
  EXPECT_DOUBLE_EQ(found[1].value, 0.5);
  EXPECT_EQ(found[2].metric, "rnsb");
  EXPECT_EQ(found[3].metric, "mac");
  EXPECT_THAT(run("bias", "{}").error().message, HasSubstr("no association test"));
}

// king (1, 0) is as far from queen (0, 1), 1, as queen is; twice the same word is once. With three lists of targets
// there is no WEAT, with one of attributes no RNSB.
TEST_F(WordTasks, BiasTakesAnyNumberOfLists) {
  const std::string three = R"({"t": {"targ1": {"examples": ["king", "king"]}, "targ2": {"examples": ["queen"]},
      "targ3": {"examples": ["plum"]}, "attr1": {"examples": ["man"]}, "attr2": {"examples": ["woman"]}}})";
  const auto found = run("bias", three).value();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].metric, "rnsb");
  EXPECT_GT(found[0].value, 0);
  EXPECT_EQ(found[0].of, 5u);
  const auto one =
      run("bias", R"({"targ1": {"examples": ["king"]}, "attr1": {"examples": ["queen", "king"]}})").value();
  ASSERT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0].metric, "mac");
  EXPECT_NEAR(one[0].value, 0.5, 1e-12) << "the mean of 1 and 0";
}

TEST_F(WordTasks, HardDebiasingLeavesNeutralWordsInTheMiddle) {
  DebiasOptions options;
  options.pairs = {{"king", "queen"}};
  Context context;
  const std::string target = (folder_.path() / "fair.vec").string();
  const DebiasSummary summary = debias_words((folder_.path() / "m.vec").string(), target, options, context).value();
  EXPECT_EQ(summary.neutral, 4u);
  EXPECT_EQ(summary.equalized, 1u);
  EXPECT_NEAR(summary.share_after, 0, 1e-6);
  const auto words = evaluation::WordVectorsOf::open(target, context).value();
  for (const char* word : {"man", "Pear"}) {
    EXPECT_NEAR(words.cosine(*words.find(word), *words.find("king")),
                words.cosine(*words.find(word), *words.find("queen")), 1e-5);
  }
  EXPECT_EQ(debias_words(target, target, options, context).error().code, Code::already_exists);
  options.method = "harsh";
  EXPECT_THAT(debias_words(target, "x.vec", options, context).error().message, HasSubstr("hard or soft"));
  options = {.pairs = {{"cat", "dog"}}, .equalize = {}, .keep = {}};
  EXPECT_THAT(debias_words(target, (folder_.path() / "y.vec").string(), options, context).error().message,
              HasSubstr("--pairs"));
  EXPECT_THAT(debias_words(target, (folder_.path() / "y.doc").string(), options, context).error().message,
              HasSubstr(".vec"));
}

TEST_F(WordTasks, FaultsAreNamed) {
  EXPECT_THAT(run("words", "a b\n").error().message, HasSubstr("line 1 has 2 cells"));
  EXPECT_THAT(run("words", "a b c\n").error().message, HasSubstr("no score"));
  EXPECT_THAT(run("analogy", "a b c\n").error().message, HasSubstr("4 words"));
  EXPECT_THAT(run("wrods", "").error().message, HasSubstr("Did you mean 'words:...'?"));
  EvalOptions options;
  options.metrics = {"recall"};
  EXPECT_THAT(run("words", "a b 1\n", "t.txt", options).error().message, HasSubstr("It has: spearman, pearson"));
}

TEST(StringList, IsReadAsPythonWritesIt) {
  using evaluation::parse_string_list;
  EXPECT_THAT(*parse_string_list(R"(['a', "b's", '', 'c\'d'])", "x"), ElementsAre("a", "b's", "c'd"));
  EXPECT_TRUE(parse_string_list("[]", "x")->empty());
  for (const char* broken : {"", "[", "a, b", "['a]", "['a' 5]"})
    EXPECT_FALSE(parse_string_list(broken, "x")) << broken;
}

}  // namespace
}  // namespace isogloss
