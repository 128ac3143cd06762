// SPDX-License-Identifier: Apache-2.0
#include "core/unpack.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  constexpr std::size_t kMost = 1'000'000;
  auto reader = UnpackedReader::from_memory("fuzzed", fuzz::text_of(data, size));
  if (!reader) return 0;
  const auto content = reader->rest(kMost);
  fuzz::require(!content || content->size() <= kMost, "no more than was asked for");
  return 0;
}
