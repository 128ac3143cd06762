// SPDX-License-Identifier: Apache-2.0
// Training that goes on: after an interruption, from a model, with new words; and what a trained model expects where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/file.hpp"
#include "core/random.hpp"
#include "core/test_support.hpp"
#include "model/counting_test_support.hpp"
#include "model/word2vec/word2vec.hpp"
#include "model/word_test_support.hpp"

namespace isogloss::model {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

// Several pieces of text.
tokens::MemoryDataset many_words() { return tokens::MemoryDataset(zipf_lines(6000, 12, 6.5)); }

OptionValues options_of(OptionValues values = {}) {
  values.set("dim", std::int64_t{12});
  values.set("epochs", std::int64_t{3});
  return values;
}

std::filesystem::path written(const TemporaryFolder& folder, const char* name, std::string_view content) {
  EXPECT_TRUE(write_file(folder.path() / name, content));
  return folder.path() / name;
}

// Stopped after the fourth report, then gone on with: nothing tells the difference.
TEST(Word2vecCheckpoint, AnInterruptedRunEndsWithTheSameBits) {
  const auto data = many_words();
  for (const bool hs : {false, true}) {
    TemporaryFolder folder;
    Context context;
    const OptionValues options = options_of({{"hs", hs}});
    const auto whole = word2vec_family().train(data, options, context).value();
    TrainingRun run;
    run.checkpoint = folder.path() / "w.checkpoint";
    int reports = 0;
    const auto resumed =
        stopped_and_resumed(word2vec_family(), data, options, run, [&](const Progress&) { return ++reports == 4; });
    EXPECT_EQ(bits(*resumed), bits(*whole));
    // Another run must not go on from it.
    const auto other = word2vec_family().train_further(data, options_of({{"window", std::int64_t{3}}}), run, context);
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message, HasSubstr("--restart"));
  }
}

TEST(Word2vecCheckpoint, IsWrittenWhenItsTimeHasCome) {
  TemporaryFolder folder;
  Context context;
  TrainingRun run;
  run.checkpoint = folder.path() / "w.checkpoint";
  run.every = std::chrono::duration<double>(0);
  const auto data = many_words();
  const auto model = word2vec_family().train_further(data, options_of(), run, context).value();
  EXPECT_TRUE(std::filesystem::exists(run.checkpoint));
  EXPECT_EQ(bits(*model), bits(*word2vec_family().train(data, options_of(), context).value()));
}

TEST(Word2vecCheckpoint, ABrokenOneIsNamed) {
  TemporaryFolder folder;
  Context context;
  TrainingRun run;
  run.checkpoint = written(folder, "w.checkpoint", "no tensors");
  const auto model = word2vec_family().train_further(many_words(), options_of(), run, context);
  ASSERT_FALSE(model);
  EXPECT_THAT(model.error().message, HasSubstr("w.checkpoint"));
}

std::vector<std::string> repeated(std::initializer_list<std::string> lines, int times) {
  std::vector<std::string> out;
  for (int i = 0; i < times; ++i) out.insert(out.end(), lines);
  return out;
}

OptionValues small_text(OptionValues values = {}) {
  values.set("dim", std::int64_t{12});
  values.set("sample", 0.0);
  values.set("epochs", std::int64_t{30});
  return values;
}

const auto kShips = {std::string("the ship left the harbour in a storm"), std::string("a ship needs sail and harbour")};

TEST(Word2vecFurther, NewWordsJoinThoseThatAreThere) {
  Context context;
  TrainingRun run;
  run.base = train_on(word2vec_family(), repeated(kShips, 100), small_text()).value();
  const tokens::MemoryDataset more(repeated({"the schooner left the harbour in a storm"}, 100));
  const auto further = word2vec_family().train_further(more, {}, run, context).value();
  const auto* words = further->ability<Vocabulary>();
  EXPECT_TRUE(words->find_word("sail"));  // not in the new text
  const auto near = words->near("schooner", 4, context).value();
  EXPECT_THAT(near, Contains(testing::Field(&WordScore::word, "ship")));
  EXPECT_EQ(words->word_dimension(), 12u);
  EXPECT_THAT(further->card().trained_on, HasSubstr(", then "));
  // "the" 100 times there, 200 here.
  EXPECT_EQ(words->word(0), "the");
}

