// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "input/foreign/foreign.hpp"

namespace isogloss::input::foreign {
namespace {

Result<Document> read(std::string_view content) {
  const ReadOptions options;
  Budget budget;
  Context context;
  return read_feed({"a.rss", content, options, budget}, context);
}
std::string text_at(const Document& d, const Row& row) { return d.text.substr(row.at.begin, row.at.size()); }
std::string meta(const Row& row, const char* name) { return std::get<std::string>(row.meta.at(name)); }

constexpr std::string_view kRss =
    "<?xml version='1.0'?><rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/' "
    "xmlns:dc='http://purl.org/dc/elements/1.1/'><channel><title>Harbour news</title><link>https://h.example/</link>"
    "<item><title>Tides &amp;amp; winds</title><link>https://h.example/1</link><guid>tag:1</guid>"
    "<pubDate>Mon, 05 Feb 2024 10:00:00 +0100</pubDate><dc:creator>Ann</dc:creator>"
    "<description>short</description><content:encoded><![CDATA[<p>High at <b>noon</b>.</p><h2>Later</h2><p>Low.</p>]]>"
    "</content:encoded></item><item><description>&lt;p&gt;Only "
    "this.&lt;/p&gt;</description></item><item/></channel></rss>";

TEST(Feed, AnRssItemIsARow) {
  const Document d = read(kRss).value();
  EXPECT_EQ(d.title, "Harbour news");
  ASSERT_EQ(d.rows.size(), 2U);
  EXPECT_EQ(text_at(d, d.rows[0]), "Tides & winds\n\nHigh at noon.\n\nLater\n\nLow.\n");
  EXPECT_EQ(d.rows[0].id, "tag:1");
  EXPECT_EQ(meta(d.rows[0], "url"), "https://h.example/1");
  EXPECT_EQ(meta(d.rows[0], "date"), "2024-02-05T10:00:00+0100");
  EXPECT_EQ(meta(d.rows[0], "author"), "Ann");
  EXPECT_EQ(text_at(d, d.rows[1]), "Entry 2\n\nOnly this.\n");
  ASSERT_EQ(d.headings.size(), 3U);
  EXPECT_EQ(d.headings[1].level, 3);  // an h2 within the entry
}

TEST(Feed, AtomSaysWhatItsTextIs) {
  const Document d =
      read(
          "<feed xmlns='http://www.w3.org/2005/Atom'><title type='text'>T</title>"
          "<entry><title>a &lt; b</title><id>x</id><link rel='self' href='s'/><link href='https://a/1'/>"
          "<updated>2024-05-06T07:08:09Z</updated><author><name>Bo</name></author>"
          "<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p>One</p><p>two</p></div></content></entry>"
          "<entry><title>n</title><summary>1 &lt; 2 stays</summary></entry>"
          "<entry><title>h</title><content type='html'>&lt;i&gt;it&lt;/i&gt;</content></entry></feed>")
          .value();
  ASSERT_EQ(d.rows.size(), 3U);
  EXPECT_EQ(text_at(d, d.rows[0]), "a < b\n\nOne\n\ntwo\n");
  EXPECT_EQ(meta(d.rows[0], "url"), "https://a/1");
  EXPECT_EQ(meta(d.rows[0], "date"), "2024-05-06T07:08:09Z");
  EXPECT_EQ(meta(d.rows[0], "author"), "Bo");
  EXPECT_EQ(text_at(d, d.rows[1]), "n\n\n1 < 2 stays\n");
  EXPECT_EQ(text_at(d, d.rows[2]), "h\n\nit\n");
}

TEST(Feed, Rss1HasItsItemsBesideTheChannel) {
  const Document d =
      read(
          "<?xml version=\"1.0\" encoding=\"windows-1251\"?><rdf:RDF xmlns:rdf='r' xmlns='http://purl.org/rss/1.0/'>"
          "<channel><title>C</title></channel><item><title>\xCF\xF0\xE8\xE2\xE5\xF2</title></item></rdf:RDF>")
          .value();
  ASSERT_EQ(d.rows.size(), 1U);
  EXPECT_EQ(d.text, "Привет\n\n");
}

TEST(Feed, WhatIsDamagedIsSaid) {
  const std::string cut(kRss.substr(0, kRss.find("<item><desc") + 10));
  const Document d = read(cut).value();
  EXPECT_EQ(d.rows.size(), 1U);
  ASSERT_EQ(d.notes.size(), 1U);
  EXPECT_TRUE(d.notes[0].starts_with("damaged ("));
  EXPECT_EQ(read("<rss><channel").error().code, Code::corrupt_data);
  EXPECT_TRUE(read("<rss/>").value().rows.empty());
}

}  // namespace
}  // namespace isogloss::input::foreign
