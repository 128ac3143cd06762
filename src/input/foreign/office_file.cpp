// SPDX-License-Identifier: Apache-2.0
#include "input/foreign/office_file.hpp"

#include <pugixml.hpp>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr std::uint64_t kHarmless = 50'000'000;  // bytes that any archive may unpack to
constexpr std::uint64_t kMostRatio = 100;        // of what it unpacks to beyond that; XML packs 1:10 to 1:30

std::string with_thousands(std::uint64_t n) {
  std::string out = std::to_string(n);
  for (std::size_t at = out.size(); at > 3;) out.insert(at -= 3, ",");
  return out;
}

}  // namespace

Result<OfficeFile> OfficeFile::open(const Source& source) {
  OfficeFile file(source);
  file.members_ = IG_TRY(zip_members(source.content, source.quoted()));
  IG_TRY(file.check_size());
  for (std::size_t i = 0; i < file.members_.size(); ++i) {
    std::string& name = file.members_[i].name;
    if (!utf8_valid(name)) name = utf8_repair(name);
    file.by_name_.emplace(name, i);
  }
  return file;
}

Status OfficeFile::check_size() const {
  if (members_.size() > source_->budget.members) {
    return fail(Code::too_long, source_->quoted() + " has " + with_thousands(members_.size()) +
                                    " members, more than the " + with_thousands(source_->budget.members) +
                                    " that are read.");
  }
  source_->budget.members -= members_.size();
  std::uint64_t total = 0;
  for (const ZipMember& member : members_) total += std::min<std::uint64_t>(member.size, std::uint64_t{1} << 50);
  const std::uint64_t ratio = total / std::max<std::size_t>(source_->content.size(), 1);
  if (total > kHarmless && ratio > kMostRatio) {
    return fail(Code::too_long, source_->quoted() + " is bomb-like: 1:" + with_thousands(ratio) + ", " +
                                    human_bytes(static_cast<double>(total)) + " when unpacked. It is not read.");
  }
  return {};
}

const ZipMember* OfficeFile::find(std::string_view member) const {
  const auto found = by_name_.find(member);
  return found != by_name_.end() ? &members_[found->second] : nullptr;
}

Result<std::string> OfficeFile::content(std::string_view member) {
  const ZipMember* found = find(member);
  if (found == nullptr) {
    return fail(Code::corrupt_data, source_->quoted() + " is damaged: it has no '" + std::string(member) + "'.");
  }
  Budget& budget = source_->budget;
  if (found->size > budget.bytes) {
    return fail(Code::too_long, source_->quoted() + " unpacks to more than can be read at once ('" +
                                    std::string(member) + "' to " + human_bytes(static_cast<double>(found->size)) +
                                    ").");
  }
  std::string out = IG_TRY(zip_content(source_->content, *found, budget.bytes, source_->name));
  budget.bytes -= out.size();
  return out;
}

Status OfficeFile::xml(std::string_view member, pugi::xml_document& into, Need need) {
  into.reset();
  if (need == Need::optional && !has(member)) return {};
  std::string bytes = IG_TRY(content(member));
  const bool wide = bytes.size() >= 2 && (bytes[0] == '\0' || bytes[1] == '\0' || bytes.starts_with("\xFF\xFE") ||
                                          bytes.starts_with("\xFE\xFF"));
  if (!wide && !utf8_valid(bytes)) bytes = utf8_repair(bytes);
  const auto result = into.load_buffer(bytes.data(), bytes.size(), pugi::parse_default | pugi::parse_ws_pcdata,
                                       wide ? pugi::encoding_auto : pugi::encoding_utf8);
  if (result.status == pugi::status_out_of_memory)
    return fail(Code::out_of_memory, "XML of " + human_bytes(static_cast<double>(bytes.size())));
  if (!result) {
    return fail(Code::corrupt_data, source_->quoted() + " is damaged: '" + std::string(member) + "' is no XML (" +
                                        result.description() + " at byte " + std::to_string(result.offset) + ").");
  }
  return {};
}

Result<std::map<std::string, std::string>> OfficeFile::relations(std::string_view member) {
  const std::size_t slash = member.rfind('/');
  const std::string_view folder = member.substr(0, slash == std::string_view::npos ? 0 : slash + 1);
  const std::string name = std::string(folder) + "_rels/" + std::string(member.substr(folder.size())) + ".rels";
  pugi::xml_document xml_of;
  IG_TRY(xml(name, xml_of, Need::optional));
  std::map<std::string, std::string> out;
  for (const pugi::xml_node relation : xml_of.document_element().children()) {
    out[relation.attribute("Id").value()] = resolved(member, relation.attribute("Target").value());
  }
  return out;
}

Status OfficeFile::take_properties(Document& document) {
  pugi::xml_document core;
  IG_TRY(xml("docProps/core.xml", core, Need::optional));
  static constexpr std::pair<std::string_view, std::string_view> kNames[] = {{"creator", "author"},
                                                                             {"created", "created"},
                                                                             {"language", "lang"},
                                                                             {"subject", "subject"},
                                                                             {"keywords", "keywords"}};
  for (const pugi::xml_node node : core.document_element().children()) {
    const std::string value(trim(node.child_value()));
    if (value.empty()) continue;
    if (local_name(node) == "title") document.title = value;
    for (const auto& [from, to] : kNames) {
      if (local_name(node) == from) document.meta[std::string(to)] = value;
    }
  }
  return {};
}

std::string resolved(std::string_view base_member, std::string_view target) {
  if (target.starts_with('/')) return std::string(target.substr(1));
  const std::size_t slash = base_member.rfind('/');
  std::vector<std::string_view> parts;
  if (slash != std::string_view::npos) parts = split(base_member.substr(0, slash), '/');
  for (const std::string_view part : split(target, '/')) {
    if (part == "..") {
      if (!parts.empty()) parts.pop_back();
    } else if (part != "." && !part.empty()) {
      parts.push_back(part);
    }
  }
  std::string out;
  for (const std::string_view part : parts) out += (out.empty() ? "" : "/") + std::string(part);
  return out;
}

std::string_view local_name(const pugi::xml_node& node) {
  const std::string_view name = node.name();
  return name.substr(name.find(':') + 1);  // npos + 1 is 0
}

pugi::xml_node child_named(const pugi::xml_node& node, std::string_view local) {
  for (const pugi::xml_node child : node.children()) {
    if (local_name(child) == local) return child;
  }
  return {};
}

std::string_view value_of(const pugi::xml_node& node, std::string_view attribute) {
  for (const pugi::xml_attribute a : node.attributes()) {
    const std::string_view name = a.name();
    if (name.substr(name.find(':') + 1) == attribute) return a.value();
  }
  return {};
}

}  // namespace isogloss::input::foreign
