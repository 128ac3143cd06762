// SPDX-License-Identifier: Apache-2.0
#include "formats/word_vectors.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "core/file.hpp"
#include "core/npy.hpp"
#include "core/unpack.hpp"
#include "formats/word_vector_writer.hpp"

namespace isogloss::formats {
namespace {

constexpr std::size_t kMostDim = 65536;
constexpr std::size_t kHead = 65536;  // bytes looked at to recognise a file
constexpr std::size_t kLongestWord = 65536;
constexpr std::size_t kCheckEvery = 4096;  // rows between questions whether to go on

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && (is_blank(line.back()) || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

bool parse_count(std::string_view text, std::size_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

// "V d": the number of words and of columns.
bool parse_header(std::string_view line, std::size_t& words, std::size_t& dim) {
  line = trimmed(line);
  const std::size_t blank = line.find(' ');
  return blank != std::string_view::npos && parse_count(line.substr(0, blank), words) &&
         parse_count(line.substr(blank + 1), dim) && dim > 0 && dim <= kMostDim;
}

bool parse_number(std::string_view text, float& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (end != text.data() + text.size()) return false;
  if (error == std::errc::result_out_of_range) {
    out = 0;  // 1e-60: GloVe's doubles; an overflow is caught as not finite by its exponent
    return text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos;
  }
  return error == std::errc();
}

// How many numbers stand at the end of a line behind its first word.
std::size_t numbers_behind_word(std::string_view line) {
  line = trimmed(line);
  std::size_t count = 0;
  for (std::size_t end = line.size(); end > 0;) {
    std::size_t begin = end;
    while (begin > 0 && !is_blank(line[begin - 1])) --begin;
    float number = 0;
    if (begin == 0 || !parse_number(line.substr(begin, end - begin), number)) break;
    ++count;
    end = begin - 1;
    while (end > 0 && is_blank(line[end - 1])) --end;
  }
  return count;
}

class Reader {
 public:
  Reader(std::string_view content, std::string_view where, Context& context)
      : content_(content), where_(where), context_(context) {}

  Result<WordVectors> read() {
    out_.layout = recognise_word_vectors(content_.substr(0, kHead), content_.size() <= kHead);
    if (out_.layout == WordVectorLayout::none || out_.layout == WordVectorLayout::numpy) {
      return fail(Code::unsupported, "'" + std::string(where_) +
                                         "' is no file of word vectors: neither a line 'words columns' "
                                         "followed by vectors nor lines of a word and its numbers.");
    }
    if (out_.layout != WordVectorLayout::glove) {
      const std::size_t end = content_.find('\n');
      (void)parse_header(content_.substr(0, end), promised_, out_.dim);
      at_ = end + 1;
      line_ = 2;
    } else {
      out_.dim = numbers_behind_word(content_.substr(0, content_.find('\n')));
    }
    IG_TRY(out_.layout == WordVectorLayout::binary ? read_binary() : read_text());
    if (out_.words.size() == 0) return fail(Code::corrupt_data, "'" + std::string(where_) + "' holds no word.");
    return std::move(out_);
  }

 private:
  std::unexpected<Error> broken(const std::string& what) const {
    return fail(Code::corrupt_data, "'" + std::string(where_) + "', " + what);
  }

  // The place of the word's row; null when the word was there before.
  float* add_word(std::string_view word) {
    const auto [found, fresh] = seen_.try_emplace(std::hash<std::string_view>()(word), out_.words.size());
    if (!fresh && out_.words[found->second] == word) {
      ++out_.repeated;
      return nullptr;
    }
    out_.words.add(word);
    out_.rows.resize(out_.rows.size() + out_.dim);
    return out_.rows.data() + out_.rows.size() - out_.dim;
  }

  void reserve(std::size_t bytes_a_row) {
    const std::size_t rows = std::min(promised_ != 0 ? promised_ : SIZE_MAX, content_.size() / bytes_a_row + 1);
    out_.rows.reserve(rows * out_.dim);
    out_.words.reserve(rows, rows * 8);
  }

  Status read_text() {
    reserve(2 * out_.dim + 2);
    std::size_t rows = 0;
    for (; at_ < content_.size(); ++line_) {
      if (++rows % kCheckEvery == 0) IG_TRY(tell(rows));
      const std::size_t end = std::min(content_.find('\n', at_), content_.size());
      const std::string_view line = trimmed(content_.substr(at_, end - at_));
      at_ = end + 1;
      if (line.empty()) continue;
      IG_TRY(read_line(line));
    }
    return check_promise();
  }

  Status read_line(std::string_view line) {
    const std::string place = "line " + std::to_string(line_) + ": ";
    // The last dim fields are numbers; what stands before is the word.
    std::size_t end = line.size();
    fields_.clear();
    while (fields_.size() < out_.dim && end > 0) {
      std::size_t begin = end;
      while (begin > 0 && !is_blank(line[begin - 1])) --begin;
      if (begin == 0) break;
      fields_.push_back(line.substr(begin, end - begin));
      end = begin - 1;
      while (end > 0 && is_blank(line[end - 1])) --end;
    }
    const std::string_view word = line.substr(0, end);
    if (fields_.size() < out_.dim || (word.empty() && end == 0 && !is_blank(line[0]))) {
      return broken(place + "has " + std::to_string(fields_.size()) + " numbers, " + std::to_string(out_.dim) +
                    " are needed.");
    }
    scratch_.resize(out_.dim);
    for (std::size_t i = 0; i < out_.dim; ++i) {
      const std::string_view field = fields_[out_.dim - 1 - i];
      if (!parse_number(field, scratch_[i]) || !std::isfinite(scratch_[i])) {
        return broken(place + "'" + std::string(field.substr(0, 40)) + "' of the word '" +
                      std::string(word.substr(0, 40)) + "' is not a finite number.");
      }
    }
    if (float* row = add_word(word)) std::ranges::copy(scratch_, row);
    return {};
  }

  Status read_binary() {
    reserve(4 * out_.dim + 2);
    const std::size_t bytes = out_.dim * sizeof(float);
    std::size_t count = 0;
    for (; count < promised_; ++count) {
      if (count % kCheckEvery == 0) IG_TRY(tell(count));
      while (at_ < content_.size() && content_[at_] == '\n') ++at_;
      const std::size_t end = content_.find(' ', at_);
      if (end == std::string_view::npos || end - at_ > kLongestWord || content_.size() - end - 1 < bytes) break;
      const std::string_view word = content_.substr(at_, end - at_);
      scratch_.resize(out_.dim);
      std::memcpy(scratch_.data(), content_.data() + end + 1, bytes);
      at_ = end + 1 + bytes;
      if (!std::ranges::all_of(scratch_, [](float x) { return std::isfinite(x); })) {
        return broken("word " + std::to_string(count + 1) + " ('" + std::string(word.substr(0, 40)) +
                      "') has a number that is not finite.");
      }
      if (float* row = add_word(word)) std::ranges::copy(scratch_, row);
    }
    return check_promise();
  }

  // Fewer words than promised are a loss; more are none.
  Status check_promise() const {
    const std::size_t found = out_.words.size() + out_.repeated;
    const std::string promise = "the first line promises " + std::to_string(promised_) + " words of " +
                                std::to_string(out_.dim) + " numbers, the file holds " + std::to_string(found);
    if (found < promised_) return broken(promise + ". It is cut short, or not what it says.");
    if (found > promised_ && promised_ != 0) {
      context_.say(LogLevel::warning, "'" + std::string(where_) + "': " + promise + "; all are read.");
    }
    return {};
  }

  Status tell(std::size_t rows) {
    context_.report({"read", "words", static_cast<double>(rows), static_cast<double>(promised_), 0});
    return context_.check();
  }

  std::string_view content_;
  std::string_view where_;
  Context& context_;
  WordVectors out_;
  std::size_t promised_ = 0;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
  std::vector<std::string_view> fields_;
  std::vector<float> scratch_;
  std::unordered_map<std::uint64_t, std::size_t> seen_;  // hash of a word -> its row
};

// A matrix and the words beside it.
Result<WordVectors> read_numpy(std::string_view content, const std::filesystem::path& path) {
  NpyMatrix matrix = IG_TRY(parse_npy_matrix(content, path.string()));
  std::filesystem::path names = path;
  names.replace_extension(".vocabulary.txt");
  const auto text = read_file(names);
  if (!text) {
    return fail(text.error().code,
                text.error().message + " A matrix of word vectors needs its words there, a line each.");
  }
  WordVectors out;
  out.layout = WordVectorLayout::numpy;
  out.dim = matrix.columns;
  std::unordered_set<std::string_view> seen;
  std::string_view rest = *text;
  std::size_t row = 0;
  for (; !rest.empty(); ++row) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (row >= matrix.rows) continue;  // counted
    const std::span<const float> numbers(matrix.values.data() + row * out.dim, out.dim);
    if (!std::ranges::all_of(numbers, [](float x) { return std::isfinite(x); })) {
      return fail(Code::corrupt_data, "'" + path.string() + "': row " + std::to_string(row) + " ('" +
                                          std::string(word) + "') has a number that is not finite.");
    }
    if (!seen.insert(word).second) {
      ++out.repeated;
      continue;
    }
    out.words.add(word);
    out.rows.insert(out.rows.end(), numbers.begin(), numbers.end());
  }
  if (row == matrix.rows && row > 0 && out.dim > 0 && out.dim <= kMostDim) return out;
  return fail(Code::corrupt_data, "'" + path.string() + "' has " + std::to_string(matrix.rows) + " rows of " +
                                      std::to_string(out.dim) + " numbers, '" + names.string() + "' " +
                                      std::to_string(row) + " words.");
}

}  // namespace

WordVectorLayout recognise_word_vectors(std::string_view head, bool whole) {
  if (head.starts_with(kNpyMagic)) return WordVectorLayout::numpy;
  const std::size_t end = head.find('\n');
  if (end == std::string_view::npos) return WordVectorLayout::none;
  const std::string_view first = head.substr(0, end);
  const std::string_view rest = head.substr(end + 1);
  std::size_t words = 0;
  std::size_t dim = 0;
  if (!parse_header(first, words, dim)) {
    const std::size_t numbers = numbers_behind_word(first);
    const std::size_t second = rest.find('\n');
    const bool alike = second == std::string_view::npos ? whole && rest.empty()
                                                        : numbers_behind_word(rest.substr(0, second)) == numbers;
    return numbers >= 2 && alike ? WordVectorLayout::glove : WordVectorLayout::none;
  }
  const std::size_t second = rest.find('\n');
  const std::string_view line = second != std::string_view::npos ? rest.substr(0, second)
                                : whole                          ? rest
                                                                 : std::string_view();
  if (!line.empty() && numbers_behind_word(line) >= dim) return WordVectorLayout::text;
  // Bytes that are no text stand among floats; a row of them may hold a line feed anywhere.
  const std::size_t blank = rest.find(' ');
  const bool bytes = blank != std::string_view::npos && (rest.size() - blank > dim * sizeof(float) || !whole);
  const bool odd = std::ranges::any_of(
      rest, [](char c) { return static_cast<unsigned char>(c) < 9 || static_cast<unsigned char>(c) > 126; });
  return bytes && odd ? WordVectorLayout::binary : WordVectorLayout::none;
}

WordVectorLayout recognise_word_vector_file(const std::filesystem::path& path) {
  auto reader = UnpackedReader::open(path);
  if (!reader) return WordVectorLayout::none;
  std::string head(kHead, '\0');
  const auto size = reader->read(head);
  if (!size) return WordVectorLayout::none;
  head.resize(*size);
  return recognise_word_vectors(head, *size < kHead);
}

Result<WordVectors> parse_word_vectors(std::string_view content, std::string_view where, Context& context) {
  return Reader(content, where, context).read();
}

Result<WordVectors> read_word_vectors(const std::filesystem::path& path, Context& context) {
  const std::string content = IG_TRY(read_unpacked(path, SIZE_MAX));
  if (content.starts_with(kNpyMagic)) return read_numpy(content, path);
  return parse_word_vectors(content, path.string(), context);
}

std::string write_word_vectors(const StringPack& words, std::span<const float> rows, std::size_t dim,
                               WordVectorLayout layout, int digits) {
  const bool glove = layout == WordVectorLayout::glove;
  const WordVectorForm form{layout == WordVectorLayout::binary, !glove, !glove, digits};
  std::string out = glove ? "" : word_vector_header(words.size(), dim);
  for (std::size_t i = 0; i < words.size(); ++i) append_word_row(words[i], rows.subspan(i * dim, dim), form, out);
  return out;
}

}  // namespace isogloss::formats
