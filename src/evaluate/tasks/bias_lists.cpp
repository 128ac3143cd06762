// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/bias_lists.hpp"

#include <algorithm>
#include <filesystem>

#include "core/file.hpp"
#include "core/json.hpp"
#include "evaluate/tasks/text_data.hpp"

namespace isogloss::evaluation {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

// Lists are sets, as for sent-bias and WEFE: what stands there twice counts once.
std::vector<std::string> texts_of(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list.as_array()) {
    if (std::ranges::find(out, item.as_string()) == out.end()) out.emplace_back(item.as_string());
  }
  return out;
}

// {"targ1": {"examples": [...]}, ...}
BiasLists numbered_lists(const Json& json, const std::string& name) {
  BiasLists out{name, {}, {}};
  for (const auto& [stem, lists] : {std::pair("targ", &out.targets), std::pair("attr", &out.attributes)}) {
    for (std::size_t i = 1; json.find(stem + std::to_string(i)) != nullptr; ++i) {
      lists->push_back(texts_of(json[stem + std::to_string(i)]["examples"]));
    }
  }
  return out;
}

std::vector<BiasLists> tests_in(const Json& json, const std::string& file_name) {
  std::vector<BiasLists> out;
  if (json.find("targ1") != nullptr) out.push_back(numbered_lists(json, file_name));
  for (const auto& [name, object] : json.as_object()) {
    if (object.find("targ1") != nullptr) out.push_back(numbered_lists(object, name));
    if (object.find("X_key") == nullptr) continue;
    const auto list = [&](const char* key) { return texts_of(object[object[key].as_string()]); };
    out.push_back({name, {list("X_key"), list("Y_key")}, {list("A_key"), list("B_key")}});
  }
  std::erase_if(out, [](const BiasLists& test) { return test.attributes.empty(); });
  return out;
}

}  // namespace

std::vector<fs::path> bias_files(std::string_view place) {
  std::vector<fs::path> files{fs::path(place)};
  std::error_code ignored;
  if (fs::is_directory(files[0], ignored)) {
    files.clear();
    for (const auto& entry : fs::directory_iterator(fs::path(place), ignored)) {
      const std::string ending = entry.path().extension().string();
      if (ending == ".json" || ending == ".jsonl") files.push_back(entry.path());
    }
    std::ranges::sort(files);
  }
  return files;
}

Result<std::vector<BiasLists>> read_bias_lists(std::string_view place) {
  std::vector<BiasLists> out;
  for (const fs::path& file : bias_files(place)) {
    const std::string text = IG_TRY(read_file(file, kMostBytes));
    const Json json = IG_TRY(Json::parse(text, "'" + file.string() + "'"));
    for (BiasLists& test : tests_in(json, task_name(file.string()))) out.push_back(std::move(test));
  }
  if (!out.empty()) return out;
  return fail(Code::corrupt_data,
              "'" + std::string(place) +
                  "' has no association test: objects with X_key, Y_key, A_key, B_key and the lists "
                  "these name, or with targ1, targ2 ... and attr1, attr2 ...");
}

}  // namespace isogloss::evaluation
