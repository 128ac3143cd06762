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

TEST(Sentences, EndByTheMarksOfOtherScripts) {
  EXPECT_EQ(sentences("यह पहला है। यह दूसरा है।"), (std::vector<std::string>{"यह पहला है।", "यह दूसरा है।"}));
  EXPECT_EQ(sentences("ما هذا؟ هذا بيت."), (std::vector<std::string>{"ما هذا؟", "هذا بيت."}));
  EXPECT_EQ(sentences("「もう行くの？」と聞いた。はい！"),
            (std::vector<std::string>{"「もう行くの？」", "と聞いた。", "はい！"}));
  EXPECT_EQ(sentences("价格是３．５元．很贵｡"), (std::vector<std::string>{"价格是３．５元．", "很贵｡"}));
  EXPECT_EQ(sentences("Վերջ։ Նոր։"), (std::vector<std::string>{"Վերջ։", "Նոր։"}));
}

TEST(Sentences, KnowLowerCaseAndAbbreviationsOfOtherLanguages) {
  EXPECT_EQ(sentences("Das gilt z.B. für Öl, vgl. Abs. 3. Ätzend ist es nicht."),
            (std::vector<std::string>{"Das gilt z.B. für Öl, vgl. Abs. 3.", "Ätzend ist es nicht."}));
  EXPECT_EQ(sentences("Il habite St. Malo etc. école fermée. Élève absent."),
            (std::vector<std::string>{"Il habite St. Malo etc. école fermée.", "Élève absent."}));
  EXPECT_EQ(sentences("« Non. » Il part."), (std::vector<std::string>{"« Non. »", "Il part."}));
  EXPECT_EQ(sentences("„Nein.“ Er ging. »Ja.« Sie kam."),
            (std::vector<std::string>{"„Nein.“", "Er ging.", "»Ja.«", "Sie kam."}));
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

TEST(WordUnits, AreCharactersWhereNoBlanksPartWords) {
  std::vector<Span> units;
  word_units().split("ab 你好。x กั한국", units);
  std::vector<std::string> words;
  for (const Span& unit : units) words.emplace_back(std::string("ab 你好。x กั한국").substr(unit.begin, unit.size()));
  EXPECT_EQ(words, (std::vector<std::string>{"ab", "你", "好。x", "กั한국"}));
}

TEST(Chunker, SentencesWithoutBlanksBetweenThemAreKept) {
  ChunkOptions options;
  options.strategy = ChunkStrategy::sentence;
  EXPECT_EQ(texts(read("a.txt", "Ａ。Ｂ！Ｃ？"), options), (std::vector<std::string>{"Ａ。", "Ｂ！", "Ｃ？"}));
}

TEST(Chunker, CodeIsCutBetweenItsBlocks) {
  const Document document =
      read("a.r", "import os\n\n\ndef one(a):\n    return a\n\n\ndef two(b):\n    x = b\n    return x\n");
  ChunkOptions options;
  options.size = 8;
  EXPECT_EQ(texts(document, options), (std::vector<std::string>{"import os\n\n\ndef one(a):\n    return a",
                                                                "def two(b):\n    x = b\n    return x"}));
  options.strategy = ChunkStrategy::code;
  EXPECT_EQ(texts(document, options).size(), 2u);
}

// Definitions are headings; one that holds nothing of its own goes with its first member.
TEST(Chunker, DefinitionsAreChunksOfTheirOwn) {
  const Document document = read("a.py",
                                 "import os\n\n\n@cached\nclass Two:\n    def first(self):\n        return 1\n\n    "
                                 "def second(self):\n        return 2\n");
  const auto chunks = chunk_document(document, {}, word_units()).value();
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(texts(document, {}),
            (std::vector<std::string>{"import os", "@cached\nclass Two:\n    def first(self):\n        return 1",
                                      "    def second(self):\n        return 2"}));
  EXPECT_EQ(chunks[2].heading, "class Two > def second(self)");
}

TEST(Chunker, CodeKeepsTheLinesOfItsHeadings) {
  Document document;
  document.type = "code";
  document.text = "import os\n\n@cached\ndef one(a):\n    return a\n\ndef two(b):\n    return b\n";
  document.headings = {{1, {23, 26}}, {1, {49, 52}}};
  ASSERT_EQ(document.text.substr(23, 3), "one");
  ASSERT_EQ(document.text.substr(49, 3), "two");
  const auto chunks = chunk_document(document, {}, word_units()).value();
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[1].heading, "one");
  EXPECT_EQ(document.text.substr(chunks[1].at.begin, chunks[1].at.size()), "@cached\ndef one(a):\n    return a");
  EXPECT_EQ(chunks[1].line, 3u);
  EXPECT_EQ(document.text.substr(chunks[2].at.begin, chunks[2].at.size()), "def two(b):\n    return b");
}

