// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const auto json = Json::parse(fuzz::text_of(data, size), "input");
  if (!json) return 0;
  std::string written;
  JsonWriter(written).value(*json);
  const auto again = Json::parse(written, "written");
  fuzz::require(again.has_value(), "what was written can be read");
  std::string twice;
  JsonWriter(twice).value(*again);
  fuzz::require(written == twice, "writing is the same the second time");
  (void)json->as_text();
  (void)json->as_meta();
  return 0;
}
