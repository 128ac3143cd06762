// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "isogloss/answer.hpp"

namespace isogloss::answer {

// Sends one user message to an OpenAI-compatible chat endpoint and returns the streamed reply; pieces go to `on_text` as
// they come. Errors: offline, unavailable (with the server's own message).
Result<std::string> chat(const AskOptions& options, std::string_view prompt, Context& context);

// The text of one server-sent event line ("data: {...}"), empty when it carries none.
Result<std::string> event_text(std::string_view line);

}  // namespace isogloss::answer
