// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "fuzz.hpp"

#include "runtime/ingest/glob.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t line = std::min(text.find('\n'), size);
  const std::string_view path = text.substr(std::min(line + 1, size));
  (void)runtime::glob_match(text.substr(0, line), path);
  runtime::IgnoreRules rules;
  rules.add_line(text.substr(0, line));
  (void)rules.judge(path, runtime::IgnoreRules::Kind::file);
  (void)rules.judge(path, runtime::IgnoreRules::Kind::folder);
  return 0;
}
