// SPDX-License-Identifier: Apache-2.0
// WordprocessingML (ECMA-376, part 1, chapter 17): word/document.xml in order. Headings are paragraphs whose style, or
// a style it is based on, has an outline level or is named "heading N" or "Title"; list items get their mark from
// numbering.xml; rows of tables become lines; foot- and endnotes stand at the end, marked [n]. Deleted text, fields'
// codes, macros, headers and footers are left out. Pages are those that the word processor last laid out, where it
// wrote them.
#include <algorithm>
#include <pugixml.hpp>

#include "core/text.hpp"
#include "input/foreign/builder.hpp"
#include "input/foreign/office_file.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr int kMostLevels = 9;

struct ListLevel {
  bool bullet = true;
  int next = 1;
};

class DocxText {
 public:
  DocxText(OfficeFile& file, Document& document) : file_(file), out_(document) {}

  Status read() {
    IG_TRY(read_styles());
    IG_TRY(read_numbering());
    pugi::xml_document xml;
    IG_TRY(file_.xml("word/document.xml", xml));
    const pugi::xml_node body = child_named(xml.document_element(), "body");
    pages_ = !!xml.document_element().find_node(
        [](const pugi::xml_node& n) { return local_name(n) == "lastRenderedPageBreak"; });
    if (pages_) out_.page();
    blocks(body, 0);
    IG_TRY(read_notes("word/footnotes.xml"));
    IG_TRY(read_notes("word/endnotes.xml"));
    out_.finish();
    return {};
  }

 private:
  // style id -> level of its headings; 0 = none
  Status read_styles() {
    pugi::xml_document xml;
    IG_TRY(file_.xml("word/styles.xml", xml, OfficeFile::Need::optional));
    std::map<std::string, std::string, std::less<>> based;
    for (const pugi::xml_node style : xml.document_element().children()) {
      const std::string id(value_of(style, "styleId"));
      if (id.empty() || value_of(style, "type") != "paragraph") continue;
      const std::string name = ascii_lower(value_of(child_named(style, "name"), "val"));
      const auto outline = value_of(child_named(child_named(style, "pPr"), "outlineLvl"), "val");
      int level = name == "title" ? 1 : 0;
      if (name.starts_with("heading ") && name.size() == 9) level = name[8] - '0';
      if (outline.size() == 1 && outline[0] >= '0' && outline[0] < '9') level = outline[0] - '0' + 1;
      levels_[id] = std::clamp(level, 0, kMostLevels);
      based[id] = value_of(child_named(style, "basedOn"), "val");
    }
    for (auto& [id, level] : levels_) {
      std::string_view parent = based[id];
      for (int i = 0; level == 0 && !parent.empty() && i < 10; ++i) {
        const auto known = levels_.find(parent);
        if (known == levels_.end()) break;
        level = known->second;
        parent = based.find(parent)->second;
      }
    }
    return {};
  }

  Status read_numbering() {
    pugi::xml_document xml;
    IG_TRY(file_.xml("word/numbering.xml", xml, OfficeFile::Need::optional));
    std::map<std::string, std::vector<ListLevel>, std::less<>> abstract;
    for (const pugi::xml_node node : xml.document_element().children()) {
      if (local_name(node) == "abstractNum") {
        auto& levels = abstract[std::string(value_of(node, "abstractNumId"))];
        for (const pugi::xml_node level : node.children()) {
          if (local_name(level) == "lvl" && levels.size() < 9) {
            const auto format = value_of(child_named(level, "numFmt"), "val");
            levels.push_back({format == "bullet" || format == "none", 1});
          }
        }
      }
      if (local_name(node) == "num") {
        lists_[std::string(value_of(node, "numId"))] =
            abstract[std::string(value_of(child_named(node, "abstractNumId"), "val"))];
      }
    }
    return {};
  }

  void blocks(const pugi::xml_node& parent, int depth) {
    if (depth > kDeepestXml) return;
    for (const pugi::xml_node node : parent.children()) {
      const std::string_view name = local_name(node);
      if (name == "p") {
        paragraph(node, depth);
      } else if (name == "tbl") {
        table(node, depth);
      } else if (name == "sdt" || name == "sdtContent" || name == "customXml" || name == "ins" ||
                 name == "AlternateContent" || name == "Choice" || name == "txbxContent") {
        blocks(node, depth + 1);
      }
    }
  }

