// SPDX-License-Identifier: Apache-2.0
// A folder with a task.toml is a task by itself:
//
//   kind = "classify"        # one of eval --list
//   place = "."              # of its data, relative to the folder
//   each = "sts"             # kind = "multilingual": of every language
//   name = "tickets"         # what figures call it; default: the folder's name
//   summary = "..."
//   split = "test"           # and convention, label_field, metrics, truncate, dim, depth, vocabulary: as the flags
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/evaluate.hpp"

namespace isogloss::evaluation {

struct TaskFolder {
  std::string kind, place, name, summary;
  EvalOptions options;  // those asked for, and what the file sets where they are as by default
};

// The folder of a task: `task` itself, or that of this name under tasks_folder(). None: there is no task.toml.
std::optional<std::filesystem::path> find_task_folder(std::string_view task);
// Error{corrupt_data} names the line, or the key that is unknown.
Result<TaskFolder> read_task_folder(const std::filesystem::path& folder, const EvalOptions& asked);

}  // namespace isogloss::evaluation
