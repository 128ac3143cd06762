// SPDX-License-Identifier: Apache-2.0
// OpenDocument 1.3 (part 3): texts, sheets and presentations share content.xml and its text elements, so their readers
// share this file. Headings are text:h, list items get their mark, rows of tables become lines, notes stand where they
// are called for in square brackets at the end; tracked deletions and comments are left out.
#include <algorithm>
#include <charconv>
#include <map>
#include <pugixml.hpp>
#include <set>

#include "core/text.hpp"
#include "input/foreign/builder.hpp"
#include "input/foreign/office_file.hpp"
#include "input/foreign/sheet.hpp"
#include "input/meta_scalar.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr std::size_t kMostRepeats = 1000;  // of a cell or row; sheets are filled to their edge with empty ones
constexpr int kMostLevels = 9;

std::size_t count_of(const pugi::xml_node& node, std::string_view attribute, std::size_t fallback, std::size_t most) {
  const std::string_view text = value_of(node, attribute);
  std::size_t value = fallback;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return std::min(value, most);
}

class OdfText {
 public:
  explicit OdfText(Document& document) : out_(document) {}

  Builder& out() { return out_; }

  // Which lists have numbers, of content.xml and styles.xml.
  void take_list_styles(const pugi::xml_node& root) {
    for (const pugi::xml_node group : root.children()) {
      if (local_name(group) != "automatic-styles" && local_name(group) != "styles") continue;
      for (const pugi::xml_node style : group.children()) {
        if (local_name(style) != "list-style") continue;
        for (const pugi::xml_node level : style.children()) {
          const bool number = local_name(level) == "list-level-style-number" && !value_of(level, "num-format").empty();
          if (number) numbered_[std::string(value_of(style, "name"))].insert(count_of(level, "level", 1, kMostLevels));
        }
      }
    }
  }

  void blocks(const pugi::xml_node& parent, int depth) {
    if (depth > kDeepestXml) return;
    for (const pugi::xml_node node : parent.children()) {
      const std::string_view name = local_name(node);
      if (name == "p" || name == "h") {
        paragraph(node, depth);
      } else if (name == "list") {
        list(node, depth);
      } else if (name == "table") {
        table(node, depth);
      } else if (name != "tracked-changes" && name != "annotation" && name != "forms") {
        blocks(node, depth + 1);  // sections, frames, text boxes, indexes
      }
    }
  }

  void append_notes() {
    for (const std::string& note : notes_) {
      out_.block();
      out_.words(note);
    }
    notes_.clear();
  }

 private:
  void paragraph(const pugi::xml_node& node, int depth) {
    const bool heading = local_name(node) == "h" && cells_ == 0;
    if (cells_ > 0) {
      out_.words(" ");
    } else {
      !lists_.empty() ? out_.line() : out_.block();
    }
    const std::size_t from = out_.here();
    text(node, depth);
    if (heading) out_.end_heading(static_cast<int>(count_of(node, "outline-level", 1, kMostLevels)), from);
  }

  void list(const pugi::xml_node& node, int depth) {
    if (cells_ == 0 && lists_.empty()) out_.block();
    if (const auto style = value_of(node, "style-name"); !style.empty()) style_ = style;
    const auto numbered = numbered_.find(style_);
    const bool counts = numbered != numbered_.end() && numbered->second.contains(lists_.size() + 1);
    lists_.push_back(counts ? 1 : 0);
    for (const pugi::xml_node item : node.children()) {
      if (local_name(item) != "list-item" && local_name(item) != "list-header") continue;
      if (cells_ == 0) out_.item(counts ? std::to_string(lists_.back()++) + ". " : "- ");
      blocks(item, depth + 1);
    }
    lists_.pop_back();
    if (cells_ == 0 && lists_.empty()) out_.block();
  }

  void table(const pugi::xml_node& node, int depth) {
    if (cells_ == 0) out_.block();
    ++cells_;
    rows(node, depth);
    --cells_;
    if (cells_ == 0) out_.block();
  }

  void rows(const pugi::xml_node& node, int depth) {
    if (depth > kDeepestXml) return;
    for (const pugi::xml_node row : node.children()) {
      const std::string_view name = local_name(row);
      if (name == "table-header-rows" || name == "table-row-group" || name == "table-rows") rows(row, depth + 1);
      if (name != "table-row") continue;
      if (cells_ == 1) out_.line();
      for (const pugi::xml_node cell : row.children()) {
        if (local_name(cell) != "table-cell") continue;
        out_.separator(" | ");
        blocks(cell, depth + 1);
      }
      if (cells_ == 1) out_.line();
    }
  }

  void text(const pugi::xml_node& parent, int depth) {
    if (depth > kDeepestXml) return;
    for (const pugi::xml_node node : parent.children()) {
      const std::string_view name = local_name(node);
      if (node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata) {
        out_.words(node.value());
      } else if (name == "s" || name == "tab") {
        out_.words(" ");
      } else if (name == "line-break") {
        out_.line();
      } else if (name == "note") {
        note(node);
      } else if (name == "frame" || name == "text-box") {
        blocks(node, depth + 1);
      } else if (name != "annotation" && name != "deletion" && name != "ruby-text") {
        text(node, depth + 1);
      }
    }
  }

  void note(const pugi::xml_node& node) {
    const std::string mark = "[" + one_line(child_named(node, "note-citation").child_value()) + "]";
    out_.verbatim(mark);
    Document inside;
    OdfText body(inside);
    body.blocks(child_named(node, "note-body"), kDeepestXml / 2);
    notes_.push_back(mark + " " + inside.text);
  }

