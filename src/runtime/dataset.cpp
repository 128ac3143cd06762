// SPDX-License-Identifier: Apache-2.0
// Files as a Dataset. Line-based files (text, JSON lines) are cut into blocks of about 4 MB at line feeds and read block
// by block, so a corpus may be larger than memory; a CSV or TSV file, whose rows may span lines, is one block, and so is a
// packed file (gzip, xz, zstd), whose lines are unpacked piece by piece each time it is read.
// Text lines end at LF (a CR before it goes); blank lines are records.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "core/utf8.hpp"
#include "input/charset.hpp"
#include "input/csv.hpp"
#include "isogloss/family.hpp"

namespace isogloss {
namespace {

constexpr std::uint64_t kBlockBytes = std::uint64_t{4} << 20;
constexpr std::size_t kLookedAt = 65536;                         // bytes that tell text from noise
constexpr std::size_t kMaxLine = std::size_t{256} << 20;        // of a packed file
constexpr std::string_view kLabelMark = "__label__";
constexpr std::array<std::string_view, 6> kUsualLabels{"label", "category", "class", "intent", "sentiment", "target"};
constexpr std::size_t kMaxPackedTable = std::size_t{1} << 30;  // a table is read whole

enum class Layout { lines, json_lines, csv, tsv };

struct SourceFile {
  std::filesystem::path path;
  Layout layout = Layout::lines;
  std::uint64_t size = 0;  // on the disk
  Packing packing = Packing::none;
};

struct Block {
  std::size_t file = 0;
  std::uint64_t begin = 0, end = 0;
  std::size_t first_line = 0;  // counted while reading when 0
};

Layout layout_of(const std::filesystem::path& path) {
  const std::string extension = ascii_lower(std::filesystem::path(without_packing(path.string())).extension().string());
  if (extension == ".csv") return Layout::csv;
  if (extension == ".tsv" || extension == ".tab") return Layout::tsv;
  return extension == ".jsonl" || extension == ".ndjson" ? Layout::json_lines : Layout::lines;
}

Result<std::string> read_range(const std::filesystem::path& path, std::uint64_t begin, std::uint64_t end) {
  const FileHandle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return fail(file_error("open", path));
  std::string out(static_cast<std::size_t>(end - begin), '\0');
  std::size_t used = 0;
  while (used < out.size()) {
    const ssize_t n = ::pread(file.get(), out.data() + used, out.size() - used, static_cast<off_t>(begin + used));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(file_error("read", path));
    if (n == 0) return fail(Code::io, "'" + path.string() + "' became shorter while it was read.");
    used += static_cast<std::size_t>(n);
  }
  return out;
}

// Offset behind the first line feed at or after `from`, or the file's end.
Result<std::uint64_t> next_line(const SourceFile& file, std::uint64_t from) {
  for (std::uint64_t at = from; at < file.size;) {
    const std::uint64_t end = std::min(file.size, at + 65536);
    const std::string part = IG_TRY(read_range(file.path, at, end));
    const std::size_t feed = part.find('\n');
    if (feed != std::string::npos) return at + feed + 1;
    at = end;
  }
  return file.size;
}

// By the start of the file: training would not notice that it learns from noise.
Status check_text(const std::filesystem::path& path, UnpackedReader& reader, Context& context) {
  std::string head(kLookedAt, '\0');
  head.resize(IG_TRY(reader.read(head)));
  if (input::needs_charset_detection(head)) {
    context.say(LogLevel::warning, "'" + path.string() +
                                       "' is no UTF-8: what is not becomes U+FFFD. Convert it: iconv -f CHARSET -t UTF-8");
  }
  const auto decoded = input::decode_text(path.string(), std::move(head));
  if (!decoded) {
    return fail(Code::invalid_argument, decoded.error().message + " Training reads text, CSV, TSV and JSON lines, packed or not.");
  }
  for (const std::string& note : decoded->notes) {
    if (!note.starts_with("converted")) continue;
    return fail(Code::invalid_argument, "'" + path.string() + "' is UTF-16 or UTF-32. Convert it: iconv -f UTF-16 -t UTF-8");
  }
  return {};
}

class FileDataset final : public Dataset {
 public:
  static Result<std::unique_ptr<Dataset>> open(std::span<const std::filesystem::path> paths,
                                               const DatasetOptions& options, Context& context) {
    auto data = std::make_unique<FileDataset>();
    data->options_ = options;
    for (const auto& path : paths) {
      IG_TRY(context.check());
      const FileStamp stamp = IG_TRY(stat_file(path));
      if (std::filesystem::is_directory(path)) {
        return fail(Code::invalid_argument, "'" + path.string() + "' is a folder; give files.");
      }
      UnpackedReader reader = IG_TRY(UnpackedReader::open(path));
      IG_TRY(check_text(path, reader, context));
      data->files_.push_back({path, layout_of(path), stamp.size, reader.packing()});
      data->description_ += (data->description_.empty() ? "" : ", ") + path.filename().string();
      IG_TRY(data->add_blocks(data->files_.size() - 1));
    }
    if (paths.empty()) return fail(Code::invalid_argument, "no training file was given.");
    IG_TRY(data->read_columns());
    return data;
  }

