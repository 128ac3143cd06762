// SPDX-License-Identifier: Apache-2.0
// Files that hold tokenizers, good and broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "tokens/load/base64.hpp"
#include "tokens/load/files.hpp"
#include "tokens/load/tokenizer_json.hpp"

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view kSmall =
    R"({"added_tokens":[{"id":0,"content":"[UNK]","special":true},{"id":4,"content":"[CLS]","special":true},
{"id":5,"content":"<m>","lstrip":true,"rstrip":true,"special":false,"normalized":false}],
"normalizer":{"type":"BertNormalizer"},"pre_tokenizer":{"type":"BertPreTokenizer"},
"post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
"pair":[{"SpecialToken":{"id":"[CLS]","type_id":0}},{"Sequence":{"id":"A","type_id":0}},{"Sequence":{"id":"B","type_id":1}}],
"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[4],"tokens":["[CLS]"]}}},
"decoder":{"type":"WordPiece"},"model":{"type":"WordPiece","vocab":{"[UNK]":0,"hug":1,"##s":2,"!":3}}})";

std::string changed(std::string_view from, std::string_view to) {
  std::string json(kSmall);
  const std::size_t at = json.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return json.replace(at, from.size(), to);
}

std::string error_of(std::string_view json) {
  const auto parts = read_tokenizer_json(json, "t.json");
  return parts ? "no error" : parts.error().message;
}

TEST(TokenizerJson, ReadsEveryPart) {
  const PipelineTokenizer tokenizer(*read_tokenizer_json(kSmall, "t.json"));
  Tokens tokens;
  ASSERT_TRUE(tokenizer.encode("Hugs <m> hug!", {}, tokens));
  EXPECT_THAT(tokens.ids, ElementsAre(4, 1, 2, 5, 1, 3));
  EXPECT_EQ(tokens.offsets[3], (PieceSpan{4, 9}));  // with the blanks it takes
  EXPECT_THAT(tokens.special, ElementsAre(1, 0, 0, 0, 0, 0));
  ASSERT_TRUE(tokenizer.encode_pair("hug", "hugs", {}, tokens));
  EXPECT_THAT(tokens.ids, ElementsAre(4, 1, 1, 2));
  EXPECT_THAT(tokens.type_ids, ElementsAre(0, 0, 1, 1));
  EXPECT_EQ(tokenizer.decode(std::vector<std::uint32_t>{4, 1, 2, 3}, {.special_tokens = SpecialTokens::leave_out}),
            "hugs!");
}

TEST(TokenizerJson, CutsFromTheEndAskedForAndCountsWhatWentAway) {
  const PipelineTokenizer tokenizer(*read_tokenizer_json(kSmall, "t.json"));
  Tokens tokens;
  ASSERT_TRUE(tokenizer.encode("hugs hug!", {.max_tokens = 3}, tokens));
  EXPECT_THAT(tokens.ids, ElementsAre(4, 1, 2));
  EXPECT_EQ(tokens.cut, 2u);
  ASSERT_TRUE(tokenizer.encode("hugs hug!", {.max_tokens = 3, .cut_side = CutSide::start}, tokens));
  EXPECT_THAT(tokens.ids, ElementsAre(4, 1, 3));
  ASSERT_TRUE(tokenizer.encode_pair("hug hug hug", "hug", {.max_tokens = 4}, tokens));  // the longer one gives
  EXPECT_THAT(tokens.type_ids, ElementsAre(0, 0, 0, 1));
  ASSERT_TRUE(tokenizer.encode_pair("hug", "hug hug hug", {.max_tokens = 3, .pair_cut = PairCut::only_second}, tokens));
  EXPECT_THAT(tokens.type_ids, ElementsAre(0, 0, 1));
  EXPECT_EQ(
      tokenizer.encode_pair("hug", "hug", {.max_tokens = 2, .pair_cut = PairCut::only_first}, tokens).error().code,
      Code::too_long);
  EXPECT_FALSE(PipelineTokenizer(*read_tokenizer_json(kSmall, "t.json")).decode(std::vector<std::uint32_t>{99}, {}));
}

