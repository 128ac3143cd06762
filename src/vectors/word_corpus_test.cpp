// SPDX-License-Identifier: Apache-2.0
#include "vectors/word_corpus.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/counting/memory_dataset.hpp"

namespace isogloss::vectors {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Read {
  std::vector<std::uint32_t> ids;
  std::vector<std::uint64_t> words, before;
  bool operator==(const Read&) const = default;
};

Read read_all(const WordCorpus& corpus) {
  Context context;
  Read out;
  EXPECT_TRUE(corpus.pass(
      [&](std::span<const CorpusPiece> pieces) -> Status {
        for (const CorpusPiece& piece : pieces) {
          EXPECT_EQ(piece.number, out.words.size());
          out.ids.insert(out.ids.end(), piece.ids.begin(), piece.ids.end());
          out.words.push_back(piece.words);
          out.before.push_back(piece.before);
        }
        return {};
      },
      context));
  return out;
}

// "b" three times, "a" twice, "c" once and too rare.
TEST(WordCorpus, NumbersWordsByTheirCount) {
  Context context;
  const tokens::MemoryDataset data({"a b b", "", "c", "b\ta"});
  CorpusRules rules;
  rules.min_count = 2;
  WordCorpus corpus = WordCorpus::count(data, rules, context).value();
  EXPECT_EQ(corpus.words().word(0), "b");
  EXPECT_EQ(corpus.words().word(1), "a");
  EXPECT_THAT(corpus.counts(), ElementsAre(3u, 2u));
  EXPECT_EQ(corpus.total(), 5u);
  EXPECT_EQ(corpus.seen(), 6u);
  ASSERT_TRUE(corpus.hold(SIZE_MAX, context));
  EXPECT_THAT(read_all(corpus).ids, ElementsAre(1u, 0u, 0u, kSentenceEnd, 0u, 1u, kSentenceEnd));
}

TEST(WordCorpus, GivesTheSamePiecesHeldOrReadAgain) {
  Context context;
  std::vector<std::string> texts(9000, "one two three four five");
  std::string endless;
  for (int i = 0; i < 100000; ++i) endless += "one ";
  texts.push_back(endless);
  texts.push_back("two");
  const tokens::MemoryDataset data(std::move(texts));
  WordCorpus held = WordCorpus::count(data, {}, context).value();
  WordCorpus again = WordCorpus::count(data, {}, context).value();
  ASSERT_TRUE(held.hold(SIZE_MAX, context));
  ASSERT_TRUE(again.hold(100, context));
  EXPECT_TRUE(held.held());
  EXPECT_FALSE(again.held());
  const Read all = read_all(held);
  EXPECT_EQ(all, read_all(again));
  EXPECT_GT(all.words.size(), 5u);
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < all.words.size(); ++i) {
    EXPECT_EQ(all.before[i], before);
    before += all.words[i];
  }
  EXPECT_EQ(before, held.total());
}

// The second reading finds another text than the first.
class Shrinking final : public Dataset {
 public:
  const std::vector<std::string>& column_names() const override { return names_; }
  std::size_t blocks() const override { return 1; }
  Status read_block(std::size_t, const RecordSink& sink, Context&) const override {
    Record record;
    record.text = reads_++ == 0 ? "a a a a a a" : "a a a";
    return sink(record);
  }
  std::string description() const override { return "shrinking"; }

 private:
  std::vector<std::string> names_;
  mutable int reads_ = 0;
};

TEST(WordCorpus, AnEpochThatMissesWordsIsAnError) {
  Context context;
  const Shrinking data;
  WordCorpus corpus = WordCorpus::count(data, {}, context).value();
  const Status status = corpus.pass([](std::span<const CorpusPiece>) -> Status { return {}; }, context);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::corrupt_data);
  EXPECT_THAT(status.error().message, HasSubstr("3 words where 6"));
}

}  // namespace
}  // namespace isogloss::vectors
