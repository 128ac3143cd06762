// SPDX-License-Identifier: Apache-2.0
// One pass from front to back. Arrays whose size the file only claims grow with the bytes that come, so that a lie
// costs no memory; where the size of the file is known it is held against the claim first.
#include "formats/fasttext_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/file.hpp"
#include "core/unpack.hpp"

namespace isogloss::formats {
namespace {

constexpr std::int32_t kMagic = 793712314;
constexpr std::int32_t kVersion = 12;
constexpr std::int32_t kOldVersion = 11;
constexpr std::size_t kMostDim = 65536;
constexpr std::size_t kLongestWord = std::size_t{1} << 20;
constexpr std::size_t kBuffer = std::size_t{1} << 16;
constexpr std::size_t kStep = std::size_t{1} << 24;  // bytes by which an array grows
constexpr std::size_t kCheckEvery = 65536;           // words between questions whether to go on

std::span<char> bytes_of(void* data, std::size_t size) { return {static_cast<char*>(data), size}; }

bool all_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float x) { return std::isfinite(x); });
}

class Reader {
 public:
  Reader(UnpackedReader& in, std::string where, std::uint64_t size, Context& context)
      : in_(in), where_(std::move(where)), left_(size), context_(context) {}

  Result<FasttextFile> read() {
    IG_TRY(read_head());
    IG_TRY(read_dictionary());
    bool quantised = IG_TRY(read_flag("the flag of the input matrix"));
    IG_TRY(read_matrix(quantised, "input matrix", out_.input));
    out_.says_output_quantised = IG_TRY(read_flag("the flag of the output matrix"));
    IG_TRY(read_matrix(quantised && out_.says_output_quantised, "output matrix", out_.output));
    char extra = 0;
    if (IG_TRY(fill({&extra, 1})) != 0) return broken("has bytes behind its output matrix.");
    IG_TRY(check_fasttext(out_, where_));
    return std::move(out_);
  }

 private:
  std::unexpected<Error> broken(const std::string& what) const {
    return fail(Code::corrupt_data, "'" + where_ + "' " + what);
  }

  // As many bytes as there are.
  Result<std::size_t> fill(std::span<char> to) {
    std::size_t done = 0;
    while (done < to.size()) {
      if (at_ == buffered_) {
        if (to.size() - done >= kBuffer) {
          const std::size_t got = IG_TRY(in_.read(to.subspan(done)));
          return done + got;
        }
        buffer_.resize(kBuffer);
        buffered_ = IG_TRY(in_.read(buffer_));
        at_ = 0;
        if (buffered_ == 0) return done;
      }
      const std::size_t now = std::min(buffered_ - at_, to.size() - done);
      std::memcpy(to.data() + done, buffer_.data() + at_, now);
      at_ += now;
      done += now;
    }
    return done;
  }

  Status exactly(std::span<char> to, std::string_view what) {
    if (IG_TRY(fill(to)) == to.size()) return {};
    return broken("ends within " + std::string(what) + ".");
  }

  template <class T>
  Result<T> number(std::string_view what) {
    T value{};
    IG_TRY(exactly(bytes_of(&value, sizeof value), what));
    return value;
  }

  Result<bool> read_flag(std::string_view what) {
    const auto value = IG_TRY(number<std::uint8_t>(what));
    if (value > 1) return broken("has " + std::to_string(value) + " for " + std::string(what) + ", not 0 or 1.");
    return value == 1;
  }

  template <class T>
  Status array(std::vector<T>& out, std::uint64_t count, std::string_view what) {
    if (count > left_ / sizeof(T)) {
      return broken("claims " + std::to_string(count) + " values for " + std::string(what) +
                    ", more than it can hold.");
    }
    if (left_ != UINT64_MAX) out.reserve(count);
    while (out.size() < count) {
      IG_TRY(context_.check());
      const std::size_t now = std::min<std::size_t>(kStep / sizeof(T), count - out.size());
      out.resize(out.size() + now);
      IG_TRY(exactly(bytes_of(out.data() + out.size() - now, now * sizeof(T)), what));
    }
    return {};
  }

