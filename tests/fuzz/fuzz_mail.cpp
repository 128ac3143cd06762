// SPDX-License-Identifier: Apache-2.0
#include "foreign.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view content = isogloss::fuzz::text_of(data, size);
  const bool many = content.starts_with("From ");
  isogloss::fuzz::read_foreign(many ? isogloss::input::foreign::read_mbox : isogloss::input::foreign::read_eml, content);
  return 0;
}
