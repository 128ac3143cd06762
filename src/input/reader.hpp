// SPDX-License-Identifier: Apache-2.0
// A Reader turns the content of one kind of file into a Document. Formats of text are read here: one file and one line
// in readers.cpp. Formats whose parsing is foreign go through the worker process (extract.hpp): one file in foreign/
// and one line in foreign_formats.inc.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "input/charset.hpp"
#include "isogloss/documents.hpp"

namespace isogloss::input {

struct Reader {
  std::string_view name;        // "markdown"
  std::string_view extensions;  // ".md .markdown", lower case
  std::string_view summary;
  // Fills the document, whose `text` is the content already, as UTF-8; `name` is for messages. Null = in the worker.
  Status (*read)(std::string_view name, const ReadOptions& options, Document& document) = nullptr;
};

extern const Reader kTextReader;
extern const Reader kMarkdownReader;
extern const Reader kRestReader;
extern const Reader kAsciiDocReader;
extern const Reader kOrgReader;
extern const Reader kLatexReader;
extern const Reader kSubtitleReader;
extern const Reader kCsvReader;
extern const Reader kTsvReader;
extern const Reader kJsonReader;
extern const Reader kJsonLinesReader;
extern const Reader kCodeReader;

std::span<const Reader* const> readers();
// By its name; null when there is none.
const Reader* find_reader(std::string_view name);
// By extension; the text reader when unknown.
const Reader& reader_for(std::string_view file_name);

// What is not read here: foreign formats and charsets that must be guessed. The engine asks its worker; the worker, for
// what lies inside an archive or a mail, itself.
struct Foreign {
  std::function<Result<Document>(const Reader&, std::string_view name, std::string_view content, const ReadOptions&,
                                 Context&)>
      read;
  std::function<Result<Decoded>(std::string_view name, std::string_view content, Context&)> to_utf8;
};

// Recognises unpacked content and reads it.
Result<Document> read_content(std::string_view name, std::string content, const ReadOptions& options,
                              const Foreign& foreign, Context& context);

// Error{invalid_argument}: the table lacks a column that the options name.
Status check_columns(std::string_view file, const std::vector<std::string>& columns, const ReadOptions& options);

// One row of a table, field names beside values, into text and metadata (rules: docs/guide/documents.md).
struct Field {
  std::string name;
  MetaValue value;
};
void append_row(std::span<const Field> fields, const ReadOptions& options, std::size_t number, Document& document);

// ".tar.GZ" -> ".gz"; empty when there is none.
std::string extension_of(std::string_view file_name);

}  // namespace isogloss::input