  const std::vector<std::string>& column_names() const override { return columns_; }
  std::size_t blocks() const override { return std::max<std::size_t>(1, blocks_.size()); }
  std::string description() const override { return description_; }

  Status read_block(std::size_t index, const RecordSink& sink, Context& context) const override {
    IG_TRY(context.check());
    if (blocks_.empty()) return {};
    const Block& block = blocks_[index];
    const SourceFile& file = files_[block.file];
    if (file.packing != Packing::none && !is_table(file)) return read_packed_lines(file, sink, context);
    return take(file, block, IG_TRY(content_of(file, block)), sink);
  }

 private:
  static bool is_table(const SourceFile& file) { return file.layout == Layout::csv || file.layout == Layout::tsv; }

  static Result<std::string> content_of(const SourceFile& file, const Block& block) {
    if (file.packing != Packing::none) return read_unpacked(file.path, kMaxPackedTable);
    return read_range(file.path, block.begin, block.end);
  }

  // Pieces of about the size of a block that end with a line, so that memory does not grow with the file.
  Status read_packed_lines(const SourceFile& file, const RecordSink& sink, Context& context) const {
    UnpackedReader reader = IG_TRY(UnpackedReader::open(file.path));
    Block piece{0, 0, 0, 1};
    std::string text;
    for (std::size_t held = 0;;) {
      IG_TRY(context.check());
      text.resize(held + kBlockBytes);
      const std::size_t n = IG_TRY(reader.read({text.data() + held, kBlockBytes}));
      text.resize(held + n);
      const bool last = n < kBlockBytes;
      const std::size_t feed = text.rfind('\n');
      const std::size_t end = last ? text.size() : feed == std::string::npos ? 0 : feed + 1;
      if (end > 0) IG_TRY(take(file, piece, text.substr(0, end), sink));
      if (last) return {};
      if (end > 0) piece = {0, piece.begin + end, 0, 0};
      text.erase(0, end);
      held = text.size();
      if (held > kMaxLine) {
        return fail(Code::too_long, "'" + file.path.string() + "' has a line of more than " +
                                        human_bytes(static_cast<double>(kMaxLine)) + ".");
      }
    }
  }

  Status take(const SourceFile& file, const Block& block, std::string text, const RecordSink& sink) const {
    if (!utf8_valid(text)) text = utf8_repair(text);
    switch (file.layout) {
      case Layout::lines: return read_lines(file, block, text, sink);
      case Layout::json_lines: return read_json_lines(file, block, text, sink);
      case Layout::csv: return read_rows(file, text, ',', sink);
      case Layout::tsv: return read_rows(file, text, '\t', sink);
    }
    return {};
  }

  Status add_blocks(std::size_t index) {
    const SourceFile& file = files_[index];
    const bool whole = is_table(file) || file.packing != Packing::none;
    for (std::uint64_t begin = 0; begin < file.size;) {
      const std::uint64_t end = whole ? file.size : IG_TRY(next_line(file, std::min(file.size, begin + kBlockBytes)));
      blocks_.push_back({index, begin, end, begin == 0 ? std::size_t{1} : 0});
      begin = end;
    }
    return {};
  }

  // Columns are those of the first table; lines have none.
  Status read_columns() {
    for (const SourceFile& file : files_) {
      if (!is_table(file)) continue;
      const std::string text = IG_TRY(content_of(file, {0, 0, file.size, 1}));
      columns_ = IG_TRY(input::CsvTable::open(file.path.string(), text, file.layout == Layout::csv ? ',' : '\t')).columns();
      return {};
    }
    return {};
  }

  Status read_lines(const SourceFile& file, const Block& block, std::string_view text, const RecordSink& sink) const {
    std::size_t number = 0;
    if (text.ends_with('\n')) text.remove_suffix(1);
    for (std::size_t begin = 0; begin <= text.size();) {
      std::size_t end = text.find('\n', begin);
      if (end == std::string_view::npos) end = text.size();
      std::string_view line = text.substr(begin, end - begin);
      if (line.ends_with('\r')) line.remove_suffix(1);
      Record record;
      record.text = line;
      ++number;
      if (options_.labelled && trim(line).empty()) {
        begin = end + 1;
        continue;
      }
      if (options_.labelled) IG_TRY(take_label(record, place_of(file, block, number)));
      IG_TRY(sink(record));
      begin = end + 1;
    }
    return {};
  }

