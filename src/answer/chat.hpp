// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "isogloss/answer.hpp"

namespace isogloss::answer {

// Sends one user message to an OpenAI-compatible chat endpoint and returns the streamed reply; pieces go to `on_text`
// as they come. Errors: offline, unavailable (with the server's own message).
Result<std::string> chat(const AskOptions& options, std::string_view prompt, Context& context);

// One line of a stream of server-sent events ("data: {...}").
struct ChatEvent {
  std::string text;   // empty when it carries none
  bool last = false;  // the answer is whole: it gives a reason for its end, or is [DONE]
};
Result<ChatEvent> read_event(std::string_view line);

}  // namespace isogloss::answer