  Builder out_;
  std::vector<std::string> notes_;
  int cells_ = 0;
  std::vector<int> lists_;                                 // around: the next number; bullets have none
  std::string style_;                                      // of the outermost list that names one
  std::map<std::string, std::set<std::size_t>> numbered_;  // style -> its levels with numbers
};

struct Parts {
  pugi::xml_document content, styles;
  Document document;
};

// content.xml and what meta.xml says. Error{unsupported} when the manifest names a key.
Status open_parts(const Source& source, Parts& parts) {
  OfficeFile file = IG_TRY(OfficeFile::open(source));
  if (file.has("META-INF/manifest.xml") &&
      IG_TRY(file.content("META-INF/manifest.xml")).find("encryption-data") != std::string::npos) {
    return fail(Code::unsupported, source.quoted() + " is encrypted. Save it without a password.");
  }
  IG_TRY(file.xml("content.xml", parts.content));
  IG_TRY(file.xml("styles.xml", parts.styles, OfficeFile::Need::optional));
  pugi::xml_document meta;
  IG_TRY(file.xml("meta.xml", meta, OfficeFile::Need::optional));
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"creator", "author"},
                                                                             {"initial-creator", "author"},
                                                                             {"creation-date", "created"},
                                                                             {"language", "lang"},
                                                                             {"subject", "subject"}};
  for (const pugi::xml_node node : child_named(meta.document_element(), "meta").children()) {
    const std::string value(trim(node.child_value()));
    if (value.empty()) continue;
    if (local_name(node) == "title") parts.document.title = value;
    for (const auto& [from, to] : kNames) {
      if (local_name(node) == from) parts.document.meta[std::string(to)] = value;
    }
  }
  return {};
}

pugi::xml_node body_of(const Parts& parts, std::string_view kind) {
  return child_named(child_named(parts.content.document_element(), "body"), kind);
}

MetaValue cell_value(const pugi::xml_node& cell) {
  const std::string_view type = value_of(cell, "value-type");
  if (type == "float" || type == "percentage" || type == "currency") return meta_scalar(value_of(cell, "value"));
  if (type == "boolean") return value_of(cell, "boolean-value") == "true";
  if (type == "date") return std::string(value_of(cell, "date-value"));
  Document inside;
  OdfText text(inside);
  text.blocks(cell, kDeepestXml / 2);
  return inside.text.empty() ? MetaValue() : MetaValue(one_line(inside.text));
}

void read_rows(const pugi::xml_node& table, Sheet& sheet, std::size_t& cells, int depth) {
  if (depth > kDeepestXml) return;
  for (const pugi::xml_node row : table.children()) {
    const std::string_view name = local_name(row);
    if (name == "table-header-rows" || name == "table-row-group" || name == "table-rows")
      read_rows(row, sheet, cells, depth + 1);
    if (name != "table-row") continue;
    std::vector<MetaValue> values;
    for (const pugi::xml_node cell : row.children()) {
      const std::size_t times = count_of(cell, "number-columns-repeated", 1, kMostRepeats);
      const MetaValue value = cell_value(cell);
      cells += times;
      if (cells >= kMostCells || values.size() + times > kMostColumns) break;
      values.insert(values.end(), times, value);
    }
    while (!values.empty() && std::holds_alternative<std::monostate>(values.back())) values.pop_back();
    const std::size_t times = values.empty() ? 1 : count_of(row, "number-rows-repeated", 1, kMostRepeats);
    cells += values.size() * times;
    if (cells >= kMostCells) return;
    sheet.rows.insert(sheet.rows.end(), times, values);
  }
}

}  // namespace

Result<Document> read_odt(const Source& source, Context&) {
  Parts parts;
  IG_TRY(open_parts(source, parts));
  OdfText text(parts.document);
  text.take_list_styles(parts.styles.document_element());
  text.take_list_styles(parts.content.document_element());
  text.blocks(body_of(parts, "text"), 0);
  text.append_notes();
  text.out().finish();
  return std::move(parts.document);
}

Result<Document> read_ods(const Source& source, Context&) {
  Parts parts;
  IG_TRY(open_parts(source, parts));
  std::vector<Sheet> sheets;
  std::size_t cells = 0;
  for (const pugi::xml_node table : body_of(parts, "spreadsheet").children()) {
    if (local_name(table) != "table") continue;
    Sheet& sheet = sheets.emplace_back();
    sheet.name = value_of(table, "name");
    read_rows(table, sheet, cells, 0);
  }
  for (const Sheet& sheet : sheets) append_sheet(sheet, sheets.size(), source.options, parts.document);
  if (cells >= kMostCells)
    parts.document.notes.push_back("only the first " + std::to_string(kMostCells) + " cells were read");
  return std::move(parts.document);
}

Result<Document> read_odp(const Source& source, Context&) {
  Parts parts;
  IG_TRY(open_parts(source, parts));
  OdfText text(parts.document);
  for (const pugi::xml_node page : body_of(parts, "presentation").children()) {
    if (local_name(page) != "page") continue;
    text.out().finish();
    text.out().block();
    text.out().page();
    const pugi::xml_node title =
        page.find_child([](const pugi::xml_node& n) { return value_of(n, "class") == "title"; });
    Document heading;
    OdfText words(heading);
    words.blocks(title, 0);
    const std::string fallback = "Slide " + std::to_string(parts.document.pages.size());
    text.out().heading(1, trim(heading.text).empty() ? fallback : heading.text);
    for (const pugi::xml_node shape : page.children()) {
      if (shape == title) continue;
      text.out().block();
      text.blocks(shape, 0);  // the speaker's notes are such a child too
    }
  }
  text.out().finish();
  return std::move(parts.document);
}

}  // namespace isogloss::input::foreign
