// SPDX-License-Identifier: Apache-2.0
#include "core/utf8.hpp"
#include "fuzz.hpp"
#include "input/charset.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string content(fuzz::text_of(data, size));
  (void)input::needs_charset_detection(content);
  const auto decoded = input::decode_text("input", content);
  if (decoded) fuzz::require(utf8_valid(decoded->text), "decoded text is UTF-8");
  return 0;
}
