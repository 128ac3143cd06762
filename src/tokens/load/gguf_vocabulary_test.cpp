// SPDX-License-Identifier: Apache-2.0
// Vocabularies in GGUF files written by hand; tests/differential/tokens_made_test.py converts published ones.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "core/text.hpp"
#include "formats/gguf_test_support.hpp"
#include "isogloss/tokens.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"

namespace isogloss::tokens {
namespace {

using formats::GgufBuilder;
using testing::ElementsAre;
using testing::HasSubstr;
using Words = std::vector<std::string>;
using Types = std::vector<std::int32_t>;

Result<TokenizerPtr> load(const GgufBuilder& builder) {
  const TemporaryFolder folder;
  Context context;
  EXPECT_TRUE(write_file(folder.path() / "t.gguf", builder.finish()));
  return load_tokenizer(folder.path(), {}, context);  // the only tokenizer of a folder
}

std::vector<std::uint32_t> ids(const TokenizerPtr& tokenizer, std::string_view text) {
  Tokens tokens;
  EXPECT_TRUE(tokenizer->encode(text, {}, tokens));
  return tokens.ids;
}

std::string error_of(const GgufBuilder& builder) {
  const auto tokenizer = load(builder);
  return tokenizer ? "no error" : tokenizer.error().message;
}

GgufBuilder bert(const Words& words) {
  GgufBuilder builder;
  builder.key("tokenizer.ggml.model", "bert")
      .array("tokenizer.ggml.tokens", words)
      .array("tokenizer.ggml.token_type", Types{3, 3, 3, 1, 1, 1, 1});
  builder.key("tokenizer.ggml.bos_token_id", 1u)
      .key("tokenizer.ggml.seperator_token_id", 2u)
      .key("tokenizer.ggml.unknown_token_id", 0u);
  return builder;
}

TEST(GgufBert, PhantomBlanksAreReadBackIntoWordPieces) {
  const auto tokenizer = load(bert({"[UNK]", "[CLS]", "[SEP]", "\u2581the", "\u2581kettle", "s", "[unused0]"}));
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->type(), "WordPiece");
  EXPECT_THAT(ids(*tokenizer, "The kettles xyz"), ElementsAre(1, 3, 4, 5, 0, 2));
  EXPECT_EQ((*tokenizer)->piece(5), "##s");
  EXPECT_EQ((*tokenizer)->piece(6), "[unused0]");
  Tokens tokens;
  ASSERT_TRUE((*tokenizer)->encode_pair("the", "kettle", {}, tokens));
  EXPECT_THAT(tokens.ids, ElementsAre(1, 3, 2, 4, 2));
  EXPECT_THAT(tokens.type_ids, ElementsAre(0, 0, 0, 1, 1));
  // A file that kept the form of vocab.txt, and says itself that case matters.
  const auto plain = load(bert({"[UNK]", "[CLS]", "[SEP]", "the", "kettle", "##s", "The"})
                              .key("tokenizer.ggml.normalizer.lowercase", false));
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_THAT(ids(*plain, "The kettles"), ElementsAre(1, 6, 4, 5, 2));
}

// The letters a, b, "Ġ" and the pieces "ab", "Ġab".
GgufBuilder gpt2() {
  GgufBuilder builder;
  builder.key("tokenizer.ggml.model", "gpt2")
      .array("tokenizer.ggml.tokens", Words{"<s>", "</s>", "a", "b", "\u0120", "ab", "\u0120ab", "<user>"});
  builder.array("tokenizer.ggml.token_type", Types{3, 3, 1, 1, 1, 1, 1, 4})
      .array("tokenizer.ggml.merges", Words{"a b", "\u0120 ab"});
  builder.key("tokenizer.ggml.bos_token_id", 0u)
      .key("tokenizer.ggml.eos_token_id", 1u)
      .key("tokenizer.ggml.seperator_token_id", 1u);
  return builder;
}

TEST(GgufGpt2, AMissingOrUnknownPreIsRefusedAndNamesTheRemedy) {
  EXPECT_THAT(error_of(gpt2()),
              testing::AllOf(HasSubstr("'tokenizer.ggml.pre' is missing"), HasSubstr("tokenizer.json")));
  EXPECT_THAT(error_of(gpt2().key("tokenizer.ggml.pre", "default")),
              HasSubstr("is 'default', which this version does not know"));
}

// The error of an unknown name lists the known ones; differential.tokens_made holds each against its recipe.
TEST(GgufGpt2, EveryKnownPreCutsText) {
  const std::string message = error_of(gpt2().key("tokenizer.ggml.pre", "default"));
  const std::size_t begin = message.find("Known are ") + 10;
  const std::vector<std::string_view> names =
      split(std::string_view(message).substr(begin, message.find('.', begin) - begin), ',');
  EXPECT_GE(names.size(), 19u);
  for (const std::string_view name : names) {
    const auto tokenizer =
        load(gpt2().key("tokenizer.ggml.pre", trim(name)).key("tokenizer.ggml.add_bos_token", false));
    ASSERT_TRUE(tokenizer) << name << ": " << tokenizer.error().message;
    EXPECT_THAT(ids(*tokenizer, "ab ab"), testing::Contains(5u)) << name;
  }
}

TEST(GgufGpt2, ThePreDecidesWhatStandsAroundATextUnlessTheFileSays) {
  const auto roberta = load(gpt2().key("tokenizer.ggml.pre", "roberta-bpe"));
  ASSERT_TRUE(roberta) << roberta.error().message;
  EXPECT_THAT(ids(*roberta, "ab ab<user>"), ElementsAre(0, 5, 6, 7, 1));
  Tokens tokens;
  ASSERT_TRUE((*roberta)->encode_pair("a", "b", {}, tokens));
  EXPECT_THAT(tokens.ids, ElementsAre(0, 2, 1, 1, 3, 1));
  const auto plain = load(gpt2().key("tokenizer.ggml.pre", "gpt-2").key("tokenizer.ggml.add_eos_token", true));
  ASSERT_TRUE(plain) << plain.error().message;
  EXPECT_THAT(ids(*plain, "ab a</s>"), ElementsAre(5, 4, 2, 1, 1));
}

GgufBuilder scored(std::string_view model) {
  GgufBuilder builder;
  builder.key("tokenizer.ggml.model", model)
      .array("tokenizer.ggml.tokens", Words{"<unk>", "<s>", "</s>", "\u2581", "a", "b", "\u2581a", "ab"});
  builder.array("tokenizer.ggml.token_type", Types{2, 3, 3, 1, 1, 1, 1, 1})
      .array("tokenizer.ggml.scores", std::vector<float>{0, 0, 0, -4, -5, -5, -2, -1});
  return builder;
}

TEST(GgufSentencePiece, LlamaIsBpeByScoreAndT5Unigram) {
  const auto llama = load(scored("llama"));
  ASSERT_TRUE(llama) << llama.error().message;
  EXPECT_EQ((*llama)->type(), "BPE");
  EXPECT_THAT(ids(*llama, "ab a"), ElementsAre(1, 3, 7, 6));  // "ab" is joined before "▁a"
  const auto t5 = load(scored("t5"));
  ASSERT_TRUE(t5) << t5.error().message;
  EXPECT_EQ((*t5)->type(), "Unigram");
  EXPECT_THAT(ids(*t5, "ab a"), ElementsAre(3, 7, 6, 2));  // -5 instead of "▁a", "b" with -7; the end is marked
  const auto bare =
      load(scored("llama").key("tokenizer.ggml.add_space_prefix", false).key("tokenizer.ggml.add_bos_token", false));
  ASSERT_TRUE(bare) << bare.error().message;
  EXPECT_THAT(ids(*bare, "ab<s>"), ElementsAre(7, 1));
  EXPECT_EQ((*bare)->decode(std::vector<std::uint32_t>{1, 7}, {}), "<s>ab");
  EXPECT_EQ((*bare)->decode(std::vector<std::uint32_t>{1, 7}, {.special_tokens = SpecialTokens::leave_out}), "ab");
}

TEST(GgufVocabulary, AWholeTokenizerJsonInTheFileIsTakenFirst) {
  const auto tokenizer = load(
      gpt2().key("tokenizer.huggingface.json", R"({"model":{"type":"WordLevel","unk_token":"?","vocab":{"?":0}}})"));
  ASSERT_TRUE(tokenizer) << tokenizer.error().message;
  EXPECT_EQ((*tokenizer)->type(), "WordLevel");
}

TEST(GgufVocabulary, ErrorsNameFileKeyAndRemedy) {
  EXPECT_THAT(error_of(GgufBuilder().key("a", 1u)), HasSubstr("holds no vocabulary"));
  EXPECT_THAT(error_of(GgufBuilder().key("tokenizer.ggml.model", "rwkv")),
              HasSubstr("is 'rwkv'; read are llama, t5, bert, gpt2"));
  EXPECT_THAT(error_of(GgufBuilder().key("tokenizer.ggml.model", "llama")),
              HasSubstr("'tokenizer.ggml.tokens' is missing"));
  const auto tokens = [](const Words& words) {
    return GgufBuilder().key("tokenizer.ggml.model", "llama").array("tokenizer.ggml.tokens", words);
  };
  EXPECT_THAT(error_of(tokens({"<unk>", "a", "a"})), HasSubstr("token 2 is 'a', as token 1 is"));
  EXPECT_THAT(error_of(tokens({"<unk>", "\xff"})), HasSubstr("token 1 is not UTF-8"));
  EXPECT_THAT(error_of(tokens({"<unk>"})), HasSubstr("'tokenizer.ggml.scores' is missing"));
  EXPECT_THAT(error_of(tokens({"<unk>", "a"}).array("tokenizer.ggml.scores", std::vector<float>{0})),
              HasSubstr("has 1 entries for 2 tokens"));
  EXPECT_THAT(error_of(tokens({"<unk>"}).array("tokenizer.ggml.token_type", Types{9})),
              HasSubstr("token 0 has the type 9"));
  EXPECT_THAT(error_of(tokens({"<unk>"}).array("tokenizer.ggml.scores", std::vector<float>{NAN})),
              HasSubstr("token 0 has a score that is no number"));
  EXPECT_THAT(error_of(scored("llama").key("tokenizer.ggml.bos_token_id", 99u)), HasSubstr("an integer of 0 to 7"));
  GgufBuilder merges;
  merges.key("tokenizer.ggml.model", "gpt2")
      .key("tokenizer.ggml.pre", "gpt-2")
      .array("tokenizer.ggml.tokens", Words{"a", "b"});
  EXPECT_THAT(error_of(merges.array("tokenizer.ggml.merges", Words{"a b"})),
              HasSubstr("'tokenizer.ggml.merges', entry 0, 'a b', speaks of a piece"));
}

}  // namespace
}  // namespace isogloss::tokens
