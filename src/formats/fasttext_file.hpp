// SPDX-License-Identifier: Apache-2.0
// fastText's own files, .bin and .ftz (facebookresearch/fastText 1142dc4, all numbers little-endian):
//
//   int32 magic 793712314, int32 version 12 (11 is read)
//   int32 dim, window, epochs, min_count, negative, word_ngrams, loss, kind, bucket, minn, maxn, rate steps; double
//   sample int32 entries, words, labels; int64 tokens, int64 pruned (-1: no n-gram was left out) entries x {word, NUL,
//   int64 count, int8 type: 0 word, 1 label}; pruned x {int32 bucket, int32 row behind the words} bool quantised, input
//   matrix (words + bucket, dim); bool quantised, output matrix (words or labels, dim)
//
//   dense matrix      int64 rows, int64 columns, floats
//   quantised matrix  bool norms, int64 rows, int64 columns, int32 bytes of codes, codes (rows, parts), quantiser,
//                     with norms: codes (rows), quantiser of one column
//   quantiser         int32 dim, parts, width of a part, width of the last; 256 x dim floats, part after part
//
// A .ftz is a .bin whose matrices are quantised. Version 11 has classifiers that say they read n-grams and do not.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/string_pack.hpp"
#include "isogloss/context.hpp"
#include "isogloss/result.hpp"

namespace isogloss::formats {

enum class FasttextLoss : std::int32_t { hs = 1, ns = 2, softmax = 3, ova = 4 };
enum class FasttextKind : std::int32_t { cbow = 1, skipgram = 2, supervised = 3 };

struct FasttextSettings {
  std::int32_t dim = 100;
  std::int32_t window = 5;
  std::int32_t epochs = 5;
  std::int32_t min_count = 5;
  std::int32_t negative = 5;
  std::int32_t word_ngrams = 1;
  FasttextLoss loss = FasttextLoss::ns;
  FasttextKind kind = FasttextKind::skipgram;
  std::int32_t bucket = 0;
  std::int32_t minn = 0;
  std::int32_t maxn = 0;
  std::int32_t rate_steps = 100;  // tokens between changes of the learning rate
  double sample = 1e-4;
  std::int32_t hashes = 0;  // of floret (floret_file.hpp), which no .bin tells: 0 = none
};

inline constexpr std::size_t kFasttextCentroids = 256;

// Either dense or a product quantiser's codes. Moves only, as `values` may look into `own`.
struct FasttextMatrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::span<const float> values;  // (rows, columns) in `own`, `keeper` or elsewhere; empty when quantised
  std::vector<float> own;
  std::shared_ptr<const void> keeper;
  bool quantised = false;
  std::size_t part = 0;                  // columns of a part; the last may be narrower
  std::vector<std::uint8_t> codes;       // (rows, parts)
  std::vector<float> centroids;          // (256 * columns): of part 0 (256, width), of part 1 ...
  std::vector<std::uint8_t> norm_codes;  // (rows), or empty: rows have the length their centroids have
  std::vector<float> norm_centroids;     // (256) or empty

  FasttextMatrix() = default;
  FasttextMatrix(FasttextMatrix&&) = default;
  FasttextMatrix& operator=(FasttextMatrix&&) = default;

  static FasttextMatrix dense(std::vector<float> values, std::size_t rows, std::size_t columns);
  // Of another kind of vector, without a copy.
  template <class Vector>
  static FasttextMatrix holding(Vector values, std::size_t rows, std::size_t columns) {
    const auto held = std::make_shared<const Vector>(std::move(values));
    FasttextMatrix out;
    out.rows = rows;
    out.columns = columns;
    out.values = {held->data(), held->size()};
    out.keeper = held;
    return out;
  }
  std::size_t parts() const { return part == 0 ? 0 : (columns + part - 1) / part; }
  std::size_t bytes() const;
};

struct FasttextFile {
  FasttextSettings settings;
  std::int64_t tokens = 0;  // of the training text
  StringPack words;
  StringPack labels;
  std::vector<std::int64_t> word_counts;   // (words)
  std::vector<std::int64_t> label_counts;  // (labels)
  bool pruned = false;
  std::vector<std::pair<std::int32_t, std::int32_t>>
      kept;                            // when pruned: bucket -> row behind the words, in the file's order
  bool says_output_quantised = false;  // the file's flag, which counts only when the input is quantised
  FasttextMatrix input;                // (words + bucket or kept, dim); floret: (bucket, dim)
  FasttextMatrix output;               // (labels or words, dim)
};

// By the first bytes, at least 8 of them.
bool recognise_fasttext(std::string_view head);

// Does everything of the file fit together? Error{corrupt_data} names what does not; the readers ask.
Status check_fasttext(const FasttextFile& file, std::string_view where);

// Packed files are unpacked. Error{corrupt_data} names what is wrong, Error{unsupported} another version.
Result<FasttextFile> read_fasttext(const std::filesystem::path& path, Context& context);
Result<FasttextFile> parse_fasttext(std::string_view content, std::string_view where, Context& context);

using ByteSink = std::function<Status(std::span<const std::byte>)>;
Status write_fasttext(const FasttextFile& file, const ByteSink& sink);
// Under a temporary name, then renamed.
Status write_fasttext_file(const FasttextFile& file, const std::filesystem::path& path);

}  // namespace isogloss::formats
