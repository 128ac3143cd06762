// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/word_data.hpp"

#include <charconv>
#include <cmath>

#include "core/file.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "evaluate/tasks/text_data.hpp"
#include "evaluate/tasks/text_model.hpp"
#include "evaluate/tasks/times.hpp"
#include "isogloss/family.hpp"
#include "math/vector.hpp"

namespace isogloss::evaluation {
namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 30;

std::unexpected<Error> short_row(std::string_view where, std::size_t number, std::size_t found, std::size_t wanted) {
  return fail(Code::corrupt_data, "'" + std::string(where) + "' line " + std::to_string(number) + " has " +
                                      counted(found, "cell") + ", " + std::to_string(wanted) + " are needed.");
}

Result<Rows> read_table(const std::filesystem::path& path, std::size_t columns, Context& context) {
  const auto data = IG_TRY(open_dataset({&path, 1}, {}, context));
  const std::vector<std::string>& names = data->column_names();
  const std::size_t first = !names.empty() && names[0].empty() ? 1 : 0;
  Rows rows;
  IG_TRY(data->for_each(
      [&](const Record& record) -> Status {
        if (record.columns.size() < first + columns) {
          return short_row(path.string(), rows.size() + 2, record.columns.size(), first + columns);
        }
        auto& row = rows.emplace_back();
        for (const std::string_view cell : record.columns.subspan(first)) row.emplace_back(trim(cell));
        return {};
      },
      context));
  return rows;
}

}  // namespace

Result<Rows> parse_lines(std::string_view content, std::string_view where, std::size_t columns) {
  Rows rows;
  std::size_t number = 0;
  for (const std::string_view raw : split(content, '\n')) {
    ++number;
    const std::string_view line = trim(raw);
    if (line.empty()) continue;
    auto& row = rows.emplace_back();
    const bool tabs = line.find('\t') != std::string_view::npos;
    for (const std::string_view cell : split(line, tabs ? '\t' : ' ')) {
      if (tabs || !cell.empty()) row.emplace_back(trim(cell));
    }
    if (row.size() < columns) return short_row(where, number, row.size(), columns);
  }
  return rows;
}

Result<Rows> read_rows(const std::filesystem::path& path, std::size_t columns, Context& context) {
  const std::string extension = ascii_lower(path.extension().string());
  if (extension == ".csv" || extension == ".tsv") return read_table(path, columns, context);
  return parse_lines(IG_TRY(read_file(path, kMostBytes)), path.string(), columns);
}

std::optional<double> number_in(std::string_view cell) {
  const std::string_view text = trim(cell);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

Result<std::vector<std::string>> parse_string_list(std::string_view text, std::string_view where) {
  const auto broken = [&] {
    return fail(Code::corrupt_data, "'" + std::string(where) + "': '" + std::string(text.substr(0, 60)) +
                                        "' is no list of words as ['a', 'b'].");
  };
  const std::string_view inside = trim(text);
  if (inside.size() < 2 || inside.front() != '[' || inside.back() != ']') return broken();
  std::vector<std::string> out;
  for (std::size_t at = 1; at + 1 < inside.size(); ++at) {
    const char quote = inside[at];
    if (quote == ' ' || quote == ',') continue;
    if (quote != '\'' && quote != '"') return broken();
    std::string word;
    for (++at; at + 1 < inside.size() && inside[at] != quote; ++at) {
      if (inside[at] == '\\' && at + 2 < inside.size()) ++at;
      word += inside[at];
    }
    if (at + 1 >= inside.size()) return broken();
    if (!word.empty()) out.push_back(std::move(word));
  }
  return out;
}

Result<WordVectorsOf> WordVectorsOf::open(std::string_view model, Context& context) {
  const Stopwatch watch;
  WordVectorsOf out;
  out.model_ = IG_TRY(load(model, {}, context));
  out.words_ = out.model_->ability<Vocabulary>();
  if (out.words_ == nullptr || out.words_->word_dimension() == 0) {
    return fail(Code::unsupported, "model '" + std::string(model) +
                                       "' has no vectors of words. This task is for models as word2vec and glove.");
  }
  out.load_seconds_ = watch.seconds();
  return out;
}

void WordVectorsOf::record(std::map<std::string, std::string>& out) const {
  record_model(model_->card(), out);
  out["load seconds"] = std::to_string(load_seconds_);
}

Status WordVectorsOf::record(std::string_view place, std::span<EvalFigure> figures) const {
  const std::string data = IG_TRY(data_hash({std::string(place)}));
  for (EvalFigure& figure : figures) {
    record(figure.record);
    figure.record["data"] = data;
  }
  return {};
}

std::optional<std::size_t> WordVectorsOf::find(std::string_view word) const {
  const auto found = words_->find_word(word);
  return found ? found : find_lower(word);
}

std::optional<std::size_t> WordVectorsOf::find_lower(std::string_view word) const {
  return words_->find_word(to_lower_full(word));
}

std::vector<double> WordVectorsOf::unit(std::size_t index) const {
  std::vector<float> row(words_->word_dimension());
  words_->word_vector(index, row);
  std::vector<double> out(row.begin(), row.end());
  const double length = std::sqrt(math::dot(out, out));
  for (double& x : out) x = length > 0 ? x / length : 0;
  return out;
}

double WordVectorsOf::cosine(std::size_t a, std::size_t b) const { return math::dot(unit(a), unit(b)); }

}  // namespace isogloss::evaluation