TEST(TokenizerJson, ErrorsNameFileAndPlace) {
  EXPECT_THAT(error_of("{"), HasSubstr("t.json"));
  EXPECT_THAT(error_of("{}"), HasSubstr("t.json: model"));
  EXPECT_THAT(error_of(changed("BertNormalizer", "Bert")), HasSubstr("normalizer has the type 'Bert'"));
  EXPECT_THAT(error_of(changed("BertPreTokenizer", "Split")), HasSubstr("pre_tokenizer.pattern.Regex"));
  EXPECT_THAT(error_of(changed("\"hug\":1", "\"hug\":-1")), HasSubstr("'hug' the id -1"));
  EXPECT_THAT(error_of(changed("\"hug\":1", "\"hug\":8000000")), HasSubstr("far beyond"));
  EXPECT_THAT(error_of(changed("\"[UNK]\":0,", "")), HasSubstr("unknown token '[UNK]'"));
  EXPECT_THAT(error_of(changed("\"ids\":[4]", "\"ids\":[]")), HasSubstr("[CLS]"));
  EXPECT_THAT(error_of(changed("{\"type\":\"BertPreTokenizer\"}",
                               R"({"type":"Split","pattern":{"Regex":"a("},"behavior":"Isolated","invert":false})")),
              HasSubstr("no regular expression"));
  EXPECT_THAT(error_of(changed(R"({"type":"WordPiece","vocab":{"[UNK]":0,"hug":1,"##s":2,"!":3}})",
                               R"({"type":"BPE","vocab":{"a":0},"merges":["a b"]})")),
              HasSubstr("model.merges speaks at place 0 of the piece 'b'"));
}

// Of a normaliser, a splitter and a decoder.
TEST(TokenizerJson, AnExplodingExpressionIsAnErrorOfTheTextThatNamesTheFile) {
  const std::string pattern = R"("pattern":{"Regex":"(?:h+)+x"})";
  const std::string piece = std::string(60, 'h') + "! x";
  const std::string text = "hug " + piece;
  Tokens tokens;
  const PipelineTokenizer splitting(*read_tokenizer_json(
      changed(R"({"type":"BertPreTokenizer"})", R"({"type":"Split","behavior":"Isolated",)" + pattern + "}"),
      "t.json"));
  EXPECT_THAT(splitting.encode(text, {}, tokens).error().message,
              HasSubstr("(t.json: pre_tokenizer.pattern.Regex) takes more than 10000000 steps at byte 0"));
  EXPECT_TRUE(splitting.encode("hug", {}, tokens));
  const PipelineTokenizer normalizing(*read_tokenizer_json(
      changed(R"({"type":"BertNormalizer"})", R"({"type":"Replace","content":"",)" + pattern + "}"), "t.json"));
  EXPECT_THAT(normalizing.encode_pair("hug", text, {}, tokens).error().message,
              HasSubstr("t.json: normalizer.pattern.Regex"));
  const PipelineTokenizer decoding(
      *read_tokenizer_json(changed(R"("decoder":{"type":"WordPiece"},"model":{"type":"WordPiece","vocab":{)",
                                   R"("decoder":{"type":"Replace","content":"",)" + pattern +
                                       R"(},"model":{"type":"WordPiece","vocab":{")" + piece + R"(":9,)"),
                           "t.json"));
  EXPECT_THAT(decoding.decode(std::vector<std::uint32_t>{9}, {}).error().message,
              HasSubstr("t.json: decoder.pattern.Regex"));
}

TEST(BertVocabulary, CaseIsToldByThePieces) {
  const auto lower = read_bert_vocabulary("[UNK]\n[CLS]\n[SEP]\ncat\n", TokenizerOptions::LowerCase::automatic, "v");
  ASSERT_TRUE(lower);
  EXPECT_TRUE(lower->lower_case);
  const auto cased = read_bert_vocabulary("[UNK]\nCat\ncat\n", TokenizerOptions::LowerCase::automatic, "v");
  ASSERT_TRUE(cased);
  EXPECT_FALSE(cased->lower_case);
  EXPECT_FALSE(read_bert_vocabulary("", TokenizerOptions::LowerCase::automatic, "v"));
  EXPECT_FALSE(read_bert_vocabulary("cat\n", TokenizerOptions::LowerCase::automatic, "v"));  // no [UNK]
}

TEST(Base64, RoundTripAndErrors) {
  EXPECT_EQ(base64_decode("IHRoZQ=="), " the");
  EXPECT_EQ(base64_decode(""), "");
  EXPECT_FALSE(base64_decode("a"));
  EXPECT_FALSE(base64_decode("ab*d"));
}

TEST(LoadTokenizer, AFolderWithoutATokenizerSaysWhatWasLookedFor) {
  const TemporaryFolder folder;
  Context context;
  const auto missing = load_tokenizer(folder.path(), {}, context);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::not_found);
  EXPECT_THAT(missing.error().message, HasSubstr("tokenizer.json"));
  ASSERT_TRUE(write_file(folder.path() / "tokenizer.json", kSmall));
  EXPECT_TRUE(load_tokenizer(folder.path(), {}, context));
  ASSERT_TRUE(write_file(folder.path() / "x.tiktoken", "IQ== 0\n"));
  EXPECT_THAT(load_tokenizer(folder.path() / "x.tiktoken", {}, context).error().message, HasSubstr("1 ranks"));
  ASSERT_TRUE(write_file(folder.path() / "x.model", "\x0a\x7f"));
  EXPECT_THAT(load_tokenizer(folder.path() / "x.model", {}, context).error().message, HasSubstr("x.model"));
  ASSERT_TRUE(write_file(folder.path() / "x.ftz", "abcd"));
  EXPECT_THAT(load_tokenizer(folder.path() / "x.ftz", {}, context).error().message, HasSubstr("no fastText model"));
}

TEST(CodePointOffsets, CountCharactersAndBrokenBytes) {
  Tokens tokens;
  tokens.ids = {1, 2, 3};
  tokens.special = {0, 0, 0};
  tokens.offsets = {{0, 2}, {2, 3}, {3, 6}};
  EXPECT_THAT(code_point_offsets(tokens, "\u00e9x\u4e2d"),
              ElementsAre(PieceSpan{0, 1}, PieceSpan{1, 2}, PieceSpan{2, 3}));
}

}  // namespace
}  // namespace isogloss::tokens
