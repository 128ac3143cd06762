// SPDX-License-Identifier: Apache-2.0
#include "fuzz.hpp"
#include "read_document.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  isogloss::fuzz::read_and_check("input.jsonl", isogloss::fuzz::text_of(data, size));
  return 0;
}
