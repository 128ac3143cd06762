// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "isogloss/family.hpp"
#include "isogloss/tokens.hpp"
#include "tokens/counting/memory_dataset.hpp"

namespace isogloss {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const tokens::MemoryDataset& sayings() {
  static const tokens::MemoryDataset data({"the cat sat on the mat", "the dog sat on the log", "a cat and a dog", "That's the Café, cat!"});
  return data;
}

Result<TrainedTokenizer> train(const tokens::MemoryDataset& data, const OptionValues& values) {
  Context context;
  const auto options = tokenizer_training(values);
  if (!options) return fail(options.error());
  return train_tokenizer(data, *options, context);
}

std::vector<std::string> pieces(const Tokenizer& tokenizer, std::string_view text) {
  Tokens tokens;
  EXPECT_TRUE(tokenizer.encode(text, {}, tokens));
  std::vector<std::string> out;
  for (const std::uint32_t id : tokens.ids) out.emplace_back(tokenizer.piece(id));
  return out;
}

TEST(TrainTokenizer, JoinsTheMostFrequentPair) {
  const tokens::MemoryDataset data({"at bat hat mat sat rat c"});
  const auto trained = train(data, {{"vocab_size", "9"}, {"no_byte_level", true}, {"pre", "whitespace"}});
  ASSERT_TRUE(trained) << trained.error().message;
  EXPECT_EQ(trained->words, 7u);
  EXPECT_EQ(trained->tokenizer->vocabulary_size(), 9u);
  EXPECT_THAT(pieces(*trained->tokenizer, "cat"), ElementsAre("c", "at"));
}

TEST(TrainTokenizer, EveryTypeReadsBackWhatItWasTrainedOn) {
  for (const char* type : {"bpe", "wordpiece", "unigram", "word"}) {
    for (const char* pre : {"auto", "whitespace", "metaspace", "bert", "byte-level", "none"}) {
      const auto trained = train(sayings(), {{"type", type}, {"pre", pre}, {"vocab_size", "600"}, {"min_frequency", "1"}, {"special_tokens", "<s>,[UNK]"},
                                             {"unknown", "[UNK]"}});
      ASSERT_TRUE(trained) << type << " " << pre << ": " << trained.error().message;
      Tokens tokens;
      ASSERT_TRUE(trained->tokenizer->encode("the cat sat on the mat", {}, tokens)) << type << " " << pre;
      ASSERT_FALSE(tokens.ids.empty());
      for (const std::uint32_t id : tokens.ids) EXPECT_NE(id, trained->tokenizer->unknown_id()) << type << " " << pre;
      EXPECT_EQ(trained->tokenizer->piece(0), "<s>");
    }
  }
}

TEST(TrainTokenizer, BytesSpellWhatTheTextNeverHeld) {
  const auto trained = train(sayings(), {{"vocab_size", "300"}});
  Tokens tokens;
  ASSERT_TRUE(trained->tokenizer->encode("жук 中 🏳️‍🌈", {}, tokens));
  EXPECT_EQ(trained->tokenizer->decode(tokens.ids, {}).value(), "жук 中 🏳️‍🌈");
}

TEST(TrainTokenizer, LinesOfAnyLengthMayBeWords) {
  std::string line;
  for (int i = 0; i < 9000; ++i) line += static_cast<char>('a' + i * i % 26);
  const tokens::MemoryDataset data({line, line, "short", "short"});
  for (const char* type : {"bpe", "wordpiece", "unigram", "word"}) {
    const auto trained = train(data, {{"type", type}, {"pre", "none"}, {"vocab_size", "9000"}});
    ASSERT_TRUE(trained) << type << ": " << trained.error().message;
    EXPECT_EQ(trained->tokenizer->find_piece(line), std::nullopt);
  }
}

TEST(TrainTokenizer, WordPieceReadsAsBertDoes) {
  const auto trained = train(sayings(), {{"type", "wordpiece"}, {"lowercase", "yes"}, {"vocab_size", "100"}});
  EXPECT_THAT(pieces(*trained->tokenizer, "CAT ☃"), ElementsAre("[CLS]", "cat", "[UNK]", "[SEP]"));
}

TEST(TrainTokenizer, WritesAllMembersOfTheFile) {
  const auto trained = train(sayings(), {{"type", "unigram"}, {"vocab_size", "60"}});
  const Json json = Json::parse(trained->json, "tokenizer.json").value();
  for (const char* name : {"version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model"}) {
    EXPECT_NE(json.find(name), nullptr) << name;
  }
  EXPECT_EQ(json["added_tokens"].as_array()[0]["content"].as_string(), "<unk>");
  EXPECT_EQ(json["model"]["unk_id"].as_integer(), 0);
}

TEST(TrainTokenizer, ErrorsSayWhatToDo) {
  const tokens::MemoryDataset empty({"", ""});
  EXPECT_THAT(train(empty, {}).error().message, HasSubstr("no words in 2 texts"));
  EXPECT_THAT(train(sayings(), {{"vocab_size", "9"}, {"no_byte_level", true}}).error().message, HasSubstr("--vocab-size"));
  EXPECT_THAT(train(sayings(), {{"pre", "byte-level"}, {"no_byte_level", true}}).error().message, HasSubstr("contradict"));
  EXPECT_THAT(train(sayings(), {{"type", "word"}, {"unknown", "none"}}).error().message, HasSubstr("--unknown"));
  EXPECT_THAT(train(sayings(), {{"type", "unigram"}, {"limit_alphabet", "9"}}).error().message, HasSubstr("--limit-alphabet is for bpe"));
  EXPECT_THAT(train(sayings(), {{"type", "word"}, {"vocab_size", "1"}}).error().message, HasSubstr("no room for words"));
  EXPECT_THAT(train(sayings(), {{"vocabulary", "9"}}).error().message, HasSubstr("vocab_size"));
}

}  // namespace
}  // namespace isogloss