  // "__label__spam text" and "spam text": what stands before the first blank or tab.
  static Status take_label(Record& record, const std::string& where) {
    const std::string_view line = trim(record.text);
    const std::size_t end = line.find_first_of(" \t");
    record.label = line.substr(0, end);
    if (record.label.starts_with(kLabelMark)) record.label.remove_prefix(kLabelMark.size());
    record.text = end == std::string_view::npos ? std::string_view() : trim(line.substr(end));
    if (record.label.empty() || record.text.empty()) {
      return fail(Code::corrupt_data, where + " is no label and a text: '" + shortened(line, 40) + "'.");
    }
    return {};
  }

  static std::string place_of(const SourceFile& file, const Block& block, std::size_t number) {
    return "'" + file.path.string() + "' line " + std::to_string(number) +
           (block.first_line == 1 ? "" : " after byte " + std::to_string(block.begin));
  }

  // The name of the field that holds the label among those of a table or an object.
  Result<std::string> label_name(std::span<const std::string> names, const std::string& where) const {
    const auto has = [&](std::string_view wanted) { return std::ranges::find(names, wanted) != names.end(); };
    if (!options_.label_field.empty() && has(options_.label_field)) return options_.label_field;
    for (const std::string_view usual : kUsualLabels) {
      if (options_.label_field.empty() && has(usual)) return std::string(usual);
    }
    std::string all;
    for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
    return fail(Code::invalid_argument, where + " has no field '" +
                                            (options_.label_field.empty() ? "label" : options_.label_field) +
                                            "'. It has: " + shortened(all, 200) +
                                            ". Name the one with the labels: --label-field NAME");
  }

  bool is_text(std::string_view name) const {
    if (options_.text_fields.empty()) return name == "title" || name == "text";
    return std::find(options_.text_fields.begin(), options_.text_fields.end(), name) != options_.text_fields.end();
  }
  bool is_label(std::string_view name) const {
    return options_.label_field.empty() ? name == "label" : name == options_.label_field;
  }
  bool is_id(std::string_view name) const {
    return options_.id_field.empty() ? name == "id" || name == "_id" : name == options_.id_field;
  }

  Status read_json_lines(const SourceFile& file, const Block& block, std::string_view content,
                         const RecordSink& sink) const {
    std::size_t number = 0;
    for (const std::string_view line : split(content, '\n')) {
      ++number;
      if (trim(line).empty()) continue;
      const std::string where = place_of(file, block, number);
      const Json json = IG_TRY(Json::parse(line, where));
      std::string text, label, id;
      std::string of_label;
      if (options_.labelled) {
        std::vector<std::string> names;
        for (const auto& member : json.as_object()) names.push_back(member.first);
        of_label = IG_TRY(label_name(names, where));
      }
      for (const auto& [name, value] : json.as_object()) {
        if (is_text(name)) text += (text.empty() ? "" : "\n") + value.as_text();
        if (options_.labelled ? name == of_label : is_label(name)) label = value.as_text();
        if (is_id(name)) id = value.as_text();
      }
      Record record;
      record.id = id;
      record.text = text;
      record.label = label;
      IG_TRY(sink(record));
    }
    return {};
  }

  Status read_rows(const SourceFile& file, std::string_view content, char separator, const RecordSink& sink) const {
    const std::string path = file.path.string();
    input::CsvTable table = IG_TRY(input::CsvTable::open(path, content, separator));
    const std::vector<std::string>& names = table.columns();
    const bool has_text = std::any_of(names.begin(), names.end(), [&](const auto& n) { return is_text(n); });
    const std::string of_label = options_.labelled ? IG_TRY(label_name(names, "'" + path + "'")) : std::string();
    const auto holds_label = [&](const std::string& name) { return options_.labelled ? name == of_label : is_label(name); };
    std::vector<std::string> cells;
    std::vector<std::string_view> columns;
    while (IG_TRY(table.next(cells))) {
      cells.resize(names.size());
      std::string text;
      Record record;
      for (std::size_t i = 0; i < names.size(); ++i) {
        const bool part = has_text ? is_text(names[i]) : !holds_label(names[i]) && !is_id(names[i]);
        if (part && !cells[i].empty()) text += (text.empty() ? "" : "\n") + cells[i];
        if (holds_label(names[i])) record.label = cells[i];
        if (is_id(names[i])) record.id = cells[i];
      }
      columns.assign(cells.begin(), cells.end());
      record.text = text;
      record.columns = columns;
      IG_TRY(sink(record));
    }
    return {};
  }

  DatasetOptions options_;
  std::vector<SourceFile> files_;
  std::vector<Block> blocks_;
  std::vector<std::string> columns_;
  std::string description_;
};

}  // namespace

Result<std::unique_ptr<Dataset>> open_dataset(std::span<const std::filesystem::path> files,
                                              const DatasetOptions& options, Context& context) {
  return guard([&] { return FileDataset::open(files, options, context); });
}

}  // namespace isogloss
