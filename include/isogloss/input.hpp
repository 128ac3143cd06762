// SPDX-License-Identifier: Apache-2.0
// What goes in: one item to embed (Input), and what a file becomes (Document, Chunk, Span).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace isogloss {

enum class Modality : std::uint8_t { text, image, audio, tokens, events };
enum class Role : std::uint8_t { none, query, document };

// One piece of an item. Non-owning: the memory must live during the call that reads it.
struct Part {
  Modality modality = Modality::text;
  std::string_view text;                // text: UTF-8
  std::span<const std::byte> bytes;     // image, audio: an encoded file, or raw pixels / samples
  std::span<const std::int32_t> ids;    // tokens: ids of the model's own tokenizer
  std::uint32_t width = 0, height = 0;  // raw pixels: (height, width, channels) u8; 0 = encoded file
  std::uint32_t channels = 0;
  std::uint32_t sample_rate = 0;  // raw samples: f32; 0 = encoded file
};

// One item = one row of output. A bare text needs no array: it is the inline part.
struct Input {
  Part part;
  std::span<const Part> further;  // of a multi-part item, after `part`
  Role role = Role::none;
  std::string_view prompt;  // name of a prompt of the model; empty = the role's own

  static Input text(std::string_view value, Role role = Role::none) {
    Input input;
    input.part.text = value;
    input.role = role;
    return input;
  }
};

// Half-open range of bytes of a document's extracted text.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t size() const { return end - begin; }
  bool operator==(const Span&) const = default;
};

// A metadata value; strings, numbers, truth values or null.
using MetaValue = std::variant<std::monostate, bool, std::int64_t, double, std::string>;
using Metadata = std::map<std::string, MetaValue>;

// Where a heading stands: `level` 1 is the highest, `at` the span of its text.
struct Heading {
  int level = 1;
  Span at;
};

// A box on a page, in points from the upper left corner, for the text of `at`.
struct Box {
  Span at;
  std::uint32_t page = 0;  // from 1
  float left = 0, top = 0, right = 0, bottom = 0;
};

// When the text of `at` is said or shown (subtitles), in seconds from the start.
struct Moment {
  Span at;
  double begin = 0, end = 0;
};

// A row of a table (CSV, TSV, JSON lines): its own text, id and metadata.
struct Row {
  Span at;         // its text within Document::text
  std::string id;  // its own id, else its number from 1
  Metadata meta;
};

// What a reader made of a file. `text` is UTF-8 and is kept, so that every span resolves later.
struct Document {
  std::string text;
  std::string title;
  std::string type;      // "text", "markdown", "csv", "code", ...
  std::size_t body = 0;  // byte offset where the text proper starts, behind front matter
  Metadata meta;
  std::vector<Heading> headings;   // ascending by position
  std::vector<Span> opaque;        // blocks a chunker does not split inside if it can help it (code fences)
  std::vector<std::size_t> pages;  // byte offset where each page starts; empty = no pages
  std::vector<Box> boxes;          // of words, ascending by position
  std::vector<Moment> moments;     // ascending by position
  std::vector<Row> rows;           // a table: one per row; else empty
  std::vector<std::string> notes;  // what the reader wants the report to say ("charset windows-1252")
};

struct Chunk {
  Span at;                    // within the document's text
  std::uint32_t ordinal = 0;  // 0, 1, ... in the document
  std::uint32_t page = 0;     // from 1; 0 = none
  std::uint32_t line = 0;     // of the text, from 1, where it begins
  Span wider;                 // the passage around it that a search shows or its vector is read from; empty = none
  std::string heading;        // heading path, " > " between levels; empty = none
  std::string key;            // name within the file: ordinal, or a table row's own id
  std::uint32_t units = 0;    // length in the chunker's unit (words or the model's tokens), prefix included
  Metadata meta;              // of its row, else empty
};

// What is embedded and indexed for a chunk: its heading path, a line feed, its text; the text alone when there is no
// heading or the text is the heading.
std::string indexed_text(std::string_view heading, std::string_view text);

}  // namespace isogloss
