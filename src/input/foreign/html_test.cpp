// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "input/foreign/foreign.hpp"

namespace isogloss::input::foreign {
namespace {

Document read(std::string_view html) {
  const ReadOptions options;
  Budget budget;
  Context context;
  auto document = read_html({"a.html", html, options, budget}, context);
  EXPECT_TRUE(document) << document.error().message;
  return document ? std::move(*document) : Document{};
}

TEST(Html, KeepsTheMainTextAndItsPlaces) {
  const Document d = read(
      "<html lang=en><head><title>Tides &amp; ports</title><link rel=canonical href='https://x.org/t'></head><body>"
      "<nav><a href=/>Home</a></nav><h1>Tides</h1><p>The tide\n turns <b>twice</b> a day.</p><ul><li>high<li>low</ul>"
      "<table><tr><th>port<th>depth<tr><td>Hull<td>9 "
      "m</table><footer>Imprint</footer><script>x()</script></body></html>");
  EXPECT_EQ(d.text, "Tides\n\nThe tide turns twice a day.\n\n- high\n- low\n\nport | depth\nHull | 9 m\n");
  EXPECT_EQ(d.title, "Tides & ports");
  EXPECT_EQ(std::get<std::string>(d.meta.at("lang")), "en");
  EXPECT_EQ(std::get<std::string>(d.meta.at("url")), "https://x.org/t");
  ASSERT_EQ(d.headings.size(), 1U);
  EXPECT_EQ(d.text.substr(d.headings[0].at.begin, d.headings[0].at.size()), "Tides");
}

TEST(Html, MainIsTheTextUnlessTheTextIsElsewhere) {
  const std::string prose(600, 'x');
  EXPECT_EQ(read("<div>around</div><main><p>" + prose + "</p></main>").text, prose + "\n");
  EXPECT_EQ(read("<main><p>loading</p></main><div>" + prose + "</div>").text, "loading\n\n" + prose + "\n");
}

TEST(Html, ListsOfLinksAreNavigation) {
  std::string links;
  for (int i = 0; i < 8; ++i) links += "<li><a href=x>Section " + std::to_string(i) + "</a></li>";
  EXPECT_EQ(read("<p>Text with <a href=y>a link</a> in it.</p><div><ul>" + links + "</ul></div>").text,
            "Text with a link in it.\n");
}

TEST(Html, TablesOfLayoutAreBlocks) {
  const Document d = read(
      "<table><tr><td class=nav>Menu</td><td><h2>One</h2><p>text</p><table><tr><td>a<td>b</table></td></tr></table>");
  EXPECT_EQ(d.text, "One\n\ntext\n\na | b\n");
  EXPECT_EQ(d.headings.size(), 1U);
}

TEST(Html, PreformattedTextStaysWhole) {
  const Document d = read("<p>Run:</p><pre>a  b\n  c\n</pre><p>Done.</p>");
  EXPECT_EQ(d.text, "Run:\n\na  b\n  c\n\nDone.\n");
  ASSERT_EQ(d.opaque.size(), 1U);
}

// A line end takes back the blanks before it, also those of the block.
TEST(Html, BlocksLieInTheText) {
  const Document d = read("<main><p>x<pre>a=\n<pre>b=\n <hq\n b</prein>");
  for (const Span& block : d.opaque) EXPECT_LE(block.end, d.text.size());
  const Document blanks = read("<pre>a   </pre><p>b");
  ASSERT_EQ(blanks.opaque.size(), 1U);
  EXPECT_EQ(blanks.opaque[0], (Span{0, 1}));
}

TEST(Html, HostileNestingEndsSomewhere) {
  std::string deep;
  for (int i = 0; i < 5000; ++i) deep += "<div>";
  EXPECT_EQ(read("<p>Top.</p>" + deep + "bottom").text, "Top.\n");
}

TEST(Html, XhtmlMayCloseAnyElementAtOnce) {
  EXPECT_EQ(
      read("<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title/><script src='x'/></head>"
           "<body><p>One<br/>two</p></body></html>")
          .text,
      "One\ntwo\n");
}

TEST(Html, TheDeclaredCharsetIsHonoured) {
  EXPECT_EQ(read("<meta charset=windows-1251><p>\xEF\xF0\xE8\xE2\xE5\xF2 \xEC\xE8\xF0").text, "привет мир\n");
}

}  // namespace
}  // namespace isogloss::input::foreign