  Status read_head() {
    if (IG_TRY(number<std::int32_t>("its first bytes")) != kMagic) {
      return fail(Code::unsupported, "'" + where_ + "' is no file of fastText: it begins otherwise.");
    }
    const auto version = IG_TRY(number<std::int32_t>("its version"));
    if (version != kVersion && version != kOldVersion) {
      return fail(Code::unsupported, "'" + where_ + "' is a fastText file of version " + std::to_string(version) +
                                         "; versions 11 and 12 are read.");
    }
    FasttextSettings& s = out_.settings;
    for (std::int32_t* value : {&s.dim, &s.window, &s.epochs, &s.min_count, &s.negative, &s.word_ngrams}) {
      *value = IG_TRY(number<std::int32_t>("its settings"));
    }
    s.loss = static_cast<FasttextLoss>(IG_TRY(number<std::int32_t>("its settings")));
    s.kind = static_cast<FasttextKind>(IG_TRY(number<std::int32_t>("its settings")));
    for (std::int32_t* value : {&s.bucket, &s.minn, &s.maxn, &s.rate_steps}) {
      *value = IG_TRY(number<std::int32_t>("its settings"));
    }
    s.sample = IG_TRY(number<double>("its settings"));
    if (version == kOldVersion && s.kind == FasttextKind::supervised) s.maxn = 0;
    return {};
  }

  Status read_word(std::string& word) {
    word.clear();
    for (;;) {
      if (at_ == buffered_) {
        char first = 0;
        IG_TRY(exactly({&first, 1}, "a word of its dictionary"));
        if (first == 0) return {};
        word.push_back(first);
        continue;
      }
      const char* const begin = buffer_.data() + at_;
      const void* const end = std::memchr(begin, 0, buffered_ - at_);
      const std::size_t size =
          end != nullptr ? static_cast<std::size_t>(static_cast<const char*>(end) - begin) : buffered_ - at_;
      word.append(begin, size);
      at_ += size + (end != nullptr ? 1 : 0);
      if (end != nullptr) return {};
      if (word.size() > kLongestWord) return broken("has a word of more than a megabyte in its dictionary.");
    }
  }

  Status read_dictionary() {
    const auto entries = IG_TRY(number<std::int32_t>("its dictionary"));
    const auto words = IG_TRY(number<std::int32_t>("its dictionary"));
    const auto labels = IG_TRY(number<std::int32_t>("its dictionary"));
    out_.tokens = IG_TRY(number<std::int64_t>("its dictionary"));
    const auto kept = IG_TRY(number<std::int64_t>("its dictionary"));
    if (words < 0 || labels < 0 || static_cast<std::int64_t>(words) + labels != entries || entries == 0) {
      return broken("has a dictionary of " + std::to_string(entries) + " entries with " + std::to_string(words) +
                    " words and " + std::to_string(labels) + " labels.");
    }
    std::string word;
    for (std::int32_t i = 0; i < entries; ++i) {
      if (static_cast<std::size_t>(i) % kCheckEvery == 0) IG_TRY(context_.check());
      IG_TRY(read_word(word));
      const auto count = IG_TRY(number<std::int64_t>("its dictionary"));
      const auto type = IG_TRY(number<std::uint8_t>("its dictionary"));
      if (type != (i < words ? 0 : 1)) {
        return broken("says that entry " + std::to_string(i) + " of its dictionary ('" + word.substr(0, 40) +
                      "') is of type " + std::to_string(type) + "; words come first (0), then labels (1).");
      }
      (i < words ? out_.words : out_.labels).add(word);
      (i < words ? out_.word_counts : out_.label_counts).push_back(count);
    }
    out_.pruned = kept >= 0;
    if (kept > out_.settings.bucket) {
      return broken("keeps " + std::to_string(kept) + " n-grams of " + std::to_string(out_.settings.bucket) + ".");
    }
    std::vector<std::int32_t> pairs;
    if (kept > 0) IG_TRY(array(pairs, 2 * static_cast<std::uint64_t>(kept), "its n-grams"));
    for (std::size_t i = 0; i < pairs.size(); i += 2) out_.kept.emplace_back(pairs[i], pairs[i + 1]);
    return {};
  }

