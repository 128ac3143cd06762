// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hpp"
#include "store/filter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view text = fuzz::text_of(data, size);
  const auto filter = store::parse_filter(text);
  if (!filter) fuzz::require(filter.error().code == Code::invalid_argument, "a wrong filter is the caller's");
  const std::size_t half = size / 2;
  (void)store::like_match(text.substr(0, half), text.substr(half));
  return 0;
}
