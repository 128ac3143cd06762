// SPDX-License-Identifier: Apache-2.0
// What two sets of figures differ in, and what of their records may be why.
#include <algorithm>
#include <set>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/evaluate.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 28;

// Times differ at every run and explain nothing.
bool is_time(std::string_view name) { return name.ends_with("seconds"); }

Result<EvalFigure> read_figure(const Json& json, const std::string& where) {
  EvalFigure out;
  out.model = json["model"].as_text();
  out.task = json["task"].as_text();
  out.metric = json["metric"].as_text();
  if (out.metric.empty() || json.find("value") == nullptr) {
    return fail(Code::corrupt_data, where + " is no figure of eval. Write them with: isogloss eval ... --json > FILE");
  }
  out.value = json["value"].as_number(std::numeric_limits<double>::quiet_NaN());
  const auto interval = json["interval"].as_array();
  out.low = interval.size() == 2 ? interval[0].as_number() : out.value;
  out.high = interval.size() == 2 ? interval[1].as_number() : out.value;
  out.n = static_cast<std::size_t>(json["n"].as_integer());
  out.of = static_cast<std::size_t>(json["of"].as_integer());
  out.convention = json["convention"].as_text();
  for (const auto& [name, value] : json["record"].as_object()) out.record[name] = value.as_text();
  return out;
}

// All that is written beside a value, the model's name among it: pairs are found by task and metric.
std::map<std::string, std::string> all_of(const EvalFigure& figure) {
  std::map<std::string, std::string> out = figure.record;
  out["model"] = figure.model;
  out["convention"] = figure.convention;
  out["n"] = std::to_string(figure.n);
  out["of"] = std::to_string(figure.of);
  return out;
}

FigureDifference difference(const EvalFigure& a, const EvalFigure& b) {
  FigureDifference out{.task = a.task, .metric = a.metric, .a = a, .b = b, .differs = {}};
  const auto left = all_of(a), right = all_of(b);
  std::set<std::string> names;
  for (const auto& [name, value] : left) names.insert(name);
  for (const auto& [name, value] : right) names.insert(name);
  for (const std::string& name : names) {
    const auto at = left.find(name), other = right.find(name);
    const std::string x = at == left.end() ? "-" : at->second;
    const std::string y = other == right.end() ? "-" : other->second;
    if (x != y && !is_time(name)) out.differs.push_back({name, x, y});
  }
  return out;
}

}  // namespace

Result<std::vector<EvalFigure>> read_figures(const std::filesystem::path& file) {
  return guard([&]() -> Result<std::vector<EvalFigure>> {
    const std::string content = IG_TRY(read_file(file, kMostBytes));
    std::vector<EvalFigure> out;
    IG_TRY(each_json_line(content, file.string(), [&](const Json& json, const std::string& where) -> Status {
      out.push_back(IG_TRY(read_figure(json, where)));
      return {};
    }));
    if (out.empty()) return fail(Code::corrupt_data, "'" + file.string() + "' has no figure in it.");
    return out;
  });
}

std::vector<FigureDifference> compare_figures(std::span<const EvalFigure> a, std::span<const EvalFigure> b) {
  std::vector<FigureDifference> out;
  std::vector<bool> used(b.size());
  for (const EvalFigure& figure : a) {
    // One of the same model goes before one of another.
    std::size_t best = b.size();
    for (std::size_t i = 0; i < b.size(); ++i) {
      if (used[i] || b[i].task != figure.task || b[i].metric != figure.metric) continue;
      if (best == b.size() || (b[i].model == figure.model && b[best].model != figure.model)) best = i;
    }
    if (best == b.size()) continue;
    used[best] = true;
    out.push_back(difference(figure, b[best]));
  }
  return out;
}

}  // namespace isogloss
