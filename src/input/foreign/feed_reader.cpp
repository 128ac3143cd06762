// SPDX-License-Identifier: Apache-2.0
// RSS 2.0 and 1.0, Atom 1.0 (RFC 4287): a row per entry, its title as heading, its content, else its summary, as the
// text; link, date and author are the row's metadata. Names are taken without their prefix: content:encoded, dc:creator
// and dc:date are what feeds add.
#include <pugixml.hpp>
#include <sstream>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/foreign/charset_guess.hpp"
#include "input/foreign/mail_date.hpp"
#include "input/foreign/office_file.hpp"

namespace isogloss::input::foreign {
namespace {

// The first of these children that says something.
pugi::xml_node first_of(const pugi::xml_node& parent, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    for (const pugi::xml_node node : parent.children()) {
      if (local_name(node) == name && node.first_child()) return node;
    }
  }
  return {};
}

// The markup of a text: RSS escapes HTML; Atom says by `type` whether it is text, escaped HTML, or XHTML as elements.
Result<Document> text_of(const pugi::xml_node& node) {
  Document out;
  const std::string_view type = node.attribute("type").value();
  const bool atom = local_name(node) == "content" || local_name(node) == "summary";
  if (type == "xhtml") {
    std::ostringstream markup;
    for (const pugi::xml_node child : node.children()) child.print(markup, "", pugi::format_raw);
    IG_TRY(append_html(markup.str(), HtmlPart::fragment, out));
  } else if (atom && (type.empty() || type == "text" || type == "text/plain")) {
    out.text = trim(node.child_value());
  } else {
    IG_TRY(append_html(node.child_value(), HtmlPart::fragment, out));
  }
  return out;
}

// A title, of text or HTML, on one line.
std::string title_of(const pugi::xml_node& parent) {
  const pugi::xml_node node = first_of(parent, {"title"});
  if (std::string_view(node.child_value()).find_first_of("<&") == std::string_view::npos) {
    return one_line(node.text().get());
  }
  Document title;
  const bool read = append_html(node.child_value(), HtmlPart::fragment, title).has_value();
  return one_line(read ? title.text : std::string(node.child_value()));
}

// RSS: the text of <link>; Atom: the address of the link that is the page itself.
std::string link_of(const pugi::xml_node& entry) {
  for (const pugi::xml_node node : entry.children()) {
    if (local_name(node) != "link") continue;
    const std::string_view rel = node.attribute("rel").value();
    const std::string_view address = node.attribute("href") ? node.attribute("href").value() : node.child_value();
    if ((rel.empty() || rel == "alternate") && !trim(address).empty()) return std::string(trim(address));
  }
  return {};
}

std::string date_of(const pugi::xml_node& entry) {
  const std::string date(trim(first_of(entry, {"updated", "published", "date", "pubDate"}).child_value()));
  const std::string iso = iso_of_mail_date(date.c_str());
  return iso.empty() ? date : iso;
}

std::string author_of(const pugi::xml_node& entry) {
  const pugi::xml_node author = first_of(entry, {"author", "creator"});
  const pugi::xml_node name = child_named(author, "name");
  return one_line(name ? name.child_value() : author.child_value());
}

Status append_entry(const pugi::xml_node& entry, Document& document) {
  const std::string title = title_of(entry), link = link_of(entry);
  const std::string id(trim(first_of(entry, {"id", "guid"}).child_value()));
  Document text;
  // A summary beside the content is its beginning, or says the same in short.
  if (const auto node = first_of(entry, {"encoded", "content", "description", "summary"})) text = IG_TRY(text_of(node));
  if (title.empty() && trim(text.text).empty()) return {};
  Row row;
  row.at.begin = document.text.size() + (document.text.empty() ? 0 : 1);
  row.id = !id.empty() ? id : !link.empty() ? link : std::to_string(document.rows.size() + 1);
  for (const auto& [name, value] :
       {std::pair<const char*, std::string>{"url", link}, {"date", date_of(entry)}, {"author", author_of(entry)}}) {
    if (!value.empty()) row.meta[name] = utf8_repair(value);
  }
  append_inner(document, title.empty() ? "Entry " + std::to_string(document.rows.size() + 1) : title, std::move(text),
               1);
  row.at.end = document.text.size();
  document.rows.push_back(std::move(row));
  return {};
}

std::string_view declared_encoding(std::string_view content) {
  const std::string_view head = content.substr(0, content.substr(0, 200).find("?>"));
  const std::size_t at = head.find("encoding=");
  if (at == std::string_view::npos || at + 10 >= head.size()) return {};
  const std::string_view value = head.substr(at + 10);
  return value.substr(0, value.find_first_of("\"'"));
}

}  // namespace

Result<Document> read_feed(const Source& source, Context& context) {
  Document document;
  std::string buffer;
  const std::string_view xml = IG_TRY(content_text(source, declared_encoding(source.content), buffer, document));
  pugi::xml_document tree;
  const auto result = tree.load_buffer(xml.data(), xml.size(), pugi::parse_default, pugi::encoding_utf8);
  if (result.status == pugi::status_out_of_memory)
    return fail(Code::out_of_memory, "XML of " + human_bytes(static_cast<double>(xml.size())));
  const pugi::xml_node root = tree.document_element();
  const pugi::xml_node channel = child_named(root, "channel") ? child_named(root, "channel") : root;
  document.title = title_of(channel);
  if (const std::string link = link_of(channel); !link.empty()) document.meta["url"] = link;
  for (const pugi::xml_node& parent : {channel, root}) {  // RSS 1.0 has its items beside the channel
    for (const pugi::xml_node entry : parent.children()) {
      IG_TRY(context.check());
      if (local_name(entry) == "item" || local_name(entry) == "entry") IG_TRY(append_entry(entry, document));
    }
    if (parent == root) break;
  }
  if (!result) {
    const std::string damage = std::string(result.description()) + " at byte " + std::to_string(result.offset);
    if (document.rows.empty()) return fail(Code::corrupt_data, source.quoted() + " is damaged: " + damage + ".");
    document.notes.push_back("damaged (" + damage + "): what stands behind is left out");
  }
  return document;
}

}  // namespace isogloss::input::foreign
