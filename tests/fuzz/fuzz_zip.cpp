// SPDX-License-Identifier: Apache-2.0
#include "core/zip.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  constexpr std::size_t kMost = 1'000'000;
  const std::string_view archive = fuzz::text_of(data, size);
  const auto members = zip_members(archive, "fuzzed");
  if (!members) return 0;
  for (const ZipMember& member : *members) {
    const auto content = zip_content(archive, member, kMost, "fuzzed");
    fuzz::require(!content || content->size() == member.size, "as many bytes as the directory says");
  }
  return 0;
}