  // Rows and columns; no more than memory could ever hold.
  Status read_shape(std::string_view what, FasttextMatrix& to) {
    const auto rows = IG_TRY(number<std::int64_t>(what));
    const auto columns = IG_TRY(number<std::int64_t>(what));
    if (rows < 0 || rows > (std::int64_t{1} << 33) || columns <= 0 || columns > static_cast<std::int64_t>(kMostDim)) {
      return broken("has " + std::to_string(rows) + " x " + std::to_string(columns) + " for its " + std::string(what) +
                    ".");
    }
    to.rows = static_cast<std::size_t>(rows);
    to.columns = static_cast<std::size_t>(columns);
    return {};
  }

  Status read_quantiser(std::size_t columns, std::string_view what, std::size_t& part, std::vector<float>& centroids) {
    const auto dim = IG_TRY(number<std::int32_t>(what));
    const auto parts = IG_TRY(number<std::int32_t>(what));
    const auto width = IG_TRY(number<std::int32_t>(what));
    const auto last = IG_TRY(number<std::int32_t>(what));
    const auto wanted = static_cast<std::int64_t>(columns);
    const bool fits = dim == wanted && width > 0 && last > 0 && last <= width && parts > 0 &&
                      (static_cast<std::int64_t>(parts) - 1) * width + last == wanted;
    if (!fits) {
      return broken("has a quantiser for " + std::to_string(dim) + " columns in " + std::to_string(parts) +
                    " parts of " + std::to_string(width) + ", the last of " + std::to_string(last) + "; its " +
                    std::string(what) + " has " + std::to_string(columns) + " columns.");
    }
    part = static_cast<std::size_t>(width);
    return array(centroids, kFasttextCentroids * columns, what);
  }

  Status read_matrix(bool quantised, std::string_view what, FasttextMatrix& to) {
    to.quantised = quantised;
    const bool norms = quantised && IG_TRY(read_flag(what));
    IG_TRY(read_shape(what, to));
    if (!quantised) {
      IG_TRY(array(to.own, static_cast<std::uint64_t>(to.rows) * to.columns, what));
      to.values = to.own;
      return {};
    }
    const auto codes = IG_TRY(number<std::int32_t>(what));
    if (codes < 0) return broken("has " + std::to_string(codes) + " codes for its " + std::string(what) + ".");
    IG_TRY(array(to.codes, static_cast<std::uint64_t>(codes), what));
    IG_TRY(read_quantiser(to.columns, what, to.part, to.centroids));
    if (to.codes.size() != to.rows * to.parts()) {
      return broken("has " + std::to_string(codes) + " codes for the " + std::to_string(to.rows) + " rows of its " +
                    std::string(what) + ", each of " + std::to_string(to.parts()) + " parts.");
    }
    if (!norms) return {};
    IG_TRY(array(to.norm_codes, to.rows, what));
    std::size_t one = 0;
    return read_quantiser(1, what, one, to.norm_centroids);
  }

  UnpackedReader& in_;
  std::string where_;
  std::uint64_t left_;  // bytes of the whole file, UINT64_MAX = not known
  Context& context_;
  FasttextFile out_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, buffered_ = 0;
};

std::unexpected<Error> wrong(std::string_view where, const std::string& what) {
  return fail(Code::corrupt_data, "'" + std::string(where) + "' " + what);
}

Status check_settings(const FasttextSettings& s, std::string_view where) {
  const auto refuse = [&](std::string_view name, std::int64_t value) {
    return wrong(where, "has " + std::to_string(value) + " for " + std::string(name) + ".");
  };
  if (s.dim <= 0 || static_cast<std::size_t>(s.dim) > kMostDim) return refuse("dim", s.dim);
  if (s.loss < FasttextLoss::hs || s.loss > FasttextLoss::ova)
    return refuse("the loss", static_cast<std::int32_t>(s.loss));
  if (s.kind < FasttextKind::cbow || s.kind > FasttextKind::supervised) {
    return refuse("the kind of model", static_cast<std::int32_t>(s.kind));
  }
  if (s.bucket < 0) return refuse("bucket", s.bucket);
  if (s.word_ngrams < 0) return refuse("the longest n-gram of words", s.word_ngrams);
  if (s.bucket == 0 && (s.maxn > 0 || s.word_ngrams > 1)) {
    return wrong(where, "has n-grams (of up to " + std::to_string(s.maxn) + " letters and " +
                            std::to_string(s.word_ngrams) + " words) and no bucket for them.");
  }
  return {};
}

