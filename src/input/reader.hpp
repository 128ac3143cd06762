// SPDX-License-Identifier: Apache-2.0
// A Reader turns the UTF-8 content of one kind of file into a Document. Adding a format = one file here and one line in
// readers.cpp; formats whose parsing is foreign go through the worker process instead (extract.hpp).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "isogloss/documents.hpp"

namespace isogloss::input {

struct Reader {
  std::string_view name;        // "markdown"
  std::string_view extensions;  // ".md .markdown", lower case
  std::string_view summary;
  // Fills the document, whose `text` is the content already; `name` is for messages.
  Status (*read)(std::string_view name, const ReadOptions& options, Document& document);
};

extern const Reader kTextReader;
extern const Reader kMarkdownReader;
extern const Reader kCsvReader;
extern const Reader kTsvReader;
extern const Reader kJsonReader;
extern const Reader kJsonLinesReader;
extern const Reader kCodeReader;

std::span<const Reader* const> readers();
// By extension; the text reader when unknown.
const Reader& reader_for(std::string_view file_name);

// Error{invalid_argument}: the table lacks a column that the options name.
Status check_columns(std::string_view file, const std::vector<std::string>& columns, const ReadOptions& options);

// One row of a table, field names beside values, into text and metadata (rules: docs/guide/input.md).
struct Field {
  std::string name;
  MetaValue value;
};
void append_row(std::span<const Field> fields, const ReadOptions& options, std::size_t number, Document& document);

}  // namespace isogloss::input
