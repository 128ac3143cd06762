// SPDX-License-Identifier: Apache-2.0
#include "serve/http/multipart.hpp"

#include "core/text.hpp"

namespace isogloss::serve {
namespace {

constexpr std::size_t kMostFields = 100;

// The value of `name` among the parameters of a header: a; name="value"; other=value. Backslash and %22 stand before a
// quote.
std::string parameter(std::string_view header, std::string_view name) {
  for (std::size_t at = header.find(';'); at != std::string_view::npos;) {
    const std::size_t equals = header.find('=', at);
    if (equals == std::string_view::npos) return {};
    const bool wanted = ascii_lower(trim(header.substr(at + 1, equals - at - 1))) == name;
    std::string value;
    std::size_t end = equals + 1;
    if (end < header.size() && header[end] == '"') {
      for (++end; end < header.size() && header[end] != '"'; ++end) {
        if (header[end] == '\\' && end + 1 < header.size()) ++end;
        value += header[end];
      }
    } else {
      while (end < header.size() && header[end] != ';') value += header[end++];
    }
    if (wanted) return std::string(trim(value));
    at = header.find(';', end);
  }
  return {};
}

Result<FormField> read_part(std::string_view part) {
  const std::size_t gap = part.find("\r\n\r\n");
  if (gap == std::string_view::npos)
    return fail(Code::invalid_argument, "A part of the form has no end of its header.");
  FormField field;
  for (const std::string_view line : split(part.substr(0, gap), '\n')) {
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || ascii_lower(trim(line.substr(0, colon))) != "content-disposition") continue;
    field.name = parameter(line.substr(colon + 1), "name");
    field.filename = parameter(line.substr(colon + 1), "filename");
  }
  if (field.name.empty()) return fail(Code::invalid_argument, "A part of the form has no name.");
  field.content = part.substr(gap + 4);
  return field;
}

}  // namespace

// --BOUNDARY CRLF head CRLF CRLF content CRLF --BOUNDARY ... --BOUNDARY--
Result<std::vector<FormField>> read_form(std::string_view content_type, std::string_view body) {
  const std::string boundary = parameter(content_type, "boundary");
  if (!ascii_lower(trim(content_type)).starts_with("multipart/form-data") || boundary.empty() ||
      boundary.size() > 200) {
    return fail(Code::invalid_argument, "This route takes a form: Content-Type multipart/form-data with a boundary.");
  }
  const std::string mark = "--" + boundary, next = "\r\n" + mark;
  std::vector<FormField> fields;
  if (!body.starts_with(mark)) return fail(Code::invalid_argument, "The form does not begin with its boundary.");
  body.remove_prefix(mark.size());
  while (!body.starts_with("--")) {
    const std::size_t end = body.find(next);
    if (!body.starts_with("\r\n") || end == std::string_view::npos || fields.size() == kMostFields) {
      return fail(Code::invalid_argument,
                  "The form breaks off, or has more than " + std::to_string(kMostFields) + " fields.");
    }
    fields.push_back(IG_TRY(read_part(body.substr(2, end - std::min<std::size_t>(end, 2)))));
    body.remove_prefix(end + next.size());
  }
  return fields;
}

}  // namespace isogloss::serve
