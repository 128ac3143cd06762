// SPDX-License-Identifier: Apache-2.0
#include "evaluate/tasks/text_data.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "core/file.hpp"
#include "core/hash.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "evaluate/tasks/word_data.hpp"
#include "isogloss/family.hpp"

namespace isogloss::evaluation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{1} << 30;
constexpr std::size_t kHashDigits = 16;

// Names of columns that people give to pairs, in lower case.
constexpr std::array<std::string_view, 11> kFirst{"sentence1", "sentence_a", "sent1",     "text1", "text_a",    "s1",
                                                  "question1", "premise",    "#1 string", "query", "sentence_1"};
constexpr std::array<std::string_view, 11> kSecond{"sentence2", "sentence_b", "sent2",     "text2",
                                                   "text_b",    "s2",         "question2", "hypothesis",
                                                   "#2 string", "document",   "sentence_2"};
constexpr std::array<std::string_view, 10> kScore{
    "score", "similarity_score", "similarity", "relatedness_score", "gold",
    "label", "labels",           "quality",    "is_duplicate",      "relevance"};

// Rows of cells; names are those of a header, in lower case, or empty.
struct Cells {
  std::vector<std::string> names;
  Rows rows;
};

bool is_name(std::string_view cell) {
  const auto in = [&](auto names) { return std::ranges::find(names, cell) != names.end(); };
  return in(kFirst) || in(kSecond) || in(kScore);
}

// The first row is a header when one of its cells is a name that this version knows.
void take_header(Cells& cells) {
  if (cells.rows.empty()) return;
  std::vector<std::string> names;
  for (const std::string& cell : cells.rows[0]) names.push_back(ascii_lower(trim(cell)));
  if (std::ranges::none_of(names, is_name)) return;
  cells.names = std::move(names);
  cells.rows.erase(cells.rows.begin());
}

Result<Cells> read_json_lines(const fs::path& path, std::string_view content) {
  Cells out;
  IG_TRY(each_json_line(content, path.string(), [&](const Json& json, const std::string&) -> Status {
    if (out.names.empty()) {
      for (const auto& member : json.as_object()) out.names.push_back(ascii_lower(member.first));
    }
    std::vector<std::string> row(out.names.size());
    for (const auto& [name, value] : json.as_object()) {
      const auto at = std::ranges::find(out.names, ascii_lower(name));
      if (at != out.names.end()) row[static_cast<std::size_t>(at - out.names.begin())] = value.as_text();
    }
    out.rows.push_back(std::move(row));
    return {};
  }));
  return out;
}

// Cells between tabs may begin with a quotation mark of the text's own, so none is read as CSV's.
Cells read_tabs(std::string_view content) {
  Cells out;
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  for (std::string_view line : split(content, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (trim(line).empty()) continue;
    auto& row = out.rows.emplace_back();
    for (const std::string_view cell : split(line, '\t')) row.emplace_back(cell);
  }
  take_header(out);
  return out;
}

Result<Cells> read_csv(const fs::path& path, Context& context) {
  const auto data = IG_TRY(open_dataset({&path, 1}, {}, context));
  Cells out;
  out.rows.push_back(data->column_names());
  IG_TRY(data->for_each(
      [&](const Record& record) -> Status {
        out.rows.emplace_back(record.columns.begin(), record.columns.end());
        return {};
      },
      context));
  take_header(out);
  return out;
}

Result<Cells> read_cells(const fs::path& path, Context& context) {
  const std::string extension = ascii_lower(fs::path(without_packing(path.string())).extension().string());
  if (extension == ".csv") return read_csv(path, context);
  const std::string content = IG_TRY(read_unpacked(path, kMostBytes));
  return extension == ".jsonl" || extension == ".ndjson" ? read_json_lines(path, content) : read_tabs(content);
}

struct PairColumns {
  std::size_t a = 0, b = 0, score = 0;
};

std::optional<std::size_t> column_of(const Cells& cells, std::span<const std::string_view> names) {
  for (const std::string_view name : names) {
    const auto at = std::ranges::find(cells.names, name);
    if (at != cells.names.end()) return static_cast<std::size_t>(at - cells.names.begin());
  }
  return std::nullopt;
}

// Without a header: two columns that are not all numbers, and one that is.
std::optional<PairColumns> columns_by_content(const Cells& cells) {
  std::size_t width = SIZE_MAX;
  for (const auto& row : cells.rows) width = std::min(width, row.size());
  std::vector<std::size_t> texts, numbers;
  for (std::size_t c = 0; c < width; ++c) {
    const bool numeric = std::ranges::all_of(
        cells.rows, [&](const auto& row) { return trim(row[c]).empty() || number_in(row[c]).has_value(); });
    (numeric ? numbers : texts).push_back(c);
  }
  if (texts.size() != 2 || numbers.size() != 1) return std::nullopt;
  return PairColumns{texts[0], texts[1], numbers[0]};
}

Result<PairColumns> pair_columns(const Cells& cells, const fs::path& path) {
  const auto a = column_of(cells, kFirst), b = column_of(cells, kSecond), score = column_of(cells, kScore);
  if (a && b && score) return PairColumns{*a, *b, *score};
  if (cells.names.empty()) {
    if (const auto found = columns_by_content(cells)) return *found;
  }
  return fail(Code::corrupt_data, "'" + path.string() +
                                      "' has no two columns of text and one of numbers. Name them in a first line: "
                                      "sentence1, sentence2, score");
}

}  // namespace

