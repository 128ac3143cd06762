// SPDX-License-Identifier: Apache-2.0
#include "core/utf8.hpp"

#include <gtest/gtest.h>
#include <utf8proc.h>

#include <vector>

namespace isogloss {
namespace {

TEST(Utf8, DecodesOneToFourBytes) {
  const std::string text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\xBA";  // a é € 😺
  EXPECT_EQ(utf8_to_code_points(text), U"a\u00E9\u20AC\U0001F63A");
  EXPECT_EQ(utf8_from_code_points(U"a\u00E9\u20AC\U0001F63A"), text);
  EXPECT_EQ(utf8_count(text), 4u);
  EXPECT_TRUE(utf8_valid(text));
}

// Unicode 15, table 3-11, and Python's bytes.decode(errors="replace").
TEST(Utf8, RepairsOneReplacementPerMaximalSubpart) {
  const std::string r = "\xEF\xBF\xBD";
  EXPECT_EQ(utf8_repair("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"), r + r + r + r + "A");
  EXPECT_EQ(utf8_repair("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(utf8_repair("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"), r + r + r + r + r + r + r + r + "A");
  EXPECT_EQ(utf8_repair("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"), r + r + r + r + r + "A" + r + r + "B");
  EXPECT_EQ(utf8_repair("plain"), "plain");
}

TEST(Utf8, ValidPrefixStopsAtTheFirstBadByte) {
  EXPECT_EQ(utf8_valid_prefix("abc\xC3\xA9\xFFz"), 5u);
  EXPECT_EQ(utf8_valid_prefix("cut \xE2\x82"), 4u);
  EXPECT_FALSE(utf8_valid("cut \xE2\x82"));
}

TEST(Utf8, EncodesAndDecodesEveryCodePoint) {
  for (char32_t c = 0; c <= kMaxCodePoint; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    char bytes[4];
    const std::size_t size = utf8_encode(c, bytes);
    ASSERT_EQ(size, utf8_size(c));
    const Decoded d = utf8_decode(bytes, bytes + size);
    ASSERT_EQ(d.code_point, c);
    ASSERT_EQ(d.size, size);
    ASSERT_TRUE(d.valid);
  }
}

TEST(CodePoint, TablesEqualUtf8procForEveryCodePoint) {
  if (unicode_version() != utf8proc_unicode_version()) {
    GTEST_SKIP() << "tables are of Unicode " << unicode_version() << ", utf8proc of " << utf8proc_unicode_version();
  }
  for (char32_t c = 0; c <= kMaxCodePoint; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const auto code = static_cast<utf8proc_int32_t>(c);
    const utf8proc_property_t& p = *utf8proc_get_property(code);
    ASSERT_EQ(static_cast<int>(code_point_info(c).category), p.category) << code;
    ASSERT_EQ(code_point_info(c).combining_class, p.combining_class) << code;
    ASSERT_EQ(static_cast<utf8proc_int32_t>(to_lower(c)), utf8proc_tolower(code)) << code;
    utf8proc_int32_t out[32];
    int boundary = 0;
    const auto n = utf8proc_decompose_char(code, out, 32, UTF8PROC_DECOMPOSE, &boundary);
    char32_t hangul[3];
    const std::u32string_view ours = decompose(c, Decomposing::canonical, hangul);
    ASSERT_EQ(ours, std::u32string(out, out + n)) << code;
  }
}

TEST(CodePoint, KnowsWordsSpacesAndMarks) {
  EXPECT_TRUE(is_word_char(U'_'));
  EXPECT_TRUE(is_word_char(U'\u00BD'));   // one half: str.isalnum() is true
  EXPECT_FALSE(is_word_char(U'\u0301'));  // combining acute
  EXPECT_TRUE(is_mark(U'\u0301'));
  EXPECT_TRUE(is_space(U'\x1c'));
  EXPECT_TRUE(is_space(U'\u3000'));
  EXPECT_FALSE(is_space(U'\u200B'));
  EXPECT_EQ(code_point_info(U'\u4E2D').kind, ScriptKind::han);
  EXPECT_EQ(code_point_info(U'\'').word_break, WordBreak::single_quote);
}

// Values of CPython 3.11: str.lower() and str.casefold().
TEST(Case, LowersAsPythonDoes) {
  EXPECT_EQ(to_lower_full("ÀÉ ΟΔΟΣ ΣΑΣ. İSTANBUL Σ"), "àé οδος σας. i\xCC\x87stanbul σ");
  EXPECT_EQ(to_lower_simple("ΟΔΟΣ"), "οδοσ");
  EXPECT_EQ(case_fold("Straße ﬁn ΟΔΟΣ"), "strasse fin οδοσ");
  EXPECT_EQ(to_lower_full("Plain ASCII Text 123 [Z]"), "plain ascii text 123 [z]");
}

TEST(Accents, AreStrippedAndOrdered) {
  EXPECT_EQ(strip_accents("Café naïve Ångström"), "Cafe naive Angstrom");
  EXPECT_EQ(strip_accents("½ ﬁ"), "½ ﬁ");  // compatibility forms stay
  EXPECT_EQ(normalize_decomposed("\uFB01", Decomposing::compatible), "fi");
  // a + cedilla (202) + acute (230): order by class, whatever the order of input
  EXPECT_EQ(normalize_decomposed("a\u0301\u0327", Decomposing::canonical), "a\u0327\u0301");
  EXPECT_EQ(normalize_decomposed("\uD55C", Decomposing::canonical), "\u1112\u1161\u11AB");
}

}  // namespace
}  // namespace isogloss
