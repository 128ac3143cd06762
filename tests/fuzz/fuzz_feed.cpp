// SPDX-License-Identifier: Apache-2.0
#include "foreign.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  isogloss::fuzz::read_foreign(isogloss::input::foreign::read_feed, isogloss::fuzz::text_of(data, size));
  return 0;
}
