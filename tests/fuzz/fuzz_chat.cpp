// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include "fuzz.hpp"

#include "answer/chat.hpp"
#include "answer/prompt.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  const std::string_view text = fuzz::text_of(data, size);
  (void)answer::read_event(text);
  std::string reply(text);
  const auto cited = answer::check_citations(reply, 5).cited;
  for (const std::size_t n : cited) fuzz::require(n >= 1 && n <= 5, "only passages that were given are cited");
  fuzz::require(std::ranges::is_sorted(cited), "citations ascend");
  (void)answer::fill_prompt(text, "question", {});
  return 0;
}
