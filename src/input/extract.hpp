// SPDX-License-Identifier: Apache-2.0
// Text from a process of its own: the worker isogloss-extract, or the user's --extract-cmd. Contract: the path comes on
// standard input; JSON lines {"text","page"} go to standard output; anything on standard error is the reason of a
// failure. A hostile file kills the worker, never the engine: time, memory and output are limited.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "isogloss/context.hpp"
#include "isogloss/input.hpp"

namespace isogloss::input {

// Runs `command` by the shell for one file.
Result<Document> extract_with_command(const std::filesystem::path& path, const std::string& command, Context& context);

// The file's text as UTF-8, its charset guessed by the worker.
Result<std::string> convert_in_worker(const std::filesystem::path& path, Context& context);

}  // namespace isogloss::input
