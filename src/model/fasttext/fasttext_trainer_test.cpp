// SPDX-License-Identifier: Apache-2.0
#include "model/fasttext/fasttext_trainer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/file.hpp"
#include "core/random.hpp"
#include "core/test_support.hpp"
#include "model/counting_test_support.hpp"
#include "model/fasttext/fasttext.hpp"
#include "model/fasttext/fasttext_model.hpp"
#include "model/fasttext/fasttext_quantise.hpp"
#include "model/word_test_support.hpp"

namespace isogloss::model {
namespace {

using testing::HasSubstr;

// Two topics that never meet; with labels a text says which.
std::vector<std::string> two_topics(bool labels, std::size_t texts = 400) {
  const std::vector<std::string> sea{"ship", "wave", "sail", "fish", "storm", "harbour"};
  const std::vector<std::string> city{"street", "tram", "house", "shop", "crowd", "square"};
  std::vector<std::string> out;
  Random random(3);
  for (std::size_t i = 0; i < texts; ++i) {
    std::string text = !labels ? "" : i % 2 == 0 ? "__label__sea " : "__label__city ";
    const auto& topic = i % 2 == 0 ? sea : city;
    for (int w = 0; w < 8; ++w) text += topic[random.bounded(topic.size())] + " ";
    out.push_back(text);
  }
  return out;
}

// Many words, so that blocks are shared, in pieces enough for every thread.
std::vector<std::string> many_words(bool labels) {
  return zipf_lines(4000, 12, 6.5,
                    [&](int i) { return labels ? "__label__" + std::to_string(i % 3) + " " : std::string(); });
}

OptionValues small(const char* model, OptionValues values = {}) {
  values.set("model", std::string(model));
  values.set("dim", std::int64_t{12});
  values.set("sample", 0.0);
  return values;
}

std::string best_label(const Model& model, const std::string& text) {
  Context context;
  const auto* classifier = model.ability<Classifier>();
  const Input input = Input::text(text);
  return std::string(classifier->label(classifier->classify({&input, 1}, 1, context).value()[0].at(0).label));
}

std::string bytes_of(const Model& model) {
  std::string out;
  (void)formats::write_fasttext(
      dynamic_cast<const FasttextModel&>(model).file(), [&](std::span<const std::byte> bytes) -> Status {
        out.append(static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size());
        return {};
      });
  return out;
}

TEST(FasttextTraining, WordsOfOneTopicLieTogetherAndSoDoWordsNobodySaw) {
  for (const char* kind : {"skipgram", "cbow"}) {
    for (const char* loss : {"ns", "hs"}) {
      const auto model = train_on(fasttext_family(), two_topics(false),
                                  small(kind, {{"loss", std::string(loss)}, {"epochs", std::int64_t{20}}}))
                             .value();
      EXPECT_GT(cosine(*model, "ship", "wave"), cosine(*model, "ship", "tram") + 0.3) << kind << " " << loss;
      EXPECT_GT(cosine(*model, "street", "shop"), cosine(*model, "shop", "fish") + 0.3) << kind << " " << loss;
      EXPECT_GT(cosine(*model, "harbours", "sail"), cosine(*model, "harbours", "tram") + 0.2) << kind << " " << loss;
    }
  }
}

TEST(FasttextTraining, EveryLossTellsTheLabels) {
  for (const char* loss : {"softmax", "hs", "ns", "ova"}) {
    for (const bool letters : {false, true}) {
      OptionValues options = small("supervised", {{"loss", std::string(loss)}, {"word_ngrams", std::int64_t{2}}});
      if (letters) options.set("minn", std::int64_t{2});
      if (letters) options.set("maxn", std::int64_t{4});
      const auto model = train_on(fasttext_family(), two_topics(true), options).value();
      EXPECT_EQ(best_label(*model, "a storm in the harbour"), "sea") << loss;
      EXPECT_EQ(best_label(*model, "the tram to the square"), "city") << loss;
      if (!letters) continue;
      EXPECT_EQ(best_label(*model, "harbours"), "sea") << loss;
    }
  }
}

TEST(FasttextTraining, DeterministicModeGivesTheSameBitsOnAnyNumberOfThreads) {
  ThreadPool pool(4);
  for (const char* kind : {"skipgram", "cbow", "supervised"}) {
    const tokens::MemoryDataset data(many_words(kind == std::string("supervised")));
    const OptionValues options = small(kind, {{"deterministic", true}, {"epochs", std::int64_t{2}}});
    std::string first;
    for (const std::size_t threads : {1, 4}) {
      Context context;
      context.pool = &pool;
      context.threads = threads;
      const std::string bytes = bytes_of(*fasttext_family().train(data, options, context).value());
      if (first.empty()) first = bytes;
      EXPECT_TRUE(bytes == first) << kind << " on " << threads;
    }
    Context other;
    other.seed = 43;
    EXPECT_FALSE(bytes_of(*fasttext_family().train(data, options, other).value()) == first);
  }
}

// Read again for every epoch because the memory does not suffice: the same pieces, the same bits.
TEST(FasttextTraining, ATextThatDoesNotFitIsReadAgainOrSaid) {
  const tokens::MemoryDataset data(many_words(false));
  Context context;
  const std::string held = bytes_of(*fasttext_family().train(data, small("skipgram"), context).value());
  context.memory_limit = 1000;
  EXPECT_TRUE(bytes_of(*fasttext_family().train(data, small("skipgram"), context).value()) == held);
  const tokens::MemoryDataset labelled(many_words(true));
  EXPECT_EQ(fasttext_family().train(labelled, small("supervised"), context).error().code, Code::out_of_memory);
}

TEST(FasttextTraining, BucketsFollowTheText) {
  const auto words = train_on(fasttext_family(), many_words(false), small("skipgram")).value();
  const auto& settings = dynamic_cast<const FasttextModel&>(*words).file().settings;
  EXPECT_EQ(settings.bucket % 2, 0);
  EXPECT_GE(settings.bucket, 1000);
  EXPECT_LE(settings.bucket, 20000);
  DistinctCounter counter;
  for (std::uint64_t i = 0; i < 50000; ++i) counter.add(i % 20000);
  EXPECT_NEAR(static_cast<double>(counter.count()), 20000, 200);
  EXPECT_EQ(bucket_for(10), 1000U);
  EXPECT_EQ(bucket_for(20000), 40000U);
  EXPECT_EQ(bucket_for(3'000'000), 2'000'000U);
}

TEST(FasttextTraining, StartsFromVectorsOfOthers) {
  TemporaryFolder folder;
  ASSERT_TRUE(
      write_file(folder.path() / "x.vec", "2 12\nship 9 9 9 9 9 9 9 9 9 9 9 9\nnewcomer 7 7 7 7 7 7 7 7 7 7 7 7\n"));
  const auto options =
      small("skipgram",
            {{"pretrained_vectors", (folder.path() / "x.vec").string()}, {"alpha", 1e-9}, {"maxn", std::int64_t{0}}});
  const auto model = train_on(fasttext_family(), two_topics(false), options).value();
  std::vector<float> row(12);
  ASSERT_TRUE(model->ability<Vocabulary>()->any_word_vector("newcomer", row));
  EXPECT_EQ(row[3], 7.0F);
  ASSERT_TRUE(model->ability<Vocabulary>()->any_word_vector("ship", row));
  EXPECT_NEAR(row[3], 9.0F, 1e-3);
  OptionValues wrong = options;
  wrong.set("dim", std::int64_t{13});
  EXPECT_EQ(train_on(fasttext_family(), two_topics(false), wrong).error().code, Code::mismatch);
}

TEST(FasttextTraining, LabelsComeFromAColumnToo) {
  class Labelled final : public Dataset {
   public:
    const std::vector<std::string>& column_names() const override { return names_; }
    std::size_t blocks() const override { return 1; }
    Status read_block(std::size_t, const RecordSink& sink, Context&) const override {
      for (int i = 0; i < 200; ++i) {
        Record record;
        record.text = i % 2 == 0 ? "ship wave" : "tram shop";
        record.label = i % 2 == 0 ? "at sea" : "in town";
        IG_TRY(sink(record));
      }
      return {};
    }
    std::string description() const override { return "rows"; }

   private:
    std::vector<std::string> names_;
  };
  Context context;
  const auto model = fasttext_family().train(Labelled(), small("supervised", {{"alpha", 0.5}}), context).value();
  EXPECT_EQ(best_label(*model, "ship"), "at sea");
  EXPECT_EQ(best_label(*model, "tram"), "in town");
}

TEST(FasttextTraining, WhatDoesNotGoTogetherIsAnError) {
  const auto refused = [](const char* model, OptionValues more) {
    return train_on(fasttext_family(), two_topics(false), small(model, std::move(more))).error().message;
  };
  EXPECT_THAT(refused("skipgram", {{"loss", std::string("softmax")}}), HasSubstr("supervised"));
  EXPECT_THAT(refused("supervised", {}), HasSubstr("no label"));
  EXPECT_THAT(refused("cbow", {{"minn", std::int64_t{7}}}), HasSubstr("above maxn"));
  EXPECT_THAT(refused("skipgram", {{"alpha", 100.0}, {"epochs", std::int64_t{50}}}), HasSubstr("Lower alpha"));
}

TEST(FasttextTraining, OptionsAreFoundByTrialUnderTheSameSeed) {
  TemporaryFolder folder;
  std::string lines;
  for (const std::string& line : two_topics(true, 60)) lines += line + "\n";
  ASSERT_TRUE(write_file(folder.path() / "valid.txt", lines));
  std::string log;
  Context context;
  context.log = [&](LogLevel, std::string_view message) { log += message; };
  const tokens::MemoryDataset data(two_topics(true));
  const OptionValues options = small("supervised", {{"epochs", std::int64_t{1}},
                                                    {"alpha", 1e-3},
                                                    {"tune_seconds", std::int64_t{1}},
                                                    {"tune_validation", (folder.path() / "valid.txt").string()}});
  const auto model = fasttext_family().train(data, options, context).value();
  EXPECT_EQ(best_label(*model, "a storm in the harbour"), "sea");
  EXPECT_EQ(best_label(*model, "the tram to the square"), "city");
  EXPECT_THAT(log, HasSubstr("trial 1: F1 "));
  EXPECT_THAT(log, HasSubstr("F1 1.0"));
  EXPECT_THAT(log, HasSubstr("trials; trained with epochs"));
  EXPECT_EQ(
      train_on(fasttext_family(), two_topics(true), small("supervised", {{"tune_validation", std::string("/none")}}))
          .error()
          .code,
      Code::not_found);
}

TEST(FasttextQuantise, AClassifierIsTrainedOnceMoreOnTheRowsThatAreLeft) {
  for (const bool retrain : {false, true}) {
    const auto model = train_on(fasttext_family(), two_topics(true),
                                small("supervised", {{"minn", std::int64_t{2}},
                                                     {"maxn", std::int64_t{4}},
                                                     {"quantise", true},
                                                     {"cutoff", std::int64_t{300}},
                                                     {"retrain", retrain}}))
                           .value();
    const auto& file = dynamic_cast<const FasttextModel&>(*model).file();
    EXPECT_TRUE(file.input.quantised);
    EXPECT_EQ(file.input.rows, 300U);
    EXPECT_EQ(best_label(*model, "a storm in the harbour"), "sea");
    EXPECT_EQ(best_label(*model, "the tram to the square"), "city");
  }
  EXPECT_THAT(train_on(fasttext_family(), two_topics(true), small("supervised", {{"cutoff", std::int64_t{300}}}))
                  .error()
                  .message,
              HasSubstr("quantise = true"));
}

// Four rows of lengths 1, 3, 2, 4: a word, the line's end, two buckets. Three stay: the line's end is one of them.
TEST(FasttextQuantise, TheLongestRowsStayAndTheEndOfTheLine) {
  formats::FasttextFile file;
  file.settings.dim = 1;
  file.settings.kind = formats::FasttextKind::supervised;
  file.settings.loss = formats::FasttextLoss::softmax;
  file.settings.bucket = 2;
  file.settings.minn = file.settings.maxn = 3;
  file.words.add("long");
  file.words.add("</s>");
  file.labels.add("__label__a");
  file.word_counts = {1, 1};
  file.label_counts = {1};
  file.input = formats::FasttextMatrix::dense({3, 1, 2, 4}, 4, 1);
  file.output = formats::FasttextMatrix::dense({1}, 1, 1);
  prune_rows(file, 2);
  EXPECT_EQ(file.words.size(), 1U);
  EXPECT_EQ(file.words[0], "</s>");
  EXPECT_THAT(file.kept, testing::ElementsAre(std::pair(1, 0)));
  EXPECT_THAT(std::vector(file.input.values.begin(), file.input.values.end()), testing::ElementsAre(1, 4));
}

TEST(FasttextQuantise, ClassifiersAndWordModelsKeepWhatTheyKnow) {
  Context context;
  for (const char* kind : {"supervised", "skipgram"}) {
    const bool classifier = kind == std::string("supervised");
    TemporaryFolder folder;
    const auto model =
        train_on(fasttext_family(), two_topics(classifier),
                 small(kind, {{"minn", std::int64_t{2}}, {"maxn", std::int64_t{4}}, {"epochs", std::int64_t{20}}}))
            .value();
    ASSERT_TRUE(model->save(folder.path() / "m", context));
    const FileSet files = FileSet::open(folder.path() / "m").value();
    ConvertOptions options;
    options.family = {{"cutoff", std::int64_t{300}}, {"output", true}};
    ASSERT_TRUE(fasttext_family().convert_file(files, folder.path() / "m.ftz", options, context));
    const auto quantised = fasttext_family().load(FileSet::open(folder.path() / "m.ftz").value(), {}, context).value();
    EXPECT_LT(quantised->card().bytes, model->card().bytes);
    if (classifier) {
      EXPECT_EQ(best_label(*quantised, "a storm in the harbour"), "sea");
      EXPECT_EQ(best_label(*quantised, "the tram to the square"), "city");
    }
    EXPECT_GT(cosine(*quantised, "ship", "wave"), cosine(*quantised, "ship", "tram") + 0.3) << kind;
    options.family = {{"cutof", std::int64_t{1}}};
    const auto wrong = fasttext_family().convert_file(files, folder.path() / "x.ftz", options, context);
    EXPECT_THAT(wrong.error().message, HasSubstr("cutoff"));
  }
}

// Stopped on the way and gone on with: the bits of a run that nothing disturbed.
TEST(FasttextTraining, AnInterruptedRunEndsWithTheSameBits) {
  const tokens::MemoryDataset data(zipf_lines(6000, 12, 6.5));
  const OptionValues options{{"dim", std::int64_t{12}}, {"epochs", std::int64_t{3}}};
  TemporaryFolder folder;
  Context context;
  const auto whole = fasttext_family().train(data, options, context).value();
  TrainingRun run;
  run.checkpoint = folder.path() / "w.checkpoint";
  int reports = 0;
  const auto resumed =
      stopped_and_resumed(fasttext_family(), data, options, run, [&](const Progress&) { return ++reports == 4; });
  EXPECT_EQ(resumed->card().space_id, whole->card().space_id);
  run.base = whole;
  EXPECT_THAT(fasttext_family().train_further(data, options, run, context).error().message,
              HasSubstr("pretrained_vectors"));
}

// One table for words and n-grams: written as .floret, read back, and any word has the same vector.
TEST(FasttextTraining, FloretIsOneSmallTable) {
  TemporaryFolder folder;
  Context context;
  const auto model = train_on(fasttext_family(), two_topics(false, 400),
                              small("skipgram", {{"floret", std::int64_t{2}},
                                                 {"bucket", std::int64_t{500}},
                                                 {"minn", std::int64_t{3}},
                                                 {"maxn", std::int64_t{4}},
                                                 {"epochs", std::int64_t{20}}}))
                         .value();
  EXPECT_GT(cosine(*model, "ship", "wave"), cosine(*model, "ship", "tram") + 0.3);
  ASSERT_TRUE(model->save(folder.path() / "m", context));
  const FileSet files = FileSet::open(folder.path() / "m").value();
  const auto opened = fasttext_family().load(files, {}, context).value();
  EXPECT_EQ(opened->card().space_id, model->card().space_id);
  ASSERT_TRUE(fasttext_family().convert_file(files, folder.path() / "m.floret", {}, context));
  const auto table = fasttext_family().load(FileSet::open(folder.path() / "m.floret").value(), {}, context).value();
  const auto* words = table->ability<Vocabulary>();
  EXPECT_EQ(words->word_count(), 0u);
  std::vector<float> here(words->word_dimension()), there(words->word_dimension());
  for (const char* word : {"ship", "shipping", "unheard-of"}) {
    ASSERT_TRUE(model->ability<Vocabulary>()->any_word_vector(word, here));
    ASSERT_TRUE(words->any_word_vector(word, there));
    for (std::size_t i = 0; i < here.size(); ++i) EXPECT_NEAR(here[i], there[i], 1e-4) << word;
  }
  // <ship> and its n-grams of 3 and 4 letters, twice each: 1 + 4 + 3.
  EXPECT_EQ(words->word_parts("ship").value().size(), 16u);
  const auto error = fasttext_family().convert_file(files, folder.path() / "m.bin", {}, context);
  EXPECT_THAT(error.error().message, HasSubstr("write .floret"));
  EXPECT_THAT(train_on(fasttext_family(), two_topics(false, 400),
                       small("skipgram", {{"floret", std::int64_t{2}}, {"quantise", true}}))
                  .error()
                  .message,
              HasSubstr("floret is for word models"));
}

}  // namespace
}  // namespace isogloss::model
