// SPDX-License-Identifier: Apache-2.0
// The readers of text: the first byte names the format.
#include "fuzz.hpp"
#include "read_document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static constexpr const char* kNames[] = {"i.rst", "i.adoc", "i.org", "i.tex", "i.srt", "i.vtt", "i.py", "i.cpp", "i.txt"};
  if (size == 0) return 0;
  isogloss::fuzz::read_and_check(kNames[data[0] % std::size(kNames)], isogloss::fuzz::text_of(data + 1, size - 1));
  return 0;
}
