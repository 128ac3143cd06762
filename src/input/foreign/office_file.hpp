// SPDX-License-Identifier: Apache-2.0
// A ZIP archive of XML members, as office files and EPUB are. Members are unpacked one at a time, within the budget of
// the file they lie in.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/zip.hpp"
#include "input/foreign/foreign.hpp"

namespace pugi {
class xml_document;
class xml_node;
}  // namespace pugi

namespace isogloss::input::foreign {

class OfficeFile {
 public:
  // Error{corrupt_data} for a damaged archive, Error{too_long} for one that is made to unpack to far more than it is
  // ("bomb-like: 1:1,000") or has more members than the budget.
  static Result<OfficeFile> open(const Source& source);

  bool has(std::string_view member) const { return find(member) != nullptr; }
  const std::vector<ZipMember>& members() const { return members_; }
  // Error{corrupt_data} when it is not there or damaged, Error{unsupported} when it is encrypted.
  Result<std::string> content(std::string_view member);
  // The same, parsed. An absent member is an empty document when `optional`.
  enum class Need : std::uint8_t { required, optional };
  Status xml(std::string_view member, pugi::xml_document& into, Need need = Need::required);
  // id -> target of the member's relationships, as member names.
  Result<std::map<std::string, std::string>> relations(std::string_view member);
  // Title, author, creation date and language of docProps/core.xml.
  Status take_properties(Document& document);

  const Source& source() const { return *source_; }

 private:
  explicit OfficeFile(const Source& source) : source_(&source) {}
  const ZipMember* find(std::string_view member) const;
  Status check_size() const;

  const Source* source_;
  std::vector<ZipMember> members_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
};

// "xl/worksheets/../sheet.xml" and "/xl/x" as the name of a member.
std::string resolved(std::string_view base_member, std::string_view target);
// The name without its namespace prefix.
std::string_view local_name(const pugi::xml_node& node);
// The children with this local name; null node when there is none.
pugi::xml_node child_named(const pugi::xml_node& node, std::string_view local);
// The value of the attribute with this local name, whatever its prefix.
std::string_view value_of(const pugi::xml_node& node, std::string_view attribute);

inline constexpr int kDeepestXml = 400;  // elements inside one another that a reader goes into

}  // namespace isogloss::input::foreign
