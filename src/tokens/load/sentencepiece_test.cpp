// SPDX-License-Identifier: Apache-2.0
// SentencePiece models written by hand. Expected pieces are those of the sentencepiece package, version 0.2.3, which
// tests/differential/tokens_made_test.py asks about many more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "tokens/load/files.hpp"
#include "tokens/load/sentencepiece_parts.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"

namespace isogloss::tokens {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using Type = SentencePieceType;

struct Entry {
  std::string text;
  float score = 0;
  Type type = Type::normal;
};

std::string varint_field(int number, unsigned value) {
  return {static_cast<char>(number << 3), static_cast<char>(value)};
}
std::string bytes_field(int number, const std::string& bytes) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(bytes.size())} + bytes;
}

std::string model_file(unsigned model_type, const std::vector<Entry>& pieces, const std::string& trainer = "") {
  std::string out;
  for (const Entry& piece : pieces) {
    char score[4];
    std::memcpy(score, &piece.score, 4);
    out += bytes_field(1, bytes_field(1, piece.text) + std::string{2 << 3 | 5} + std::string(score, 4) +
                              varint_field(3, static_cast<unsigned>(piece.type)));
  }
  out += bytes_field(2, varint_field(3, model_type) + trainer);
  return out + bytes_field(3, varint_field(3, 0) + varint_field(4, 0));  // no blank in front, none taken out
}

struct Read {
  std::vector<std::uint32_t> ids;
  std::vector<PieceSpan> offsets;
};
Read encode(const std::string& file, std::string_view text) {
  auto parts = read_sentencepiece(file, "x.model");
  EXPECT_TRUE(parts) << parts.error().message;
  Tokens tokens;
  EXPECT_TRUE(PipelineTokenizer(std::move(*parts)).encode(text, {}, tokens));
  return {tokens.ids, tokens.offsets};
}

const std::vector<Entry> kWords = {
    {"<unk>", 0, Type::unknown}, {"<s>", 0, Type::control}, {"the"}, {"\u2581red", -1}, {"\u2581cat", -2}};

TEST(SentencePieceWords, AWordIsWhatStandsBetweenMarks) {
  const Read read = encode(model_file(3, kWords), "the red dog pig cat <s>");
  EXPECT_THAT(read.ids, ElementsAre(2, 3, 0, 4, 0));  // two unknown words become one piece
  EXPECT_THAT(read.offsets,
              ElementsAre(PieceSpan{0, 3}, PieceSpan{3, 7}, PieceSpan{7, 15}, PieceSpan{15, 19}, PieceSpan{19, 23}));
  EXPECT_THAT(encode(model_file(3, kWords), "<s>").ids, ElementsAre(0));  // a control piece is no text
}

TEST(SentencePieceCharacters, SymbolsOfTheUserStayWhole) {
  const std::vector<Entry> pieces = {
      {"<unk>", 0, Type::unknown}, {"a"}, {"b"}, {"\u2581"}, {"ab", 0, Type::user_defined}};
  EXPECT_THAT(encode(model_file(4, pieces), "ba abxy").ids, ElementsAre(2, 1, 3, 4, 0));
}

TEST(SentencePieceBpe, AnUnusedPieceFallsApartIntoWhatItWasMadeOf) {
  const std::vector<Entry> pieces = {
      {"<unk>", 0, Type::unknown}, {"a", -9},   {"b", -9}, {"c", -9}, {"d", -9, Type::unused},
      {"ab", -1, Type::unused},    {"abc", -2}, {"bc", -3}};
  EXPECT_THAT(encode(model_file(2, pieces), "abc").ids, ElementsAre(6));  // merges pass through it
  EXPECT_THAT(encode(model_file(2, pieces), "aab").ids, ElementsAre(1, 1, 2));
  EXPECT_THAT(encode(model_file(2, pieces), "dxa").ids, ElementsAre(0, 1));  // a character alone is unknown then
}

std::vector<Entry> with_bytes(std::vector<Entry> pieces) {
  for (int byte = 0; byte < 256; ++byte) pieces.push_back({byte_piece(static_cast<char>(byte)), 0, Type::byte});
  return pieces;
}

TEST(SentencePieceBytes, TheLastByteCoversTheCharacter) {
  const std::string fallback = std::string{'\x98', '\x02', '\x01'};  // field 35
  const auto pieces = with_bytes({{"<unk>", 0, Type::unknown}, {"a", -1}});
  for (const unsigned model : {1u, 2u, 4u}) {
    const Read read = encode(model_file(model, pieces, fallback), "a\u00e9");
    EXPECT_THAT(read.ids, ElementsAre(1, 2 + 0xC3, 2 + 0xA9)) << model;
    EXPECT_THAT(read.offsets, ElementsAre(PieceSpan{0, 1}, PieceSpan{1, 1}, PieceSpan{1, 3})) << model;
  }
  const Read word = encode(model_file(3, pieces, fallback), "bc");  // of a word model the whole word
  EXPECT_THAT(word.offsets, ElementsAre(PieceSpan{0, 0}, PieceSpan{0, 2}));
}

TEST(SentencePieceUnigram, SymbolsOfTheUserWinOverLikelyPieces) {
  const std::vector<Entry> pieces = {
      {"<unk>", 0, Type::unknown}, {"\u2581", -3}, {"x", -4}, {"\u2581x", 0, Type::user_defined}};
  EXPECT_THAT(encode(model_file(1, pieces), " x").ids, ElementsAre(3));
}

TEST(SentencePieceModels, AnUnknownKindIsRefusedByItsNumber) {
  EXPECT_THAT(read_sentencepiece(model_file(5, kWords), "x.model").error().message, HasSubstr("model type 5"));
}

}  // namespace
}  // namespace isogloss::tokens