TEST(Word2vecFurther, ATreeKeepsItsWords) {
  Context context;
  TrainingRun run;
  run.base = train_on(word2vec_family(), repeated(kShips, 50), small_text({{"hs", true}})).value();
  const tokens::MemoryDataset more(repeated({"the schooner left the harbour"}, 50));
  const auto further = word2vec_family().train_further(more, {}, run, context).value();
  EXPECT_EQ(further->ability<Vocabulary>()->word_count(), run.base->ability<Vocabulary>()->word_count());
  EXPECT_NE(bits(*further), bits(*run.base));
}

TEST(Word2vecFurther, WhatCannotBeIsRefused) {
  Context context;
  TrainingRun run;
  run.base = train_on(word2vec_family(), repeated(kShips, 50), small_text()).value();
  const tokens::MemoryDataset more(repeated({"the schooner left the harbour"}, 50));
  const auto error = [&](const OptionValues& values) {
    return word2vec_family().train_further(more, values, run, context).error().message;
  };
  EXPECT_THAT(error({{"dim", std::int64_t{20}}}), HasSubstr("keeps model (skipgram), dim (12)"));
  EXPECT_THAT(error({{"hs", true}}), HasSubstr("hs (false)"));
  TemporaryFolder folder;
  const auto path = written(folder, "v.txt", "2 2\nship 1 2\nsail 2 1\n");
  run.base = word2vec_family().load(FileSet::open(path).value(), {}, context).value();
  EXPECT_THAT(error({}), HasSubstr("trained against"));
}

// In "a b c" the gap between "a" and "c" is "b", nowhere else.
TEST(Word2vecPredict, CbowKnowsTheWordOfAGap) {
  Context context;
  for (const bool hs : {false, true}) {
    const auto model = train_on(word2vec_family(), repeated({"the brown dog barks", "a small cat sleeps"}, 200),
                                small_text({{"model", std::string("cbow")},
                                            {"hs", hs},
                                            {"negative", std::int64_t{hs ? 0 : 5}},
                                            {"shrink_windows", false}}))
                           .value();
    const auto* predictor = model->ability<Predictor>();
    ASSERT_NE(predictor, nullptr);
    const auto words = predictor->predict({Question::Kind::gap, "The brown", "barks"}, 9, context).value();
    EXPECT_EQ(words.at(0).word, "dog") << "hs " << hs;
    double sum = 0;
    for (const WordScore& word : words) sum += word.score;
    EXPECT_NEAR(sum, 1, 1e-5);
    const auto wrong = predictor->predict({Question::Kind::context, "dog", ""}, 3, context);
    EXPECT_THAT(wrong.error().message, HasSubstr("--model skipgram"));
    const auto unknown = predictor->predict({Question::Kind::gap, "qwerty", ""}, 3, context);
    EXPECT_EQ(unknown.error().code, Code::not_found);
  }
}

TEST(Word2vecPredict, SkipGramKnowsWhatStandsNear) {
  Context context;
  const auto model =
      train_on(word2vec_family(), repeated({"the brown dog barks", "a small cat sleeps"}, 200), small_text()).value();
  const auto words = model->ability<Predictor>()->predict({Question::Kind::context, "dog", ""}, 3, context).value();
  std::vector<std::string> names;
  for (const WordScore& word : words) names.push_back(word.word);
  EXPECT_THAT(names, testing::UnorderedElementsAre("the", "brown", "barks"));
  EXPECT_THAT(names, Not(Contains("dog")));
}

TEST(Word2vecPredict, AFileOfOthersCannot) {
  TemporaryFolder folder;
  Context context;
  const auto path = written(folder, "v.txt", "2 2\nship 1 2\nsail 2 1\n");
  const auto model = word2vec_family().load(FileSet::open(path).value(), {}, context).value();
  EXPECT_EQ(model->ability<Predictor>(), nullptr);
}

}  // namespace
}  // namespace isogloss::model
