// SPDX-License-Identifier: Apache-2.0
// PresentationML (ECMA-376, part 1, chapter 19): a page per slide in the order of the show; the title placeholder is
// its heading ("Slide 3" where there is none), then shapes, groups and tables in document order, then the speaker's
// notes.
#include <algorithm>
#include <pugixml.hpp>

#include "input/foreign/builder.hpp"
#include "input/foreign/office_file.hpp"

namespace isogloss::input::foreign {
namespace {

bool is_title(const pugi::xml_node& shape) {
  const auto type = value_of(child_named(child_named(child_named(shape, "nvSpPr"), "nvPr"), "ph"), "type");
  return type == "title" || type == "ctrTitle";
}

// Slide numbers, dates and footers are on every slide.
bool is_furniture(const pugi::xml_node& shape) {
  const auto type = value_of(child_named(child_named(child_named(shape, "nvSpPr"), "nvPr"), "ph"), "type");
  return type == "sldNum" || type == "dt" || type == "ftr" || type == "hdr" || type == "sldImg";
}

void append_text(const pugi::xml_node& paragraph, Builder& out) {
  for (const pugi::xml_node run : paragraph.children()) {
    if (local_name(run) == "br") out.words(" ");
    out.words(child_named(run, "t").child_value());
  }
}

// The paragraphs of a text body, a line each.
void append_body(const pugi::xml_node& body, Builder& out) {
  for (const pugi::xml_node paragraph : body.children()) {
    if (local_name(paragraph) != "p") continue;
    out.line();
    append_text(paragraph, out);
  }
}

void append_table(const pugi::xml_node& table, Builder& out) {
  for (const pugi::xml_node row : table.children()) {
    if (local_name(row) != "tr") continue;
    out.line();
    for (const pugi::xml_node cell : row.children()) {
      if (local_name(cell) != "tc") continue;
      out.separator(" | ");
      for (const pugi::xml_node paragraph : child_named(cell, "txBody").children()) {
        append_text(paragraph, out);
        out.words(" ");
      }
    }
  }
  out.line();
}

void append_shapes(const pugi::xml_node& tree, Builder& out, int depth) {
  if (depth > kDeepestXml) return;
  for (const pugi::xml_node shape : tree.children()) {
    const std::string_view name = local_name(shape);
    if (name == "sp" && !is_title(shape) && !is_furniture(shape)) {
      out.block();
      append_body(child_named(shape, "txBody"), out);
    } else if (name == "grpSp") {
      append_shapes(shape, out, depth + 1);
    } else if (name == "graphicFrame") {
      out.block();
      append_table(child_named(child_named(child_named(shape, "graphic"), "graphicData"), "tbl"), out);
    }
  }
}

pugi::xml_node shapes_of(const pugi::xml_document& slide) {
  return child_named(child_named(slide.document_element(), "cSld"), "spTree");
}

void append_slide(const pugi::xml_document& slide, std::size_t number, Builder& out) {
  out.finish();
  out.block();
  out.page();
  const std::size_t from = out.here();
  const pugi::xml_node shapes = shapes_of(slide);
  for (const pugi::xml_node shape : shapes.children()) {
    if (local_name(shape) == "sp" && is_title(shape)) append_body(child_named(shape, "txBody"), out);
  }
  out.here() > from ? out.end_heading(1, from) : out.heading(1, "Slide " + std::to_string(number));
  append_shapes(shapes, out, 0);
}

Status append_notes(OfficeFile& file, const std::map<std::string, std::string>& targets, Builder& out) {
  for (const auto& [id, target] : targets) {
    if (!target.starts_with("ppt/notesSlides/") || !file.has(target)) continue;
    pugi::xml_document notes;
    IG_TRY(file.xml(target, notes));
    append_shapes(shapes_of(notes), out, 0);
  }
  return {};
}

}  // namespace

Result<Document> read_pptx(const Source& source, Context&) {
  OfficeFile file = IG_TRY(OfficeFile::open(source));
  Document document;
  IG_TRY(file.take_properties(document));
  Builder out(document);
  pugi::xml_document show;
  IG_TRY(file.xml("ppt/presentation.xml", show));
  const auto slides = IG_TRY(file.relations("ppt/presentation.xml"));
  for (const pugi::xml_node node : child_named(show.document_element(), "sldIdLst").children()) {
    const auto target = slides.find(std::string(node.attribute("r:id").value()));
    if (target == slides.end() || !file.has(target->second)) continue;
    pugi::xml_document slide;
    IG_TRY(file.xml(target->second, slide));
    append_slide(slide, document.pages.size() + 1, out);
    IG_TRY(append_notes(file, IG_TRY(file.relations(target->second)), out));
  }
  out.finish();
  return document;
}

}  // namespace isogloss::input::foreign
