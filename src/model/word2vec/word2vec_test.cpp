// SPDX-License-Identifier: Apache-2.0
#include "model/word2vec/word2vec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"
#include "core/test_support.hpp"
#include "formats/model_folder.hpp"
#include "model/counting_test_support.hpp"
#include "model/word2vec/word2vec_trainer.hpp"
#include "model/word_test_support.hpp"

namespace isogloss::model {
namespace {

using testing::HasSubstr;

// Two topics that never meet: sea words with sea words, city words with city words.
std::vector<std::string> two_topics(std::size_t texts = 400) {
  const std::vector<std::string> sea{"ship", "wave", "sail", "fish", "storm", "harbour"};
  const std::vector<std::string> city{"street", "tram", "house", "shop", "crowd", "square"};
  std::vector<std::string> out;
  Random random(3);
  for (std::size_t i = 0; i < texts; ++i) {
    std::string text;
    const auto& topic = i % 2 == 0 ? sea : city;
    for (int w = 0; w < 8; ++w) text += topic[random.bounded(topic.size())] + " ";
    out.push_back(text);
  }
  return out;
}

OptionValues small(OptionValues values = {}) {
  values.set("dim", std::int64_t{12});
  values.set("sample", 0.0);
  return values;
}

TEST(Word2vec, WordsOfOneTopicLieTogether) {
  for (const char* kind : {"skipgram", "cbow"}) {
    for (const bool hs : {false, true}) {
      const auto model = train_on(word2vec_family(), two_topics(),
                                  small({{"model", std::string(kind)},
                                         {"hs", hs},
                                         {"negative", std::int64_t{hs ? 0 : 5}},
                                         {"epochs", std::int64_t{20}}}))
                             .value();
      EXPECT_GT(cosine(*model, "ship", "wave"), cosine(*model, "ship", "tram") + 0.3) << kind << " hs " << hs;
      EXPECT_GT(cosine(*model, "street", "shop"), cosine(*model, "shop", "fish") + 0.3) << kind << " hs " << hs;
    }
  }
}

TEST(Word2vec, DeterministicModeGivesTheSameBitsOnAnyNumberOfThreads) {
  const tokens::MemoryDataset data(zipf_lines(6000, 12, 6.5));
  ThreadPool pool(4);
  for (const char* kind : {"skipgram", "cbow"}) {
    const OptionValues options =
        small({{"model", std::string(kind)}, {"deterministic", true}, {"epochs", std::int64_t{2}}});
    std::vector<float> first;
    for (const std::size_t threads : {1, 2, 4}) {
      Context context;
      context.pool = &pool;
      context.threads = threads;
      const auto all = bits(*word2vec_family().train(data, options, context).value());
      if (first.empty()) first = all;
      EXPECT_EQ(all, first) << kind << " on " << threads;
      EXPECT_TRUE(std::ranges::all_of(all, [](float v) { return std::isfinite(v); }));
    }
    Context other;
    other.seed = 43;
    EXPECT_NE(bits(*word2vec_family().train(data, options, other).value()), first);
  }
}

// Read again for every epoch because the memory does not suffice: the same pieces, the same bits.
TEST(Word2vec, ATextThatDoesNotFitIsReadAgain) {
  const tokens::MemoryDataset data(zipf_lines(6000, 12, 6.5));
  Context context;
  const auto held = bits(*word2vec_family().train(data, small(), context).value());
  context.memory_limit = 1000;
  EXPECT_EQ(bits(*word2vec_family().train(data, small(), context).value()), held);
}

TEST(Word2vec, KeepsWhatItWasTrainedAgainst) {
  TemporaryFolder folder;
  Context context;
  const OptionValues options = small({{"hs", true}, {"deterministic", true}});
  const auto model = train_on(word2vec_family(), two_topics(), options).value();
  ASSERT_TRUE(model->save(folder.path() / "a", context));
  const FileSet files = FileSet::open(folder.path() / "a").value();
  const auto opened = word2vec_family().load(files, {}, context).value();
  EXPECT_EQ(bits(*opened), bits(*model));
  EXPECT_EQ(opened->card().trained_on, "400 texts");
  ASSERT_TRUE(opened->save(folder.path() / "b", context));
  for (const char* name : {"config.json", "model.safetensors", "vocabulary.txt"}) {
    EXPECT_EQ(files.read(name).value(), FileSet::open(folder.path() / "b").value().read(name).value()) << name;
  }
  const auto source = formats::open_model_folder(files, "word2vec").value();
  EXPECT_EQ(source.tensors.tensors().at("output").shape, (std::vector<std::size_t>{12, 12}));
  EXPECT_EQ(source.tensors.tensors().at("nodes").shape, (std::vector<std::size_t>{11, 12}));
  EXPECT_EQ(source.options.find("dim") != nullptr, true);
}

TEST(Word2vec, TextsWithoutWordsAreRefused) {
  EXPECT_THAT(train_on(word2vec_family(), {}, {}).error().message, HasSubstr("has no word"));
  EXPECT_THAT(train_on(word2vec_family(), {"", " \t "}, {}).error().message, HasSubstr("has no word"));
  EXPECT_THAT(train_on(word2vec_family(), {"a b", "a"}, {}).error().message, HasSubstr("--min-count"));
}

// One word has no negatives, two have the same again and again; nothing of it may leave the numbers.
TEST(Word2vec, FewestWordsStayFinite) {
  for (const char* text : {"a", "a a a a a a a a", "a b", "a b a a b b a b a b a b a b a a a a b"}) {
    for (const char* kind : {"skipgram", "cbow"}) {
      for (const bool hs : {false, true}) {
        const OptionValues options = small({{"min_count", std::int64_t{1}},
                                            {"model", std::string(kind)},
                                            {"hs", hs},
                                            {"epochs", std::int64_t{200}},
                                            {"alpha", 0.1}});
        const auto model = train_on(word2vec_family(), std::vector<std::string>(20, text), options);
        ASSERT_TRUE(model) << model.error().message;
        EXPECT_TRUE(std::ranges::all_of(bits(**model), [](float v) { return std::isfinite(v); }))
            << text << " " << kind;
      }
    }
  }
}

// A rate at which the same few rows overshoot: an error that names it, never a model with NaN.
TEST(Word2vec, ARunawayRateIsRefused) {
  const std::vector<std::string> texts(20, "a b a a b b a b a b a b a b a a a a b");
  const auto model = train_on(word2vec_family(), texts, small({{"epochs", std::int64_t{200}}, {"alpha", 1.0}}));
  ASSERT_FALSE(model);
  EXPECT_EQ(model.error().code, Code::invalid_argument);
  EXPECT_THAT(model.error().message, HasSubstr("Lower alpha"));
}

TEST(Word2vec, OptionsThatDoNotGoTogetherAreNamed) {
  const auto error = [](const OptionValues& values) {
    return train_on(word2vec_family(), two_topics(), small(values)).error().message;
  };
  EXPECT_THAT(error({{"negative", std::int64_t{0}}}), HasSubstr("hs"));
  EXPECT_THAT(error({{"alpha", 0.01}, {"min_alpha", 0.02}}), HasSubstr("min_alpha"));
  EXPECT_THAT(error({{"model", std::string("glove")}}), HasSubstr("skipgram"));
}

TEST(Word2vec, WordsAreCountedAndCutAsAsked) {
  const std::vector<std::string> texts(5, "The cat, the dog. THE END");
  const auto words = [&](const OptionValues& values) {
    const auto model = train_on(word2vec_family(), texts, small(values)).value();
    std::string out;
    for (std::size_t i = 0; i < model->ability<Vocabulary>()->word_count(); ++i) {
      out += std::string(model->ability<Vocabulary>()->word(i)) + " ";
    }
    return out;
  };
  EXPECT_EQ(words({}), "END THE The cat, dog. the ");
  EXPECT_EQ(words({{"lowercase", true}}), "the cat, dog. end ");
  EXPECT_EQ(words({{"lowercase", true}, {"split", std::string("words")}}), "the , . cat dog end ");
  EXPECT_EQ(words({{"lowercase", true}, {"max_vocab", std::int64_t{2}}}), "the cat, ");
}

}  // namespace
}  // namespace isogloss::model
