// SPDX-License-Identifier: Apache-2.0
// A form; its boundary is X unless the first line is another type of content.
#include "fuzz.hpp"

#include "serve/http/multipart.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t feed = text.starts_with("multipart") ? text.find('\n') : std::string_view::npos;
  const std::string_view type =
      feed != std::string_view::npos ? text.substr(0, feed) : "multipart/form-data; boundary=X";
  const std::string_view body = feed != std::string_view::npos ? text.substr(feed + 1) : text;
  const auto form = serve::read_form(type, body);
  if (!form) return 0;
  std::size_t bytes = 0;
  for (const serve::FormField& field : *form) {
    fuzz::require(!field.name.empty(), "every field has a name");
    fuzz::require(
        field.content.data() >= body.data() && field.content.data() + field.content.size() <= body.data() + body.size(),
        "contents lie within the body");
    bytes += field.content.size();
  }
  fuzz::require(bytes <= body.size(), "contents do not overlap");
  return 0;
}
