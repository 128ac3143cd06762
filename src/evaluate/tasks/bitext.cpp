// SPDX-License-Identifier: Apache-2.0
// Bitext mining: which line of the other language is the translation? The nearest by cosine is the answer, ties to the
// first. The headline figure is MTEB's F1 weighted over lines: a line that is found and was answered c times in all has
// precision 1 / c and recall 1.
#include <algorithm>

#include "evaluate/tasks/tasks.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"

namespace isogloss::evaluation {
namespace {

namespace fs = std::filesystem;

// "DIR/tatoeba.deu-eng" stands for the two files beside it that begin so and go on with a dot and a language; those of
// "deu-eng" in that order, else by name.
Result<std::pair<fs::path, fs::path>> sides_of(std::string_view place) {
  const fs::path prefix(place);
  const fs::path folder = prefix.parent_path().empty() ? fs::path(".") : prefix.parent_path();
  const std::string stem = prefix.filename().string() + ".";
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().filename().string().starts_with(stem)) found.push_back(entry.path());
  }
  std::ranges::sort(found);
  if (found.size() != 2) {
    return fail(Code::not_found, "'" + std::string(place) + "' stands for two files, '" + stem +
                                     "LANGUAGE' twice; there are " + std::to_string(found.size()) + ".");
  }
  const std::string second = found[1].extension().string().substr(1);
  if (prefix.filename().string().ends_with(second + "-" + found[0].extension().string().substr(1)))
    std::swap(found[0], found[1]);
  return std::pair(found[0], found[1]);
}

// The nearest row of b for every row of a, in blocks that fit the cache. (a.size)
std::vector<std::size_t> nearest(const heads::Features& a, const heads::Features& b, Context& context) {
  constexpr std::size_t kBlock = 256;
  std::vector<std::size_t> out(a.size());
  std::vector<std::size_t> rows;
  for (std::size_t begin = 0; begin < a.size(); begin += kBlock) {
    rows.clear();
    for (std::size_t i = begin; i < std::min(a.size(), begin + kBlock); ++i) rows.push_back(i);
    math::Matrix cosines(rows.size(), b.size());
    a.pick(rows).products(b, cosines.view(), context);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto row = cosines.row(i);
      out[begin + i] = static_cast<std::size_t>(std::ranges::max_element(row) - row.begin());
    }
  }
  return out;
}

Result<std::vector<EvalFigure>> run(std::string_view model_name, std::string_view place, const EvalOptions& options,
                                    Context& context) {
  const auto [first, second] = IG_TRY(sides_of(place));
  const auto a = IG_TRY(read_texts(first));
  const auto b = IG_TRY(read_texts(second));
  if (a.size() != b.size() || a.empty()) {
    return fail(Code::corrupt_data, "'" + first.string() + "' has " + std::to_string(a.size()) + " lines and '" +
                                        second.string() + "' " + std::to_string(b.size()) +
                                        "; line i of one translates line i of the other.");
  }
  TextModel model = IG_TRY(TextModel::open(model_name, joined(a, b), options, context));
  const heads::Features left = IG_TRY(model.embed(a, Role::none, context)).normalized();
  const heads::Features right = IG_TRY(model.embed(b, Role::none, context)).normalized();
  const std::vector<std::size_t> answers = nearest(left, right, context);
  std::vector<double> answered(b.size()), f1(a.size()), hits(a.size());
  for (const std::size_t answer : answers) ++answered[answer];
  for (std::size_t i = 0; i < a.size(); ++i) {
    hits[i] = answers[i] == i ? 1 : 0;
    f1[i] = hits[i] * 2 / (1 + answered[i]);
  }
  Report report(model_name, fs::path(place).filename().string(), "MTEB: nearest by cosine, F1 weighted over lines");
  report.n = report.of = a.size();
  report.add_mean("f1", f1, options, context);
  report.add_mean("accuracy", hits, options, context);
  report.record["data"] = IG_TRY(data_hash({first, second}));
  model.record(report.record);
  return report.take();
}

}  // namespace

const TaskKind kBitextTask{"bitext", "PREFIX", "bitext mining: PREFIX.xx and PREFIX.yy, line by line; F1", run};

}  // namespace isogloss::evaluation
