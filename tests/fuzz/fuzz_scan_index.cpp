// SPDX-License-Identifier: Apache-2.0
#include "read_index.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return isogloss::fuzz::read_vector_index(data, size, isogloss::map_scan_index);
}