TEST(Chunker, ChildrenKnowTheirParent) {
  std::string text = "# Refunds\n\n";
  for (int i = 0; i < 40; ++i) text += "Sentence number " + std::to_string(i) + " has six words. ";
  const Document document = read("a.md", text + "\n\n# Costs\n\nNone.\n");
  ChunkOptions options;
  options.strategy = ChunkStrategy::parent_child;
  options.size = 121;  // 120 beside the heading: twenty sentences of six words a parent, five of them a child
  const auto chunks = chunk_document(document, options, word_units()).value();
  ASSERT_EQ(chunks.size(), 9u);
  for (const Chunk& chunk : chunks) {
    EXPECT_LE(chunk.units, 33u);  // a quarter, but at least 32 beside the heading
    EXPECT_LE(chunk.wider.begin, chunk.at.begin);
    EXPECT_GE(chunk.wider.end, chunk.at.end);
  }
  EXPECT_EQ(chunks[0].wider, chunks[3].wider);
  EXPECT_EQ(chunks[0].at.begin, chunks[0].wider.begin);
  EXPECT_EQ(chunks[4].wider.begin, chunks[4].at.begin);
  EXPECT_EQ(chunks[8].heading, "Costs");
  EXPECT_EQ(chunks[8].wider, chunks[8].at);
}

// Two directions: texts with "cat" in them, and the others.
Result<Vectors> cat_vectors(std::span<const std::string> texts, Context&) {
  Vectors out = Vectors::dense(texts.size(), 2);
  for (std::size_t i = 0; i < texts.size(); ++i) out.row_f32(i)[texts[i].find("cat") != std::string::npos ? 0 : 1] = 1;
  return out;
}

TEST(Chunker, SemanticCutsWhereTheSubjectChanges) {
  std::string text;
  for (int i = 0; i < 6; ++i) text += "The cat sleeps on mat number " + std::to_string(i) + ". ";
  for (int i = 0; i < 6; ++i) text += "Shares of steel fell by " + std::to_string(i) + " points. ";
  Context context;
  ChunkPlan plan = {{}, {&word_units(), [](const UnitSplitter*) {}}, cat_vectors, false};
  plan.options.strategy = ChunkStrategy::semantic;
  const Document document = read("a.txt", text);
  const auto chunks = chunk_document(document, plan, context).value();
  ASSERT_EQ(chunks.size(), 2u);
  // Each sentence is read with its neighbours: the first of steel still has a cat beside it.
  EXPECT_TRUE(document.text.substr(chunks[1].at.begin).starts_with("Shares of steel fell by 1"));
  plan.options.size = 20;
  const auto smaller = chunk_document(document, plan, context).value();
  EXPECT_GT(smaller.size(), 2u);
  for (const Chunk& chunk : smaller) EXPECT_LE(chunk.units, 20u);
  plan.vectors = {};
  EXPECT_EQ(chunk_document(document, plan, context).error().code, Code::unsupported);
}

TEST(Chunker, LateChunksAreGroupedForTheWindow) {
  ChunkOptions options;
  options.strategy = ChunkStrategy::late;
  options.size = 4;
  options.overlap = 0;
  options.window = 8;
  Context context;
  const ChunkPlan plan{options, {&word_units(), [](const UnitSplitter*) {}}, cat_vectors, true};
  const Document document = read("a.txt", "One two three four. Five six seven eight. Nine ten.");
  const auto chunks = chunk_document(document, plan, context).value();
  ASSERT_EQ(chunks.size(), 3u);
  EXPECT_EQ(chunks[0].wider, (Span{0, 41}));
  EXPECT_EQ(chunks[1].wider, (Span{0, 41}));
  EXPECT_EQ(chunks[2].wider, chunks[2].at);
}

}  // namespace
}  // namespace isogloss