Status check_kept(const FasttextFile& file, std::string_view where) {
  std::vector<bool> taken(file.kept.size());
  for (const auto& [bucket, row] : file.kept) {
    const bool fits = bucket >= 0 && bucket < file.settings.bucket && row >= 0 &&
                      static_cast<std::size_t>(row) < file.kept.size() && !taken[static_cast<std::size_t>(row)];
    if (!fits) {
      return wrong(where, "puts the n-grams of bucket " + std::to_string(bucket) + " into row " + std::to_string(row) +
                              " of " + std::to_string(file.kept.size()) + ".");
    }
    taken[static_cast<std::size_t>(row)] = true;
  }
  return {};
}

Status check_matrix(const FasttextMatrix& matrix, std::size_t rows, std::size_t dim, std::string_view name,
                    std::string_view where) {
  if (matrix.rows != rows || matrix.columns != dim) {
    return wrong(where, "has a " + std::string(name) + " matrix of " + std::to_string(matrix.rows) + " x " +
                            std::to_string(matrix.columns) + " where its dictionary asks for " + std::to_string(rows) +
                            " x " + std::to_string(dim) + ".");
  }
  if (!all_finite(matrix.values) || !all_finite(matrix.centroids) || !all_finite(matrix.norm_centroids)) {
    return wrong(where, "has a number that is not finite in its " + std::string(name) + " matrix.");
  }
  return {};
}

class Writer {
 public:
  explicit Writer(const ByteSink& sink) : sink_(sink) {}

  template <class T>
  void number(T value) {
    buffer_.append(static_cast<const char*>(static_cast<const void*>(&value)), sizeof value);
  }
  void flag(bool value) { number(static_cast<std::uint8_t>(value)); }
  void text(std::string_view word) {
    buffer_.append(word);
    buffer_ += '\0';
  }
  Status flush_at(std::size_t bytes) {
    if (buffer_.size() < bytes) return {};
    IG_TRY(sink_(std::as_bytes(std::span(buffer_))));
    buffer_.clear();
    return {};
  }
  template <class T>
  Status array(std::span<const T> values) {
    IG_TRY(flush_at(1));
    return sink_(std::as_bytes(values));
  }
  Status quantiser(std::size_t columns, std::size_t part, std::span<const float> centroids) {
    const std::size_t parts = (columns + part - 1) / part;
    for (const std::size_t value : {columns, parts, part, columns - (parts - 1) * part}) {
      number(static_cast<std::int32_t>(value));
    }
    return array(centroids);
  }
  Status matrix(const FasttextMatrix& m) {
    if (m.quantised) flag(!m.norm_codes.empty());
    number(static_cast<std::int64_t>(m.rows));
    number(static_cast<std::int64_t>(m.columns));
    if (!m.quantised) return array(m.values);
    number(static_cast<std::int32_t>(m.codes.size()));
    IG_TRY(array(std::span<const std::uint8_t>(m.codes)));
    IG_TRY(quantiser(m.columns, m.part, m.centroids));
    if (m.norm_codes.empty()) return flush_at(1);
    IG_TRY(array(std::span<const std::uint8_t>(m.norm_codes)));
    return quantiser(1, 1, m.norm_centroids);
  }

 private:
  const ByteSink& sink_;
  std::string buffer_;
};

Status write_dictionary(const FasttextFile& file, Writer& out) {
  out.number(static_cast<std::int32_t>(file.words.size() + file.labels.size()));
  out.number(static_cast<std::int32_t>(file.words.size()));
  out.number(static_cast<std::int32_t>(file.labels.size()));
  out.number(file.tokens);
  out.number(file.pruned ? static_cast<std::int64_t>(file.kept.size()) : std::int64_t{-1});
  const auto entries = [&](const StringPack& names, const std::vector<std::int64_t>& counts,
                           std::uint8_t type) -> Status {
    for (std::size_t i = 0; i < names.size(); ++i) {
      out.text(names[i]);
      out.number(counts[i]);
      out.number(type);
      IG_TRY(out.flush_at(kBuffer));
    }
    return {};
  };
  IG_TRY(entries(file.words, file.word_counts, 0));
  IG_TRY(entries(file.labels, file.label_counts, 1));
  for (const auto& [bucket, row] : file.kept) {
    out.number(bucket);
    out.number(row);
    IG_TRY(out.flush_at(kBuffer));
  }
  return {};
}

}  // namespace