  void paragraph(const pugi::xml_node& node, int depth) {
    const pugi::xml_node properties = child_named(node, "pPr");
    const auto style = levels_.find(value_of(child_named(properties, "pStyle"), "val"));
    const auto outline = value_of(child_named(properties, "outlineLvl"), "val");
    int level = style != levels_.end() ? style->second : 0;
    if (outline.size() == 1 && outline[0] >= '0' && outline[0] < '9') level = outline[0] - '0' + 1;
    const pugi::xml_node numbers = child_named(properties, "numPr");
    const bool item = level == 0 && numbers;
    cells_ > 0 || (item && in_list_) ? out_.line() : out_.block();
    in_list_ = item;
    const std::size_t from = out_.here();
    if (item) out_.item(mark_of(numbers));
    runs(node, depth);
    if (level > 0 && cells_ == 0) out_.end_heading(level, from);
  }

  std::string mark_of(const pugi::xml_node& numbers) {
    const auto list = lists_.find(value_of(child_named(numbers, "numId"), "val"));
    const auto text = value_of(child_named(numbers, "ilvl"), "val");
    const auto depth = static_cast<std::size_t>(text.size() == 1 && text[0] > '0' && text[0] < '9' ? text[0] - '0' : 0);
    if (list == lists_.end() || depth >= list->second.size() || list->second[depth].bullet) return "- ";
    for (std::size_t i = depth + 1; i < list->second.size(); ++i) list->second[i].next = 1;
    return std::to_string(list->second[depth].next++) + ". ";
  }

  void runs(const pugi::xml_node& parent, int depth) {
    if (depth > kDeepestXml) return;
    for (const pugi::xml_node node : parent.children()) run(node, depth + 1);
  }

  void run(const pugi::xml_node& node, int depth) {
    const std::string_view name = local_name(node);
    if (name == "t") return out_.words(node.child_value());
    if (name == "tab" || name == "cr" || name == "br") return name == "tab" ? out_.words(" ") : out_.line();
    if (name == "noBreakHyphen") return out_.verbatim("-");
    if (name == "lastRenderedPageBreak" && pages_) return out_.page();
    if (name == "footnoteReference" || name == "endnoteReference") {
      return out_.verbatim(note_mark(name, value_of(node, "id")));
    }
    if (name == "txbxContent") return blocks(node, depth);
    static constexpr std::string_view kLeftOut[] = {"pPr",     "rPr",      "instrText", "del",
                                                    "delText", "Fallback", "moveFrom",  "rt"};
    if (std::ranges::find(kLeftOut, name) == std::end(kLeftOut)) runs(node, depth);
  }

  // "[2]" for the second note that the text calls for. Foot- and endnotes have ids of their own.
  std::string note_mark(std::string_view kind, std::string_view id) {
    const auto [at, fresh] = notes_.try_emplace(std::string(kind.substr(0, 1)) + std::string(id), notes_.size() + 1);
    return "[" + std::to_string(at->second) + "]";
  }

  void table(const pugi::xml_node& node, int depth) {
    if (cells_ == 0) out_.block();
    ++cells_;
    for (const pugi::xml_node row : node.children()) {
      if (local_name(row) != "tr") continue;
      if (cells_ == 1) out_.line();
      for (const pugi::xml_node cell : row.children()) {
        if (local_name(cell) == "tc") this->cell(cell, depth);
      }
      if (cells_ == 1) out_.line();
    }
    --cells_;
    if (cells_ == 0) out_.block();
  }

  // The paragraphs of a cell on one line.
  void cell(const pugi::xml_node& cell, int depth) {
    const std::size_t from = out_.here();
    out_.separator(" | ");
    for (const pugi::xml_node node : cell.children()) {
      if (local_name(node) == "p") {
        if (out_.here() > from) out_.words(" ");
        runs(node, depth + 1);
      } else if (local_name(node) == "tbl") {
        table(node, depth + 1);
      }
    }
  }

  Status read_notes(std::string_view member) {
    pugi::xml_document xml;
    IG_TRY(file_.xml(member, xml, OfficeFile::Need::optional));
    for (const pugi::xml_node note : xml.document_element().children()) {
      if (!value_of(note, "type").empty()) continue;  // separators
      out_.block();
      out_.verbatim(note_mark(local_name(note), value_of(note, "id")) + " ");
      ++cells_;  // its paragraphs are lines
      for (const pugi::xml_node p : note.children()) runs(p, 0);
      --cells_;
    }
    return {};
  }

  OfficeFile& file_;
  Builder out_;
  std::map<std::string, int, std::less<>> levels_;
  std::map<std::string, std::vector<ListLevel>, std::less<>> lists_;
  std::map<std::string, std::size_t, std::less<>> notes_;  // kind and id -> number
  int cells_ = 0;
  bool in_list_ = false, pages_ = false;
};

}  // namespace

Result<Document> read_docx(const Source& source, Context&) {
  OfficeFile file = IG_TRY(OfficeFile::open(source));
  Document document;
  IG_TRY(file.take_properties(document));
  IG_TRY(DocxText(file, document).read());
  return document;
}

}  // namespace isogloss::input::foreign
