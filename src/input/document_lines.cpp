// SPDX-License-Identifier: Apache-2.0
#include "input/document_lines.hpp"

#include <algorithm>
#include <cmath>

#include "core/json.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace isogloss::input {
namespace {

constexpr std::int64_t kMostPages = 20'000;
constexpr std::size_t kMostFilling = 1'000'000;  // bytes between pieces
constexpr int kDeepestHeading = 9;

// ---- out

std::uint64_t within(std::size_t at, const Span& piece) { return std::clamp(at, piece.begin, piece.end) - piece.begin; }

void write_span(JsonWriter& json, const Span& at, const Span& piece) {
  json.value(within(at.begin, piece)).value(within(at.end, piece));
}

// The items of an ascending list that begin in the piece, as an array under `key`.
template <class Item, class Write>
void write_items(JsonWriter& json, std::string_view key, const std::vector<Item>& items, const Span& piece,
                 Span Item::* at, const Write& write) {
  const auto begin_of = [at](const Item& item) { return (item.*at).begin; };
  const bool last = piece.end == std::string::npos;
  auto from = std::ranges::lower_bound(items, piece.begin, {}, begin_of);
  const auto to = last ? items.end() : std::ranges::lower_bound(items, piece.end, {}, begin_of);
  if (from == to) return;
  json.key(key).begin_array();
  for (; from != to; ++from) {
    write(*from);
  }
  json.end_array();
}

void write_meta(JsonWriter& json, const Metadata& meta) {
  json.key("meta").begin_object();
  for (const auto& [name, value] : meta) json.field(name, value);
  json.end_object();
}

void write_head(JsonWriter& json, const Document& document) {
  json.field("type", document.type).field("title", document.title);
  if (!document.meta.empty()) write_meta(json, document.meta);
  if (document.notes.empty()) return;
  json.key("notes").begin_array();
  for (const std::string& note : document.notes) json.value(note);
  json.end_array();
}

void write_marks(JsonWriter& json, const Document& document, const Span& piece) {
  write_items(json, "headings", document.headings, piece, &Heading::at, [&](const Heading& h) {
    json.begin_array().value(h.level);
    write_span(json, h.at, piece);
    json.end_array();
  });
  write_items(json, "boxes", document.boxes, piece, &Box::at, [&](const Box& b) {
    json.begin_array();
    write_span(json, b.at, piece);
    json.value(b.left).value(b.top).value(b.right).value(b.bottom).end_array();
  });
  write_items(json, "moments", document.moments, piece, &Moment::at, [&](const Moment& m) {
    json.begin_array();
    write_span(json, m.at, piece);
    json.value(m.begin).value(m.end).end_array();
  });
  write_items(json, "rows", document.rows, piece, &Row::at, [&](const Row& row) {
    json.begin_object().key("at").begin_array();
    write_span(json, row.at, piece);
    json.end_array().field("id", row.id);
    write_meta(json, row.meta);
    json.end_object();
  });
}

void write_opaque(JsonWriter& json, const Document& document, const Span& piece) {
  json.key("opaque").begin_array();
  for (const Span& block : document.opaque) {
    if (block.begin < piece.begin || block.begin >= piece.end) continue;
    json.begin_array();
    write_span(json, block, piece);
    json.end_array();
  }
  json.end_array();
}

// ---- in

class Parser {
 public:
  explicit Parser(std::string_view where) : where_(where) {}

  Status take(std::string_view line, std::size_t number) {
    line_ = "line " + std::to_string(number) + " of " + where_;
    const Json json = IG_TRY(Json::parse(line, line_));
    if (!json["text"].is_string()) return wrong("has no \"text\"");
    const std::string text = utf8_repair(json["text"].as_string());
    IG_TRY(take_place(json, text.size()));
    IG_TRY(take_page(json["page"].as_integer(0)));
    base_ = document_.text.size();
    size_ = text.size();
    document_.text += text;
    take_head(json);
    IG_TRY(take_marks(json));
    return take_rows(json["rows"]);
  }

  Document finish() {
    end_line();
    return std::move(document_);
  }

 private:
  std::unexpected<Error> wrong(const std::string& what) const {
    return fail(Code::corrupt_data, line_ + " " + what + ".");
  }

  void end_line() {
    if (!document_.text.empty() && !document_.text.ends_with('\n')) document_.text += '\n';
  }

  Status take_place(const Json& json, std::size_t size) {
    const Json& start = json["start"];
    if (!start.is_integer()) {
      end_line();
      return {};
    }
    const std::int64_t from = start.as_integer(), end = json["end"].as_integer(from + static_cast<std::int64_t>(size));
    const auto have = static_cast<std::int64_t>(document_.text.size());
    if (from < have) return wrong("starts at byte " + std::to_string(from) + ", inside the text before it");
    if (end - from != static_cast<std::int64_t>(size)) return wrong("says another length than its text has");
    const auto gap = static_cast<std::size_t>(from - have);
    filled_ += gap;
    if (filled_ > kMostFilling) return wrong("leaves more than 1 MB between its pieces");
    document_.text.append(gap, ' ');
    if (gap > 0) document_.text.back() = '\n';
    return {};
  }

