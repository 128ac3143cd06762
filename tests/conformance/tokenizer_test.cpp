// SPDX-License-Identifier: Apache-2.0
// What every tokenizer promises, whatever its file: run on all tokenizer files of the shared test data.
#include <gtest/gtest.h>

#include <random>

#include "core/test_support.hpp"
#include "core/utf8.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss {
namespace {


const char* const kFiles[] = {
    "tok_bert_base_uncased/vocab.txt", "tok_bert_base_cased/vocab.txt",   "tok_bert_multilingual_cased/vocab.txt",
    "tok_bert_chinese/vocab.txt",      "tok_gpt2",                        "tok_roberta_base/tokenizer.json",
    "tok_roberta_base/vocab.json",     "tok_clip/tokenizer.json",         "tok_whisper_tiny/tokenizer.json",
    "tok_t5_small/tokenizer.json",     "tok_model2vec_test/tokenizer.json", "tok_xlnet/spiece.model",
    "tok_bpemb_en/en.wiki.bpe.vs100000.model", "tok_sentencepiece_tests/test_model.model",
    "tok_tiktoken/r50k_base.tiktoken", "tok_tiktoken/cl100k_base.tiktoken", "fasttext_lid176/lid.176.ftz",
};

class TokenizerConformance : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const auto path = test_data(std::string("models/") + GetParam());
    if (!path) GTEST_SKIP() << "test data 'models/" << GetParam() << "' is not on this machine";
    Context context;
    auto loaded = load_tokenizer(*path, {}, context);
    ASSERT_TRUE(loaded) << loaded.error().message;
    tokenizer = *loaded;
  }
  TokenizerPtr tokenizer;
};

// Bytes of every kind, UTF-8 or not.
std::string random_bytes(std::mt19937& random) {
  std::string text;
  for (std::size_t n = random() % 40; n > 0; --n) {
    switch (random() % 4) {
      case 0:
        text.push_back(static_cast<char>(random() % 256));
        break;
      case 1:
        utf8_append(text, static_cast<char32_t>(0x80 + random() % 0x3000));
        break;
      default:
        text.push_back(static_cast<char>(' ' + random() % 95));
    }
  }
  return text;
}

TEST_P(TokenizerConformance, TokensAreWellFormedWhateverTheBytes) {
  std::mt19937 random(1);
  Tokens tokens;
  for (int i = 0; i < 3000; ++i) {
    const std::string text = random_bytes(random);
    ASSERT_TRUE(tokenizer->encode(text, {}, tokens));
    ASSERT_EQ(tokens.offsets.size(), tokens.size());
    ASSERT_EQ(tokens.type_ids.size(), tokens.size());
    ASSERT_EQ(tokens.special.size(), tokens.size());
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      ASSERT_LT(tokens.ids[t], tokenizer->vocabulary_size());
      ASSERT_LE(tokens.offsets[t].begin, tokens.offsets[t].end);
      ASSERT_LE(tokens.offsets[t].end, text.size());
    }
    ASSERT_EQ(tokenizer->pieces(text, tokens).size(), tokens.size());
  }
}

TEST_P(TokenizerConformance, TheSameTextGivesTheSameTokensInAnyBatchAndThread) {
  std::mt19937 random(2);
  std::vector<std::string> texts;
  for (int i = 0; i < 400; ++i) texts.push_back(random_bytes(random) + " the quick brown foxes aren't 12345");
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  ThreadPool pool(4);
  Context parallel;
  parallel.pool = &pool;
  Context alone;
  const auto together = encode_batch(*tokenizer, views, {}, parallel);
  const auto in_turn = encode_batch(*tokenizer, views, {}, alone);
  ASSERT_TRUE(together && in_turn);
  Tokens single;
  for (std::size_t i = texts.size(); i-- > 0;) {
    ASSERT_TRUE(tokenizer->encode(texts[i], {}, single));
    ASSERT_EQ((*together)[i].ids, single.ids);
    ASSERT_EQ((*in_turn)[i].ids, single.ids);
    ASSERT_EQ((*together)[i].offsets, single.offsets);
  }
}

TEST_P(TokenizerConformance, ALimitKeepsTheFirstOrLastTokensAndCountsTheOthers) {
  const std::string text = "one two three four five six seven eight nine ten";
  Tokens all;
  Tokens cut;
  ASSERT_TRUE(tokenizer->encode(text, {.special_tokens = SpecialTokens::leave_out}, all));
  ASSERT_GE(all.size(), 1u);
  for (const CutSide side : {CutSide::start, CutSide::end}) {
    const std::size_t keep = all.size() / 2 + 1;
    ASSERT_TRUE(tokenizer->encode(text, {SpecialTokens::leave_out, keep, side, PairCut::longest_first}, cut));
    ASSERT_EQ(cut.size(), std::min(keep, all.size()));
    EXPECT_EQ(cut.cut, all.size() - cut.size());
    const std::size_t from = side == CutSide::start ? all.size() - cut.size() : 0;
    for (std::size_t i = 0; i < cut.size(); ++i) EXPECT_EQ(cut.ids[i], all.ids[from + i]);
  }
}

TEST_P(TokenizerConformance, PiecesAreFoundByTheirText) {
  for (std::uint32_t id = 0; id < tokenizer->vocabulary_size(); id += 997) {
    const std::string_view piece = tokenizer->piece(id);
    if (piece.empty()) continue;
    const auto found = tokenizer->find_piece(piece);
    ASSERT_TRUE(found) << piece;
    EXPECT_EQ(tokenizer->piece(*found), piece);
  }
}

std::string test_name(const testing::TestParamInfo<const char*>& info) {
  std::string name;
  for (const char c : std::string(info.param)) name.push_back(std::isalnum(static_cast<unsigned char>(c)) ? c : '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(Files, TokenizerConformance, testing::ValuesIn(kFiles), test_name);

}  // namespace
}  // namespace isogloss
