// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "isogloss/documents.hpp"

namespace isogloss {
namespace {

Document read(std::string_view name, std::string content) {
  Context context;
  auto document = read_document_text(name, std::move(content), {}, context);
  EXPECT_TRUE(document) << (document ? "" : document.error().message);
  return document ? *document : Document{};
}

std::vector<std::string> texts(const Document& document, const ChunkOptions& options) {
  std::vector<std::string> out;
  const auto chunks = chunk_document(document, options, word_units());
  EXPECT_TRUE(chunks);
  for (const Chunk& chunk : *chunks) out.push_back(document.text.substr(chunk.at.begin, chunk.at.size()));
  return out;
}

std::vector<std::string> sentences(std::string_view text) {
  std::vector<std::string> out;
  for (const Span& s : split_sentences(text, {0, text.size()})) out.emplace_back(text.substr(s.begin, s.size()));
  return out;
}

TEST(Sentences, EndAtTerminatorsButNotAtAbbreviations) {
  EXPECT_EQ(sentences("Dr. Smith met J. Doe. He left! \"Why?\" she asked. It is 3.5 m, e.g. long."),
            (std::vector<std::string>{"Dr. Smith met J. Doe.", "He left!", "\"Why?\"", "she asked.",
                                      "It is 3.5 m, e.g. long."}));
}

TEST(Sentences, EndAtBlankLinesListsAndCjkStops) {
  EXPECT_EQ(sentences("one\n\ntwo\nstill two\n- a\n- b"),
            (std::vector<std::string>{"one", "two\nstill two", "- a", "- b"}));
  EXPECT_EQ(sentences("\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82\xE5\x86\x8D\xE8\xA7\x81"),
            (std::vector<std::string>{"\xE4\xBD\xA0\xE5\xA5\xBD\xE3\x80\x82", "\xE5\x86\x8D\xE8\xA7\x81"}));
}

TEST(Chunker, PacksSentencesUpToTheSizeWithOverlap) {
  ChunkOptions options;
  options.size = 6;
  options.overlap = 2;
  EXPECT_EQ(texts(read("a.txt", "One two. Three four. Five six. Seven eight."), options),
            (std::vector<std::string>{"One two. Three four. Five six.", "Five six. Seven eight."}));
}

TEST(Chunker, KeepsTheHeadingPathAsPrefixCountedOnce) {
  const Document document = read("a.md", "# Book\n\nIntro here.\n\n## Refunds\n\nThirty days.\n\n## Empty\n");
  const auto chunks = chunk_document(document, {}, word_units());
  ASSERT_TRUE(chunks);
  ASSERT_EQ(chunks->size(), 3u);
  EXPECT_EQ((*chunks)[1].heading, "Book > Refunds");
  EXPECT_EQ((*chunks)[1].units, 5u);
  EXPECT_EQ(chunk_text(document, (*chunks)[1]), "Book > Refunds\nThirty days.");
  EXPECT_EQ(document.text.substr((*chunks)[2].at.begin, (*chunks)[2].at.size()), "Empty");
}

TEST(Chunker, DoesNotSplitAtHeadingsInsideCodeFences) {
  const Document document = read("a.md", "# T\n\n```\n# not a heading\n```\n\ntext\n");
  ASSERT_EQ(document.headings.size(), 1u);
  EXPECT_EQ(texts(document, {}).size(), 1u);
}

TEST(Chunker, RowsKeepTheirOwnIdsAndMetadata) {
  const Document document = read("t.csv", "id,title,text,year\nr1,A,\"say \"\"hi\"\"\nthere\",2020\nr2,B,bye,\n");
  const auto chunks = chunk_document(document, {}, word_units());
  ASSERT_TRUE(chunks);
  ASSERT_EQ(chunks->size(), 2u);
  EXPECT_EQ((*chunks)[0].key, "r1");
  EXPECT_EQ(document.text.substr((*chunks)[0].at.begin, (*chunks)[0].at.size()), "A\nsay \"hi\"\nthere");
  EXPECT_EQ(std::get<std::int64_t>((*chunks)[0].meta.at("year")), 2020);
  EXPECT_TRUE(std::holds_alternative<std::monostate>((*chunks)[1].meta.at("year")));
}

TEST(Chunker, FixedWindowsOverlapByUnits) {
  ChunkOptions options{.strategy = ChunkStrategy::fixed, .size = 4, .overlap = 1};
  EXPECT_EQ(texts(read("a.txt", "a b c d e f g"), options), (std::vector<std::string>{"a b c d", "d e f g"}));
}

TEST(Chunker, ParagraphAndSectionStrategies) {
  const Document document = read("a.md", "# H\n\nfirst one.\nstill.\n\nsecond.\n\n# I\n\nthird.\n");
  EXPECT_EQ(texts(document, {.strategy = ChunkStrategy::paragraph}),
            (std::vector<std::string>{"first one.\nstill.", "second.", "third."}));
  EXPECT_EQ(texts(document, {.strategy = ChunkStrategy::section}),
            (std::vector<std::string>{"first one.\nstill.\n\nsecond.", "third."}));
}

// Every non-blank character of a random text is covered, spans resolve, and no chunk exceeds its limit.
TEST(Chunker, CoversEverythingWithinItsLimit) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (int i = 0; i < 400; ++i) text += "ab c.de! \n\nfg? #- 1. x"[random() % 22];
    const Document document = read("a.txt", text);
    for (const ChunkStrategy strategy : {ChunkStrategy::automatic, ChunkStrategy::fixed, ChunkStrategy::sentence,
                                         ChunkStrategy::paragraph, ChunkStrategy::section}) {
      const ChunkOptions options{.strategy = strategy, .size = 9, .overlap = 3};
      const auto chunks = chunk_document(document, options, word_units());
      ASSERT_TRUE(chunks);
      std::vector<bool> covered(text.size(), false);
      for (const Chunk& chunk : *chunks) {
        EXPECT_LE(chunk.units, 9u);
        for (std::size_t i = chunk.at.begin; i < chunk.at.end; ++i) covered[i] = true;
      }
      for (std::size_t i = 0; i < text.size(); ++i) {
        const bool blank = text[i] == ' ' || text[i] == '\n';
        ASSERT_TRUE(blank || covered[i]) << chunk_strategy_name(strategy) << " at " << i << ": " << text;
      }
    }
  }
}

}  // namespace
}  // namespace isogloss
