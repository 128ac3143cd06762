// SPDX-License-Identifier: Apache-2.0
// EPUB 3.3: container.xml names the package, its spine the chapters, which are XHTML. A chapter without a heading of
// its own gets none.
#include <algorithm>
#include <pugixml.hpp>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/foreign/office_file.hpp"

namespace isogloss::input::foreign {
namespace {

// Names of the members that need a key; fonts are scrambled in books that are open otherwise.
Result<std::vector<std::string>> locked_members(OfficeFile& file) {
  pugi::xml_document xml;
  IG_TRY(file.xml("META-INF/encryption.xml", xml, OfficeFile::Need::optional));
  std::vector<std::string> out;
  for (const pugi::xml_node data : xml.document_element().children()) {
    out.emplace_back(value_of(child_named(child_named(data, "CipherData"), "CipherReference"), "URI"));
  }
  return out;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) {
      return std::string_view("0123456789abcdef").find(ascii_lower(text.substr(at, 1)));
    };
    if (text[i] == '%' && i + 2 < text.size() && digit(i + 1) < 16 && digit(i + 2) < 16) {
      out += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

void take_metadata(const pugi::xml_node& metadata, Document& document) {
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"creator", "author"}, {"language", "lang"}, {"date", "published"}, {"publisher", "publisher"}};
  for (const pugi::xml_node node : metadata.children()) {
    const std::string value(trim(node.child_value()));
    if (value.empty()) continue;
    if (local_name(node) == "title" && document.title.empty()) document.title = value;
    for (const auto& [from, to] : kNames) {
      if (local_name(node) == from) document.meta.emplace(to, value);
    }
  }
}

}  // namespace

Result<Document> read_epub(const Source& source, Context& context) {
  OfficeFile file = IG_TRY(OfficeFile::open(source));
  const std::vector<std::string> locked = IG_TRY(locked_members(file));
  pugi::xml_document container, package;
  IG_TRY(file.xml("META-INF/container.xml", container));
  const std::string root(
      child_named(child_named(container.document_element(), "rootfiles"), "rootfile").attribute("full-path").value());
  IG_TRY(file.xml(root, package));
  std::map<std::string, std::string, std::less<>> members;
  for (const pugi::xml_node item : child_named(package.document_element(), "manifest").children()) {
    members[item.attribute("id").value()] = resolved(root, percent_decoded(item.attribute("href").value()));
  }
  Document document;
  take_metadata(child_named(package.document_element(), "metadata"), document);
  const Metadata own = document.meta;
  for (const pugi::xml_node item : child_named(package.document_element(), "spine").children()) {
    IG_TRY(context.check());
    const auto member = members.find(std::string_view(item.attribute("idref").value()));
    if (member == members.end() || !file.has(member->second)) continue;
    if (std::ranges::find(locked, member->second) != locked.end()) {
      return fail(Code::unsupported, source.quoted() + " is encrypted (DRM). Its text cannot be read.");
    }
    IG_TRY(append_html(utf8_repair(IG_TRY(file.content(member->second))), HtmlPart::fragment, document));
  }
  document.meta = own;
  return document;
}

}  // namespace isogloss::input::foreign
