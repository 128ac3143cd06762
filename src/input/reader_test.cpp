// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "core/file.hpp"
#include "core/test_support.hpp"
#include "isogloss/documents.hpp"

namespace isogloss {
namespace {

Result<Document> read(std::string_view name, std::string content, const ReadOptions& options = {}) {
  Context context;
  return read_document_text(name, std::move(content), options, context);
}

// A line of marks alone is no heading.
TEST(Readers, AHeadingWithoutTextIsNone) {
  Context context;
  const Document document = read_document_text("a.md", "## \ntext\n\n# # #\n\n## Real ##\nmore\n", {}, context).value();
  ASSERT_EQ(document.headings.size(), 2u);
  EXPECT_EQ(document.text.substr(document.headings[1].at.begin, document.headings[1].at.size()), "Real");
}

TEST(Reader, DecodesUnicodeFormsAndKeepsTheText) {
  using namespace std::string_literals;
  EXPECT_EQ(read("a.txt", "\xEF\xBB\xBFh\xC3\xA9")->text, "h\xC3\xA9");
  EXPECT_EQ(read("a.txt", "\xFF\xFEh\0\xE9\0"s)->text, "h\xC3\xA9");
  EXPECT_EQ(read("a.txt", "\xFE\xFF\0h\xD8\x3D\xDE\x00"s)->text, "h\xF0\x9F\x98\x80");
  EXPECT_EQ(read("a.txt", "\xFF\xFE\0\0h\0\0\0"s)->text, "h");
}

TEST(Reader, NamesWhatIsNotText) {
  const auto image = read("a.txt", "\x89PNG ...");
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().code, Code::unsupported);
  EXPECT_NE(image.error().message.find("a PNG image"), std::string::npos);
  EXPECT_FALSE(read("a.md", std::string("ab\0cd", 5)));
}

TEST(Reader, ReadsMarkdownFrontMatterAsMetadata) {
  const auto document = read("a.md", "---\ntitle: \"Guide\"\nyear: 2024\ndraft: false\n---\n# One\n\ntext\n");
  ASSERT_TRUE(document);
  EXPECT_EQ(document->title, "Guide");
  EXPECT_EQ(std::get<std::int64_t>(document->meta.at("year")), 2024);
  EXPECT_EQ(document->headings.size(), 1u);
  EXPECT_EQ(document->text.substr(document->body, 5), "# One");
}

// As in front matter, true and false are truth values; "nan" and "inf" are words, and what begins with 0 is a name.
TEST(Reader, CellsOfATableHaveTheirKind) {
  const auto document = read("a.csv", "text,new,n,x,y,zip\none,true,-3,nan,1.5,00123\ntwo,FALSE,,Inf,-.5,0\n");
  ASSERT_TRUE(document);
  const Metadata& one = document->rows[0].meta;
  EXPECT_EQ(std::get<bool>(one.at("new")), true);
  EXPECT_EQ(std::get<std::int64_t>(one.at("n")), -3);
  EXPECT_EQ(std::get<std::string>(one.at("x")), "nan");
  EXPECT_EQ(std::get<double>(one.at("y")), 1.5);
  EXPECT_EQ(std::get<std::string>(one.at("zip")), "00123");
  const Metadata& two = document->rows[1].meta;
  EXPECT_EQ(std::get<bool>(two.at("new")), false);
  EXPECT_EQ(std::get<std::string>(two.at("x")), "Inf");
  EXPECT_EQ(std::get<double>(two.at("y")), -0.5);
  EXPECT_EQ(std::get<std::int64_t>(two.at("zip")), 0);
  EXPECT_EQ(std::get<std::string>(read("a.md", "---\nzip: 007\ncity: \"Nan\"\n---\nx\n")->meta.at("zip")), "007");
}

TEST(Reader, SetextHeadingsAndFences) {
  const auto document = read("a.md", "Top\n===\n\ntext\n\nSub\n---\n\n~~~\n# no\n~~~\n");
  ASSERT_TRUE(document);
  ASSERT_EQ(document->headings.size(), 2u);
  EXPECT_EQ(document->headings[1].level, 2);
  EXPECT_EQ(document->opaque.size(), 1u);
}

TEST(Reader, BrokenTablesNameTheLine) {
  EXPECT_NE(read("a.csv", "a,b\n1,2,3\n").error().message.find("line 2"), std::string::npos);
  EXPECT_NE(read("a.csv", "a,b\n1,\"2\n").error().message.find("never closed"), std::string::npos);
  EXPECT_NE(read("a.jsonl", "{\"a\":1}\n{oops\n").error().message.find("line 2"), std::string::npos);
}

TEST(Reader, UnknownTextFieldNamesTheNearest) {
  ReadOptions options;
  options.text_fields = {"sumary"};
  EXPECT_NE(read("a.csv", "id,summary\n1,x\n", options).error().message.find("'summary'"), std::string::npos);
}

TEST(Reader, EmptyFilesAreEmptyDocuments) {
  for (const char* name : {"a.txt", "a.md", "a.csv", "a.jsonl"}) {
    const auto document = read(name, "");
    ASSERT_TRUE(document) << name;
    EXPECT_TRUE(document->text.empty());
  }
}

TEST(Reader, RefusesFilesAboveTheLimit) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.path() / "big.txt", std::string(2000, 'x')));
  Context context;
  ReadOptions options;
  options.max_size = 1000;
  EXPECT_EQ(read_document(folder.path() / "big.txt", options, context).error().code, Code::too_long);
}

// Blank rows are no rows: they get no number.
TEST(Reader, RowsOfATableAreThoseThatSaySomething) {
  const auto document = read("a.csv", "\xEF\xBB\xBF a , b\n\none,1\n\ntwo\n");
  ASSERT_TRUE(document) << document.error().message;
  ASSERT_EQ(document->rows.size(), 2U);
  EXPECT_EQ(document->rows[1].id, "2");
  EXPECT_EQ(document->rows[0].meta.at("a"), MetaValue("one"));
  EXPECT_FALSE(document->rows[1].meta.contains("b"));
}

TEST(Reader, RunsTheUsersExtractor) {
  const TemporaryFolder folder;
  ASSERT_TRUE(write_file(folder.path() / "x.bin", "raw"));
  Context context;
  ReadOptions options;
  options.extractors = {{"", R"(read p; printf '{"text":"page one","page":1}\n{"text":"page two","page":2}\n')"}};
  const auto document = read_document(folder.path() / "x.bin", options, context);
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->text, "page one\npage two\n");
  EXPECT_EQ(document->pages, (std::vector<std::size_t>{0, 9}));
  options.extractors[0].command = "echo broken >&2; exit 3";
  const auto broken = read_document(folder.path() / "x.bin", options, context);
  ASSERT_FALSE(broken);
  EXPECT_NE(broken.error().message.find("broken"), std::string::npos);
}

}  // namespace
}  // namespace isogloss