Result<std::vector<fs::path>> files_of(std::string_view place, const std::string& split_name) {
  std::error_code error;
  if (!fs::exists(place, error) && place.find('+') != std::string_view::npos) {
    std::vector<fs::path> out;
    for (const std::string_view part : split(place, '+')) {
      for (fs::path& file : IG_TRY(files_of(part, split_name))) out.push_back(std::move(file));
    }
    return out;
  }
  if (!fs::is_directory(place, error)) {
    if (fs::exists(place, error)) return std::vector{fs::path(place)};
    return fail(Code::not_found, "There is no file or folder '" + std::string(place) + "'.");
  }
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(place, error)) {
    const std::string name = entry.path().filename().string();
    const std::string stem = fs::path(without_packing(name)).stem().string();
    const std::string extension = fs::path(without_packing(name)).extension().string();
    if (extension != ".tsv" && extension != ".csv" && extension != ".jsonl") continue;
    if (stem == split_name || stem.ends_with("." + split_name) || stem.ends_with("-" + split_name) ||
        stem.ends_with("_" + split_name)) {
      out.push_back(entry.path());
    }
  }
  std::ranges::sort(out);
  if (!out.empty()) return out;
  return fail(Code::not_found, "The folder '" + std::string(place) +
                                   "' has no table (.tsv, .csv, .jsonl) of the split '" + split_name +
                                   "'. Name another with --split, or a file.");
}

std::string task_name(std::string_view place) {
  const fs::path path(split(place, '+')[0]);
  const fs::path last = path.filename().empty() ? path.parent_path().filename() : path.filename();
  return fs::path(without_packing(last.string())).stem().string();
}

Result<std::string> data_hash(const std::vector<fs::path>& files) {
  Sha256 hash;
  for (const fs::path& file : files) {
    IG_TRY(read_pieces(file, [&](std::string_view bytes) -> Status {
      hash.update(bytes);
      return {};
    }));
  }
  return hash.hex().substr(0, kHashDigits);
}

Result<TextPairs> read_text_pairs(std::string_view place, const std::string& split_name, Context& context) {
  const std::vector<fs::path> files = IG_TRY(files_of(place, split_name));
  TextPairs out;
  for (const fs::path& file : files) {
    const Cells cells = IG_TRY(read_cells(file, context));
    if (cells.rows.empty()) return fail(Code::corrupt_data, "'" + file.string() + "' has no pair in it.");
    const PairColumns columns = IG_TRY(pair_columns(cells, file));
    for (const auto& row : cells.rows) {
      ++out.rows;
      if (row.size() <= std::max({columns.a, columns.b, columns.score})) {
        return fail(Code::corrupt_data, "'" + file.string() + "' pair " + std::to_string(out.rows) + " has " +
                                            counted(row.size(), "cell") + ": a text is missing.");
      }
      if (trim(row[columns.score]).empty()) continue;
      const auto score = number_in(row[columns.score]);
      if (!score) {
        return fail(Code::corrupt_data, "'" + file.string() + "' pair " + std::to_string(out.rows) + ": '" +
                                            shortened(row[columns.score], 40) + "' is no number.");
      }
      out.a.emplace_back(trim(row[columns.a]));
      out.b.emplace_back(trim(row[columns.b]));
      out.scores.push_back(*score);
    }
  }
  if (out.scores.empty()) return fail(Code::corrupt_data, "'" + std::string(place) + "' has no pair with a score.");
  out.data = IG_TRY(data_hash(files));
  return out;
}

std::vector<std::string> joined(std::span<const std::string> a, std::span<const std::string> b) {
  std::vector<std::string> out(a.begin(), a.end());
  out.insert(out.end(), b.begin(), b.end());
  return out;
}

Result<LabelledTexts> read_labelled(const fs::path& file, const EvalOptions& options, Context& context) {
  DatasetOptions form;
  form.labelled = true;
  form.label_field = options.label_field;
  const auto data = IG_TRY(open_dataset({&file, 1}, form, context));
  LabelledTexts out;
  IG_TRY(data->for_each(
      [&](const Record& record) -> Status {
        out.texts.emplace_back(record.text);
        out.labels.emplace_back(record.label);
        return {};
      },
      context));
  if (out.texts.empty()) return fail(Code::corrupt_data, "'" + file.string() + "' has no labelled text in it.");
  return out;
}

Result<fs::path> file_called(const fs::path& folder, const std::string& stem) {
  std::vector<fs::path> found;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string full = entry.path().filename().string();
    const std::string name(without_packing(full));
    const std::string whole = fs::path(name).stem().string();
    const bool fits = name == stem || whole == stem || name.ends_with("." + stem) || whole.ends_with("." + stem) ||
                      whole.ends_with("-" + stem) || whole.ends_with("_" + stem);
    if (fits && entry.is_regular_file()) found.push_back(entry.path());
  }
  if (found.size() == 1) return found[0];
  return fail(Code::not_found, "The folder '" + folder.string() + "' has " +
                                   (found.empty() ? "no file" : std::to_string(found.size()) + " files") + " called '" +
                                   stem + "'; one is needed, as " + stem + ".csv or " + stem + ".jsonl.");
}

Result<std::vector<std::string>> read_texts(const fs::path& file) {
  const std::string content = IG_TRY(read_unpacked(file, kMostBytes));
  std::vector<std::string> out;
  for (std::string_view line : split(content, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    out.emplace_back(line);
  }
  if (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

}  // namespace isogloss::evaluation
