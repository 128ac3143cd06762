// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "input/recognise.hpp"
#include "isogloss/documents.hpp"

namespace isogloss {
namespace {

Document read(std::string_view name, std::string content) {
  Context context;
  auto document = read_document_text(name, std::move(content), {}, context);
  EXPECT_TRUE(document) << document.error().message;
  return document ? std::move(*document) : Document{};
}

// "1 Top, 2 Sub"
std::string headings(const Document& d) {
  std::string out;
  for (const Heading& h : d.headings) {
    out += (out.empty() ? "" : ", ") + std::to_string(h.level) + " " + d.text.substr(h.at.begin, h.at.size());
  }
  return out;
}

TEST(TextFormats, RestTakesLevelsInTheOrderOfTheirStyles) {
  const Document d =
      read("a.rst",
           "=====\nGuide\n=====\n:author: Ann\n\nOne\n---\n\ntext\n\nDeep\n~~~~\n\nTwo\n---\n\nCode::\n\n    Not\n"
           "    ---\n\nafter\n\n- item\n");
  EXPECT_EQ(headings(d), "1 Guide, 2 One, 3 Deep, 2 Two");
  EXPECT_EQ(d.title, "Guide");
  EXPECT_EQ(std::get<std::string>(d.meta.at("author")), "Ann");
  ASSERT_EQ(d.opaque.size(), 1U);
}

TEST(TextFormats, AsciiDocSkipsListings) {
  const Document d = read("a.adoc", "= Guide\n:year: 2024\n\n== One\n\n----\n== not\n----\n\n=== Deep\n");
  EXPECT_EQ(headings(d), "1 Guide, 2 One, 3 Deep");
  EXPECT_EQ(std::get<std::int64_t>(d.meta.at("year")), 2024);
  EXPECT_EQ(d.opaque.size(), 1U);
}

TEST(TextFormats, OrgCountsStars) {
  const Document d =
      read("a.org", "#+TITLE: Guide\n* One\n** Two\n#+BEGIN_SRC c\n* not\n#+END_SRC\n* Three\n*bold* text\n");
  EXPECT_EQ(headings(d), "1 One, 2 Two, 1 Three");
  EXPECT_EQ(d.title, "Guide");
}

TEST(TextFormats, LatexFindsSectionsAndLeavesComments) {
  const Document d =
      read("a.tex",
           "\\title{A \\emph{fine} paper}\n\\begin{document}\n\\section[Short]{One \\& all}\n% \\section{not}\n"
           "\\subsection*{Deep}\n\\begin{verbatim}\n\\section{not}\n\\end{verbatim}\n\\chapter{Last}\n");
  EXPECT_EQ(headings(d), "2 One \\& all, 3 Deep, 1 Last");
  EXPECT_EQ(d.title, "A \\emph{fine} paper");
  EXPECT_EQ(d.text.substr(d.body, 10), "\n\\section[");
  EXPECT_EQ(d.opaque.size(), 1U);
}

TEST(TextFormats, SubtitlesAreWhatIsSaidAndWhen) {
  const Document d =
      read("a.srt",
           "1\n00:00:01,500 --> 00:00:02,000\n<i>Hello</i>\nthere\n\n2\n01:00:00,000 --> 01:00:01,250\n{\\an8}Bye\n");
  EXPECT_EQ(d.text, "Hello\nthere\nBye\n");
  ASSERT_EQ(d.moments.size(), 2U);
  EXPECT_EQ(d.moments[0].at, (Span{0, 11}));
  EXPECT_EQ(d.moments[0].begin, 1.5);
  EXPECT_EQ(d.moments[1].end, 3601.25);
  const Document v =
      read("a.vtt",
           "WEBVTT\n\nNOTE quiet\n\nSTYLE\n::cue {}\n\nintro\n00:01.000 --> 00:02.000 align:start\n<v Ann>Yes</v>\n");
  EXPECT_EQ(v.text, "Ann: Yes\n");
  EXPECT_EQ(v.moments.at(0).begin, 1.0);
}

TEST(TextFormats, DefinitionsAreHeadingsOfCode) {
  const Document p =
      read("a.py", "import os\n\nclass Port:\n    def open(self):\n        pass\n\ndef main():\n    define = 1\n");
  EXPECT_EQ(headings(p), "1 class Port, 2 def open(self), 1 def main()");
  EXPECT_EQ(std::get<std::string>(p.meta.at("language")), "python");
  const Document c =
      read("a.cpp", "namespace a {\nint add(int x) {\n  if (x) {\n  }\n  return call(x);\n}\n}\nstruct B;\n");
  EXPECT_EQ(headings(c), "1 namespace a, 1 int add(int x)");
  const Document s = read("tool", "#!/usr/bin/env python3\ndef main():\n    pass\n");
  EXPECT_EQ(s.type, "code");
  EXPECT_EQ(headings(s), "1 def main()");
}

TEST(TextFormats, ContentComesBeforeTheExtension) {
  const auto kind = [](std::string_view name, std::string_view content) -> std::string {
    const auto found = input::recognise(name, content);
    if (!found) return found.error().message;
    return std::string(found->reader->name) + (found->note.empty() ? "" : " (" + found->note + ")");
  };
  EXPECT_EQ(kind("a.txt", "%PDF-1.7"), "pdf (named .txt, but its content is pdf)");
  EXPECT_EQ(kind("a.pdf", "plain words"), "text (named .pdf, but its content is no pdf)");
  EXPECT_EQ(kind("a", "<!-- x --><!DOCTYPE html><p>"), "html");
  EXPECT_EQ(kind("a.md", "<html><p>"), "markdown");
  EXPECT_EQ(kind("a.html", "a fragment"), "html");
  EXPECT_EQ(kind("inbox", "From a@b Mon Jan 1 00:00:00 2024\nFrom: a@b\n\nhi"), "mbox");
  EXPECT_EQ(kind("a.txt", "From here to there: a story"), "text");
  EXPECT_EQ(kind("a.txt", "Received: by x\nFrom: a@b\n\nhi"), "eml (named .txt, but its content is eml)");
  EXPECT_EQ(kind("a.docx", "PK\x03\x04 cut off"), "docx");
  EXPECT_NE(kind("a.txt", "{\\rtf1 x}").find("an RTF document, which this version does not read. Convert it first"),
            std::string::npos);
}

}  // namespace
}  // namespace isogloss