  Status take_page(std::int64_t at) {
    if (at > kMostPages) return wrong("names page " + std::to_string(at) + "; a document has at most 20,000");
    for (; page_ < at; ++page_) document_.pages.push_back(document_.text.size());
    return {};
  }

  void take_head(const Json& json) {
    if (const auto type = json["type"].as_string(); !type.empty()) document_.type = type;
    if (const auto title = json["title"].as_string(); !title.empty()) document_.title = utf8_repair(title);
    for (const auto& [name, value] : json["meta"].as_object()) document_.meta[name] = value.as_meta();
    for (const Json& note : json["notes"].as_array()) document_.notes.emplace_back(note.as_string());
  }

  // [first], [first + 1] of `numbers` as a span of the piece.
  Result<Span> span_of(std::span<const Json> numbers, std::size_t first) const {
    if (numbers.size() < first + 2) return wrong("has a span that is no [start,end]");
    const std::int64_t begin = numbers[first].as_integer(-1), end = numbers[first + 1].as_integer(-1);
    if (begin < 0 || end < begin || end > static_cast<std::int64_t>(size_)) return wrong("has a span outside its text");
    return Span{base_ + static_cast<std::size_t>(begin), base_ + static_cast<std::size_t>(end)};
  }

  static int level_of(const Json& json) {
    return static_cast<int>(std::clamp<std::int64_t>(json.as_integer(1), 1, kDeepestHeading));
  }

  Status take_marks(const Json& json) {
    if (json["heading"].is_integer() && size_ > 0) {
      const std::size_t end = document_.text.find_last_not_of(" \n") + 1;
      if (end > base_) document_.headings.push_back({level_of(json["heading"]), {base_, end}});
    }
    for (const Json& heading : json["headings"].as_array()) {
      const auto numbers = heading.as_array();
      const Span at = IG_TRY(span_of(numbers, 1));
      document_.headings.push_back({level_of(numbers[0]), at});
    }
    for (const Json& block : json["opaque"].as_array())
      document_.opaque.push_back(IG_TRY(span_of(block.as_array(), 0)));
    for (const Json& box : json["boxes"].as_array()) IG_TRY(take_box(box.as_array()));
    if (const auto time = json["time"].as_array(); time.size() == 2) {
      document_.moments.push_back({{base_, base_ + size_}, time[0].as_number(), time[1].as_number()});
    }
    for (const Json& moment : json["moments"].as_array()) {
      const auto numbers = moment.as_array();
      const Span at = IG_TRY(span_of(numbers, 0));
      if (numbers.size() != 4) return wrong("has a moment that is no [start,end,from,to]");
      document_.moments.push_back({at, numbers[2].as_number(), numbers[3].as_number()});
    }
    return {};
  }

  Status take_box(std::span<const Json> numbers) {
    const Span at = IG_TRY(span_of(numbers, 0));
    if (numbers.size() != 6) return wrong("has a box that is no [start,end,left,top,right,bottom]");
    const auto edge = [&](std::size_t i) { return static_cast<float>(numbers[i].as_number()); };
    document_.boxes.push_back(
        {at, static_cast<std::uint32_t>(std::max<std::int64_t>(page_, 1)), edge(2), edge(3), edge(4), edge(5)});
    return {};
  }

  Status take_rows(const Json& rows) {
    for (const Json& json : rows.as_array()) {
      Row row{IG_TRY(span_of(json["at"].as_array(), 0)), std::string(json["id"].as_string()), {}};
      if (row.id.empty()) row.id = std::to_string(document_.rows.size() + 1);
      for (const auto& [name, value] : json["meta"].as_object()) row.meta[name] = value.as_meta();
      document_.rows.push_back(std::move(row));
    }
    return {};
  }

  std::string where_, line_;
  Document document_;
  std::int64_t page_ = 0;
  std::size_t base_ = 0, size_ = 0;  // of the piece within the text
  std::size_t filled_ = 0;
};

}  // namespace

std::string document_lines(const Document& document) {
  std::string out;
  const std::size_t pages = document.pages.size();
  for (std::size_t i = 0; i <= pages; ++i) {
    const std::size_t begin = i == 0 ? 0 : document.pages[i - 1];
    const std::size_t end = i < pages ? document.pages[i] : document.text.size();
    if (i == 0 && pages > 0 && end == 0) continue;  // nothing stands before the first page
    const Span piece{begin, i == pages ? std::string::npos : end};
    JsonWriter json(out);
    json.begin_object().field("text", std::string_view(document.text).substr(begin, end - begin));
    if (i > 0) json.field("page", static_cast<std::uint64_t>(i));
    json.field("start", static_cast<std::uint64_t>(begin));
    write_marks(json, document, piece);
    if (!document.opaque.empty()) write_opaque(json, document, piece);
    if (i == pages) write_head(json, document);
    json.end_object();
    out += '\n';
  }
  return out;
}

Result<Document> parse_document_lines(std::string_view lines, std::string_view where) {
  Parser parser(where);
  std::size_t number = 0;
  for (const std::string_view line : split(lines, '\n')) {
    ++number;
    if (!trim(line).empty()) IG_TRY(parser.take(line, number));
  }
  return parser.finish();
}

}  // namespace isogloss::input
