// SPDX-License-Identifier: Apache-2.0
#include "tokens/train/word_counts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/counting/memory_dataset.hpp"

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;

WordCounts counted_words(std::initializer_list<std::pair<const char*, std::uint64_t>> words) {
  WordCounts counts;
  for (const auto& [word, count] : words) counts.add(word, count);
  return counts;
}

TEST(WordCounts, CountsWordsInTheOrderTheyCame) {
  WordCounts counts;
  for (const char* word : {"b", "a", "b", "c", "b", "a"}) counts.add(word);
  ASSERT_EQ(counts.size(), 3u);
  EXPECT_EQ(counts.word(0), "b");
  EXPECT_EQ(counts.count(0), 3u);
  EXPECT_EQ(counts.count(1), 2u);
  EXPECT_EQ(counts.total(), 6u);
}

TEST(WordCounts, RankByCountThenBytes) {
  const WordCounts counts = counted_words({{"b", 2}, {"z", 9}, {"a", 2}});
  EXPECT_THAT(counts.ranked(), ElementsAre(1, 2, 0));
}

TEST(WordCounts, PruneKeepsFrequentWordsAndOfEqualOnesTheEarlier) {
  WordCounts counts = counted_words({{"one", 1}, {"two", 2}, {"five", 5}, {"also", 2}});
  EXPECT_EQ(counts.prune(4), 0u);
  EXPECT_EQ(counts.prune(2), 2u);
  ASSERT_EQ(counts.size(), 2u);
  EXPECT_EQ(counts.word(0), "two");
  EXPECT_EQ(counts.word(1), "five");
}

TEST(WordCounts, HoldManyWords) {
  WordCounts counts;
  for (int i = 0; i < 100'000; ++i) counts.add(std::to_string(i % 50'000));
  EXPECT_EQ(counts.size(), 50'000u);
  EXPECT_EQ(counts.count(49'999), 2u);
}

// One record a block, so that blocks are merged.
class Blocks final : public Dataset {
 public:
  explicit Blocks(std::vector<std::string> texts) : texts_(std::move(texts)) {}
  const std::vector<std::string>& column_names() const override { return none_; }
  std::size_t blocks() const override { return texts_.size(); }
  Status read_block(std::size_t block, const RecordSink& sink, Context&) const override {
    Record record;
    record.text = texts_[block];
    return sink(record);
  }
  std::string description() const override { return "blocks"; }

 private:
  std::vector<std::string> texts_;
  std::vector<std::string> none_;
};

TEST(CountWords, NormalisesAndSplits) {
  std::vector<NormalizerPtr> rules;
  rules.push_back(lowercase_normalizer());
  const NormalizerChain normalizer(std::move(rules));
  std::vector<SplitterPtr> splitters;
  splitters.push_back(word_splitter());
  Context context;
  const WordCounts counts = count_words(MemoryDataset({"The cat, the", "", "CAT\xFF"}), {&normalizer, splitters}, context).value();
  std::vector<std::string> words;
  for (std::size_t i = 0; i < counts.size(); ++i) words.push_back(std::string(counts.word(i)) + "=" + std::to_string(counts.count(i)));
  EXPECT_THAT(words, ElementsAre("the=2", "cat=2", ",=1", "\uFFFD=1"));
}

TEST(CountWords, DropsRareWordsAlikeForAnyNumberOfThreads) {
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i) {
    std::string text = "common word";
    for (int k = 0; k < 10; ++k) text += " rare" + std::to_string(i * 10 + k);
    texts.push_back(text);
  }
  const Blocks data(texts);
  const NormalizerChain normalizer;
  std::vector<SplitterPtr> splitters;
  splitters.push_back(white_space_splitter());
  std::vector<std::string> seen;
  for (const std::size_t threads : {1, 2, 4}) {
    ThreadPool pool(threads);
    Context context;
    context.pool = &pool;
    std::string note;
    context.log = [&](LogLevel, std::string_view text) { note = text; };
    const WordCounts counts = count_words(data, {&normalizer, splitters, false, 50}, context).value();
    EXPECT_LE(counts.size(), 50u);
    EXPECT_NE(note.find("too many distinct words for 50"), std::string::npos);
    std::string all;
    for (std::size_t i = 0; i < counts.size(); ++i) all += std::string(counts.word(i)) + " " + std::to_string(counts.count(i)) + "\n";
    EXPECT_TRUE(all.starts_with("common 40\nword 40\n"));
    seen.push_back(all);
  }
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
}

}  // namespace
}  // namespace isogloss::tokens
