// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/task_folder.hpp"

#include <toml++/toml.h>

#include <algorithm>

#include "core/file.hpp"
#include "core/truncate.hpp"
#include "isogloss/collection.hpp"
#include "isogloss/options.hpp"

namespace isogloss {
namespace fs = std::filesystem;
namespace evaluation {
namespace {

constexpr const char* kFile = "task.toml";
constexpr std::size_t kMostBytes = 1'000'000;

// The keys of a file, each to be taken once; what is left at the end is unknown.
class Keys {
 public:
  Keys(const toml::table& table, std::string file) : table_(table), file_(std::move(file)) {}

  Status text(const char* name, std::string& target, const std::string& by_default) {
    const toml::node* node = take(name);
    if (node == nullptr || target != by_default) return {};
    if (!node->is_string()) return wrong(name, "a text");
    target = **node->as_string();
    return {};
  }
  Status count(const char* name, std::size_t& target, std::size_t by_default) {
    const toml::node* node = take(name);
    if (node == nullptr || target != by_default) return {};
    if (!node->is_integer() || **node->as_integer() < 0) return wrong(name, "a whole number, 0 or more");
    target = static_cast<std::size_t>(**node->as_integer());
    return {};
  }
  Status texts(const char* name, std::vector<std::string>& target) {
    const toml::node* node = take(name);
    if (node == nullptr || !target.empty()) return {};
    const toml::array* list = node->as_array();
    if (list == nullptr) return wrong(name, "a list of texts");
    for (const toml::node& item : *list) {
      if (!item.is_string()) return wrong(name, "a list of texts");
      target.push_back(**item.as_string());
    }
    return {};
  }
  Status end() const {
    for (const auto& [key, node] : table_) {
      if (std::ranges::find(known_, key.str()) != known_.end()) continue;
      const std::string nearest = nearest_name(key.str(), known_);
      return fail(Code::corrupt_data, "'" + file_ + "' has a key '" + std::string(key.str()) + "' that no task has." +
                                          (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
    }
    return {};
  }

 private:
  const toml::node* take(const char* name) {
    known_.emplace_back(name);
    return table_.get(name);
  }
  Status wrong(const char* name, const char* wanted) const {
    return fail(Code::corrupt_data, "'" + file_ + "': " + name + " must be " + wanted + ".");
  }

  const toml::table& table_;
  std::string file_;
  std::vector<std::string> known_;
};

Status read_keys(Keys& keys, TaskFolder& out, std::string& truncate, std::string& each) {
  const EvalOptions usual;
  IG_TRY(keys.text("kind", out.kind, ""));
  IG_TRY(keys.text("each", each, ""));
  IG_TRY(keys.text("place", out.place, ""));
  IG_TRY(keys.text("name", out.name, ""));
  IG_TRY(keys.text("summary", out.summary, ""));
  IG_TRY(keys.text("split", out.options.split, usual.split));
  IG_TRY(keys.text("convention", out.options.convention, usual.convention));
  IG_TRY(keys.text("label_field", out.options.label_field, usual.label_field));
  IG_TRY(keys.text("truncate", truncate, ""));
  IG_TRY(keys.count("dim", out.options.dim, usual.dim));
  IG_TRY(keys.count("depth", out.options.depth, usual.depth));
  IG_TRY(keys.count("vocabulary", out.options.vocabulary, usual.vocabulary));
  IG_TRY(keys.texts("metrics", out.options.metrics));
  return keys.end();
}

}  // namespace

std::optional<fs::path> find_task_folder(std::string_view task) {
  std::error_code ignored;
  const fs::path named = tasks_folder() / task;
  const bool is_name = !task.empty() && task.find_first_of("/:") == std::string_view::npos;
  for (const fs::path& folder : {fs::path(task), is_name ? named : fs::path()}) {
    if (!folder.empty() && fs::is_regular_file(folder / kFile, ignored)) return folder;
  }
  return std::nullopt;
}

Result<TaskFolder> read_task_folder(const fs::path& folder, const EvalOptions& asked) {
  const std::string file = (folder / kFile).string();
  const std::string content = IG_TRY(read_file(folder / kFile, kMostBytes));
  TaskFolder out;
  out.options = asked;
  std::string truncate, each;
  try {
    const toml::table table = toml::parse(content, file);
    Keys keys(table, file);
    IG_TRY(read_keys(keys, out, truncate, each));
  } catch (const toml::parse_error& problem) {
    return fail(Code::corrupt_data, "'" + file + "' line " + std::to_string(problem.source().begin.line) + ": " +
                                        std::string(problem.description()));
  }
  if (out.kind.empty()) return fail(Code::corrupt_data, "'" + file + "' does not say its kind, as kind = \"sts\".");
  if (!truncate.empty()) {
    const auto value = parse_truncate(truncate, "'" + file + "': truncate");
    if (!value) return fail(Code::corrupt_data, value.error().message);
    if (asked.truncate == EvalOptions().truncate) out.options.truncate = *value;
  }
  if ((out.kind == "multilingual") == each.empty()) {
    return fail(Code::corrupt_data,
                "'" + file + "': each = \"sts\" or another kind belongs to kind = \"multilingual\", and to no other.");
  }
  out.place = (each.empty() ? "" : each + ":") + (folder / out.place).lexically_normal().string();
  if (out.name.empty()) out.name = fs::absolute(folder).lexically_normal().filename().string();
  if (out.name.empty()) out.name = fs::absolute(folder).lexically_normal().parent_path().filename().string();
  return out;
}

}  // namespace evaluation

fs::path tasks_folder() { return data_home() / "tasks"; }

Result<std::vector<InstalledTask>> installed_tasks() {
  std::vector<InstalledTask> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(tasks_folder(), ignored)) {
    if (!evaluation::find_task_folder(entry.path().string())) continue;
    const auto task = IG_TRY(evaluation::read_task_folder(entry.path(), {}));
    out.push_back({entry.path().filename().string(), task.kind, task.summary});
  }
  std::ranges::sort(out, {}, &InstalledTask::name);
  return out;
}

}  // namespace isogloss