FasttextMatrix FasttextMatrix::dense(std::vector<float> values, std::size_t rows, std::size_t columns) {
  FasttextMatrix out;
  out.rows = rows;
  out.columns = columns;
  out.own = std::move(values);
  out.values = out.own;
  return out;
}

std::size_t FasttextMatrix::bytes() const {
  return values.size_bytes() + codes.size() + norm_codes.size() +
         (centroids.size() + norm_centroids.size()) * sizeof(float);
}

bool recognise_fasttext(std::string_view head) {
  std::int32_t start[2];
  if (head.size() < sizeof start) return false;
  std::memcpy(start, head.data(), sizeof start);
  return start[0] == kMagic && start[1] > 0 && start[1] < 1000;
}

Status check_fasttext(const FasttextFile& file, std::string_view where) {
  const FasttextSettings& s = file.settings;
  IG_TRY(check_settings(s, where));
  IG_TRY(check_kept(file, where));
  if (file.pruned && !file.input.quantised) {
    return wrong(where,
                 "has n-grams left out of a matrix that is not quantised: it is of a faulty version of fastText.");
  }
  const bool classifier = s.kind == FasttextKind::supervised;
  if (classifier && file.labels.size() == 0) return wrong(where, "is a classifier without labels.");
  const std::size_t ngrams = file.pruned ? file.kept.size() : static_cast<std::size_t>(s.bucket);
  const auto dim = static_cast<std::size_t>(s.dim);
  const std::size_t rows_of_words = s.hashes > 0 ? 0 : file.words.size();
  if (s.hashes > 0 && (s.hashes > 4 || classifier || s.bucket == 0 || file.pruned || file.input.quantised)) {
    return wrong(where, "is no table of floret: 1 to 4 hashes, a bucket and plain rows are wanted.");
  }
  IG_TRY(check_matrix(file.input, rows_of_words + ngrams, dim, "input", where));
  return check_matrix(file.output, classifier ? file.labels.size() : file.words.size(), dim, "output", where);
}

Result<FasttextFile> read_fasttext(const std::filesystem::path& path, Context& context) {
  UnpackedReader in = IG_TRY(UnpackedReader::open(path));
  const std::uint64_t size = in.packing() == Packing::none ? IG_TRY(stat_file(path)).size : UINT64_MAX;
  return Reader(in, path.string(), size, context).read();
}

Result<FasttextFile> parse_fasttext(std::string_view content, std::string_view where, Context& context) {
  UnpackedReader in = IG_TRY(UnpackedReader::from_memory(std::string(where), content));
  const std::uint64_t size = in.packing() == Packing::none ? content.size() : UINT64_MAX;
  return Reader(in, std::string(where), size, context).read();
}

Status write_fasttext(const FasttextFile& file, const ByteSink& sink) {
  Writer out(sink);
  const FasttextSettings& s = file.settings;
  for (const std::int32_t value :
       {kMagic, kVersion, s.dim, s.window, s.epochs, s.min_count, s.negative, s.word_ngrams,
        static_cast<std::int32_t>(s.loss), static_cast<std::int32_t>(s.kind), s.bucket, s.minn, s.maxn, s.rate_steps}) {
    out.number(value);
  }
  out.number(s.sample);
  IG_TRY(write_dictionary(file, out));
  out.flag(file.input.quantised);
  IG_TRY(out.matrix(file.input));
  out.flag(file.says_output_quantised || file.output.quantised);
  IG_TRY(out.matrix(file.output));
  return out.flush_at(1);
}

Status write_fasttext_file(const FasttextFile& file, const std::filesystem::path& path) {
  AtomicFile out = IG_TRY(AtomicFile::create(path));
  IG_TRY(write_fasttext(file, [&](std::span<const std::byte> bytes) { return out.write(bytes); }));
  return out.commit();
}

}  // namespace isogloss::formats
