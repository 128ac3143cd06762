// SPDX-License-Identifier: Apache-2.0
#include "model/glove/glove.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/random.hpp"
#include "core/test_support.hpp"
#include "formats/model_folder.hpp"
#include "model/counting_test_support.hpp"
#include "model/glove/glove_cells.hpp"
#include "model/word_test_support.hpp"

namespace isogloss::model {
namespace {

using testing::HasSubstr;

// Two topics that seldom meet: only pairs that were seen are learned from, so some have to be.
std::vector<std::string> two_topics(std::size_t texts = 600) {
  const std::vector<std::string> sea{"ship", "wave", "sail", "fish", "storm", "harbour"};
  const std::vector<std::string> city{"street", "tram", "house", "shop", "crowd", "square"};
  std::vector<std::string> out;
  Random random(3);
  for (std::size_t i = 0; i < texts; ++i) {
    std::string text;
    const auto& topic = i % 2 == 0 ? sea : city;
    for (int w = 0; w < 12; ++w) text += (w == 0 && i % 3 == 0 ? sea : topic)[random.bounded(topic.size())] + " ";
    out.push_back(text);
  }
  return out;
}

OptionValues small(OptionValues values = {}) {
  values.set("dim", std::int64_t{12});
  return values;
}

TEST(Glove, WordsOfOneTopicLieTogether) {
  const auto model = train_on(glove_family(), two_topics(), small({{"epochs", std::int64_t{60}}})).value();
  EXPECT_GT(cosine(*model, "ship", "wave"), cosine(*model, "ship", "tram") + 0.3);
  EXPECT_GT(cosine(*model, "street", "shop"), cosine(*model, "shop", "fish") + 0.3);
}

// Stopped in the second epoch, then gone on with: nothing tells the difference.
TEST(Glove, AnInterruptedRunEndsWithTheSameBits) {
  const tokens::MemoryDataset data(zipf_lines(3000, 14, 7));
  const OptionValues options = small({{"deterministic", true}, {"epochs", std::int64_t{3}}});
  TemporaryFolder folder;
  Context context;
  const auto whole = glove_family().train(data, options, context).value();
  TrainingRun run;
  run.checkpoint = folder.path() / "g.checkpoint";
  const auto resumed = stopped_and_resumed(glove_family(), data, options, run,
                                           [](const Progress& p) { return p.done > 1.3 * p.total / 3; });
  EXPECT_EQ(bits(*resumed), bits(*whole));
  // Another run must not go on from it.
  const auto other = glove_family().train_further(data, small({{"window", std::int64_t{3}}}), run, context);
  EXPECT_THAT(other.error().message, HasSubstr("--restart"));
}

TEST(Glove, CheckpointsOnTheWayChangeNothing) {
  const tokens::MemoryDataset data(zipf_lines(1000, 14, 7));
  const OptionValues options = small({{"deterministic", true}, {"epochs", std::int64_t{2}}});
  TemporaryFolder folder;
  Context context;
  TrainingRun run;
  run.checkpoint = folder.path() / "g.checkpoint";
  run.every = std::chrono::duration<double>(0);
  const auto model = glove_family().train_further(data, options, run, context).value();
  EXPECT_TRUE(std::filesystem::exists(run.checkpoint));
  EXPECT_EQ(bits(*model), bits(*glove_family().train(data, options, context).value()));
}

TEST(Glove, DeterministicModeGivesTheSameBitsOnAnyNumberOfThreads) {
  const tokens::MemoryDataset data(zipf_lines(3000, 14, 7));
  ThreadPool pool(4);
  const OptionValues options = small({{"deterministic", true}, {"epochs", std::int64_t{2}}});
  std::vector<float> first;
  for (const std::size_t threads : {1, 2, 4}) {
    Context context;
    context.pool = &pool;
    context.threads = threads;
    const auto all = bits(*glove_family().train(data, options, context).value());
    if (first.empty()) first = all;
    EXPECT_EQ(all, first) << "on " << threads;
  }
  Context other;
  other.seed = 43;
  EXPECT_NE(bits(*glove_family().train(data, options, other).value()), first);
}

// Rows of 1,000 words take 0.5 MB; the rest of the limit is too little for the counts.
TEST(Glove, CountsThatDoNotFitGiveTheSameBits) {
  const tokens::MemoryDataset data(zipf_lines(3000, 14, 7));
  Context context;
  std::string said;
  context.log = [&](LogLevel, std::string_view text) { said += text; };
  const auto held = bits(*glove_family().train(data, small({{"epochs", std::int64_t{2}}}), context).value());
  EXPECT_THAT(said, testing::Not(HasSubstr("temporary files")));
  context.memory_limit = 550'000;
  const auto spilled = glove_family().train(data, small({{"epochs", std::int64_t{2}}}), context);
  ASSERT_TRUE(spilled) << spilled.error().message;
  EXPECT_EQ(bits(**spilled), held);
  EXPECT_THAT(said, HasSubstr("of temporary files"));
  context.memory_limit = 1000;
  const auto refused = glove_family().train(data, small(), context);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::out_of_memory);
  EXPECT_THAT(refused.error().message, HasSubstr("--max-vocab"));
}

TEST(Glove, KeepsTheSumOfWordAndContext) {
  std::vector<std::vector<float>> kept;
  for (const char* which : {"words", "contexts", "sum"}) {
    kept.push_back(bits(*train_on(glove_family(), two_topics(), small({{"vectors", std::string(which)}})).value()));
  }
  for (std::size_t i = 0; i < kept[0].size(); ++i) ASSERT_FLOAT_EQ(kept[2][i], kept[0][i] + kept[1][i]);
}

TEST(Glove, AFolderGivesBackTheSameModel) {
  TemporaryFolder folder;
  Context context;
  const auto model = train_on(glove_family(), two_topics(), small()).value();
  ASSERT_TRUE(model->save(folder.path() / "a", context));
  const FileSet files = FileSet::open(folder.path() / "a").value();
  const auto opened = glove_family().load(files, {}, context).value();
  EXPECT_EQ(bits(*opened), bits(*model));
  ASSERT_TRUE(opened->save(folder.path() / "b", context));
  for (const char* name : {"config.json", "model.safetensors", "vocabulary.txt"}) {
    EXPECT_EQ(files.read(name).value(), FileSet::open(folder.path() / "b").value().read(name).value()) << name;
  }
}

TEST(Glove, TextsInWhichNoWordsMeetAreRefused) {
  EXPECT_THAT(train_on(glove_family(), {}, {}).error().message, HasSubstr("has no word"));
  EXPECT_THAT(train_on(glove_family(), std::vector<std::string>(9, "alone"), {}).error().message, HasSubstr("meet"));
  EXPECT_THAT(train_on(glove_family(), {"a b", "a"}, {}).error().message, HasSubstr("--min-count"));
}

// Hostile options: an error that names what to lower, or finite numbers, never NaN.
TEST(Glove, NumbersStayFiniteOrTheRunIsRefused) {
  for (const double eta : {0.05, 10.0}) {
    for (const double clip : {1e-6, 100.0, 1e9}) {
      for (const double x_max : {1e-6, 1e15}) {
        const auto model = train_on(glove_family(), two_topics(100),
                                    small({{"eta", eta}, {"grad_clip", clip}, {"x_max", x_max}, {"alpha", 10.0}}));
        if (!model) {
          EXPECT_THAT(model.error().message, HasSubstr("Lower eta"));
          continue;
        }
        for (const float x : bits(**model)) ASSERT_TRUE(std::isfinite(x));
      }
    }
  }
  EXPECT_THAT(train_on(glove_family(), two_topics(), {{"eta", 0.0}}).error().message, HasSubstr("eta"));
}

// 1, 2, ... 200,000 in three buckets: each number once, in another order, the same from memory and from a file.
TEST(ShuffledCells, AreAPermutationThatMemoryDoesNotChange) {
  std::vector<GloveCell> cells(200'000);
  for (std::uint32_t i = 0; i < cells.size(); ++i) cells[i] = {i, i + 1, 0.5F};
  const auto order = [&](std::size_t bytes) {
    Context context;
    ShuffledCells shuffled(3, bytes, 7);
    for (std::size_t at = 0; at < cells.size(); at += 1000) {
      EXPECT_TRUE(shuffled.add(std::span(cells).subspan(at, 1000)));
    }
    EXPECT_TRUE(shuffled.shuffle(context));
    EXPECT_EQ(shuffled.file_bytes() > 0, bytes < 2'400'000);
    std::vector<std::uint32_t> out;
    std::vector<GloveCell> scratch;
    for (const auto& piece : shuffled.pieces()) {
      const std::span<const GloveCell> read = shuffled.read(piece, scratch).value();
      for (const GloveCell& cell : read) out.push_back(cell.row);
    }
    return out;
  };
  std::vector<std::uint32_t> held = order(SIZE_MAX);
  EXPECT_EQ(order(100'000), held);
  double moved = 0;
  for (std::size_t i = 0; i < held.size(); ++i)
    moved += std::abs(static_cast<double>(held[i]) - static_cast<double>(i));
  EXPECT_NEAR(moved / static_cast<double>(held.size()), 200'000 / 3.0, 1000);
  std::ranges::sort(held);
  for (std::uint32_t i = 0; i < held.size(); ++i) ASSERT_EQ(held[i], i);
}

}  // namespace
}  // namespace isogloss::model
