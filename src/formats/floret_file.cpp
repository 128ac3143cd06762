// SPDX-License-Identifier: Apache-2.0
#include "formats/floret_file.hpp"

#include <charconv>
#include <cmath>

#include "core/file.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "formats/word_vector_writer.hpp"

namespace isogloss::formats {
namespace {

constexpr std::size_t kFields = 8;
constexpr std::string_view kSeed = "2166136261";
constexpr std::size_t kCheckEvery = 4096;  // rows between questions whether to go on
constexpr std::int64_t kMostRows = 100'000'000;

template <class T>
bool parse(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

struct Header {
  std::int64_t bucket = 0, dim = 0, minn = 0, maxn = 0, hashes = 0;
  std::string_view seed, begin, end;
};

// The fields of the first line, when it has as many and begins with numbers.
bool parse_header(std::string_view line, Header& out) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  const std::vector<std::string_view> fields = split(line, ' ');
  if (fields.size() != kFields) return false;
  std::int64_t* const numbers[] = {&out.bucket, &out.dim, &out.minn, &out.maxn, &out.hashes};
  for (std::size_t i = 0; i < std::size(numbers); ++i) {
    if (!parse(fields[i], *numbers[i])) return false;
  }
  out.seed = fields[5];
  out.begin = fields[6];
  out.end = fields[7];
  std::uint64_t seed = 0;
  return parse(out.seed, seed);
}

std::string_view first_line(std::string_view text) { return text.substr(0, std::min(text.find('\n'), text.size())); }

class Reader {
 public:
  Reader(std::string_view content, std::string_view where, Context& context)
      : rest_(content), where_(where), context_(context) {}

  Result<FasttextFile> read() {
    FasttextFile file;
    IG_TRY(read_header(file.settings));
    const auto rows = static_cast<std::size_t>(file.settings.bucket);
    const auto dim = static_cast<std::size_t>(file.settings.dim);
    // Two bytes a number at least: no promise of the header takes memory that the file does not fill.
    if (rows > rest_.size() / (2 * dim)) return broken("is cut short: it promises " + counted(rows, "row") + ".");
    std::vector<float> values(rows * dim);
    for (std::size_t i = 0; i < rows; ++i) {
      if (i % kCheckEvery == 0) IG_TRY(context_.check());
      IG_TRY(read_row(i, std::span(values).subspan(i * dim, dim)));
    }
    if (rest_.find_first_not_of(" \r\n") != std::string_view::npos) return broken("goes on behind its last row.");
    file.input = FasttextMatrix::dense(std::move(values), rows, dim);
    file.output.columns = dim;
    IG_TRY(check_fasttext(file, where_));
    return file;
  }

 private:
  std::unexpected<Error> broken(const std::string& what) const {
    return fail(Code::corrupt_data, "'" + std::string(where_) + "' " + what);
  }
  std::string_view next_line() {
    const std::string_view line = first_line(rest_);
    rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
    return line;
  }

  Status read_header(FasttextSettings& settings) {
    Header h;
    if (!parse_header(next_line(), h)) return broken("does not begin as a table of floret.");
    if (h.seed != kSeed || h.begin != "<" || h.end != ">") {
      return fail(Code::unsupported, "'" + std::string(where_) + "' has the seed " + std::string(h.seed) +
                                         " and marks words by '" + std::string(h.begin) + "' and '" +
                                         std::string(h.end) + "'; " + std::string(kSeed) + ", '<' and '>' are read.");
    }
    if (h.bucket < 1 || h.bucket > kMostRows || h.dim < 1 || h.dim > 65536 || h.minn < 0 || h.maxn < 0 ||
        h.maxn > 1000 || h.hashes < 1 || h.hashes > 4) {
      return broken("promises what no table has: " + std::to_string(h.bucket) + " rows, " + std::to_string(h.dim) +
                    " columns, letters " + std::to_string(h.minn) + " to " + std::to_string(h.maxn) + ", " +
                    std::to_string(h.hashes) + " hashes.");
    }
    settings.bucket = static_cast<std::int32_t>(h.bucket);
    settings.dim = static_cast<std::int32_t>(h.dim);
    settings.minn = static_cast<std::int32_t>(h.minn);
    settings.maxn = static_cast<std::int32_t>(h.maxn);
    settings.hashes = static_cast<std::int32_t>(h.hashes);
    return {};
  }

  Status read_row(std::size_t number, std::span<float> row) {
    std::string_view line = next_line();
    const auto field = [&] {
      const std::string_view out = line.substr(0, std::min(line.find(' '), line.size()));
      line.remove_prefix(std::min(out.size() + 1, line.size()));
      return out;
    };
    std::size_t index = 0;
    if (!parse(field(), index) || index != number)
      return broken("has no row " + std::to_string(number) + " in its place.");
    for (float& x : row) {
      if (!parse(field(), x) || !std::isfinite(x)) {
        return broken("has " + counted(row.size(), "number") + " a row, but not in row " + std::to_string(number) +
                      ".");
      }
    }
    if (line.empty() || line == "\r") return {};
    return broken("has too many numbers in row " + std::to_string(number) + ".");
  }

  std::string_view rest_;
  std::string_view where_;
  Context& context_;
};

}  // namespace

bool recognise_floret(std::string_view head) {
  Header header;
  return parse_header(first_line(head), header);
}

Result<FasttextFile> parse_floret(std::string_view content, std::string_view where, Context& context) {
  return Reader(content, where, context).read();
}

Result<FasttextFile> read_floret(const std::filesystem::path& path, Context& context) {
  const std::string content = IG_TRY(read_unpacked(path, SIZE_MAX));
  return parse_floret(content, path.string(), context);
}

Status write_floret_file(const FasttextFile& file, const std::filesystem::path& path) {
  const FasttextSettings& s = file.settings;
  AtomicFile out = IG_TRY(AtomicFile::create(path));
  std::string line;
  for (const std::int32_t value : {s.bucket, s.dim, s.minn, s.maxn, s.hashes}) line += std::to_string(value) + " ";
  line += std::string(kSeed) + " < >\n";
  for (std::size_t i = 0; i < file.input.rows; ++i) {
    IG_TRY(out.write(line));
    line.clear();
    append_word_row(std::to_string(i), file.input.values.subspan(i * file.input.columns, file.input.columns),
                    {.digits = 5, .significant = true}, line);
  }
  IG_TRY(out.write(line));
  return out.commit();
}

}  // namespace isogloss::formats
