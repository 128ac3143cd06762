// SPDX-License-Identifier: Apache-2.0
#include "model/fasttext/fasttext_quantise.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "math/product_quantizer.hpp"
#include "math/vector.hpp"
#include "tokens/ngram/subwords.hpp"

namespace isogloss::model {
namespace {

using formats::FasttextMatrix;

std::vector<float> rows_at(const FasttextMatrix& from, std::span<const std::uint32_t> picks) {
  std::vector<float> out;
  out.reserve(picks.size() * from.columns);
  for (const std::uint32_t row : picks) {
    const auto values = from.values.subspan(row * from.columns, from.columns);
    out.insert(out.end(), values.begin(), values.end());
  }
  return out;
}

// The numbers of the rows that stay: words by number, then n-grams by falling length.
std::vector<std::uint32_t> longest_rows(const formats::FasttextFile& file, std::size_t cutoff) {
  const FasttextMatrix& input = file.input;
  std::vector<float> lengths(input.rows);
  for (std::size_t i = 0; i < input.rows; ++i) {
    lengths[i] = math::squared_length(input.values.subspan(i * input.columns, input.columns));
  }
  for (std::size_t i = 0; i < file.words.size(); ++i) {
    if (file.words[i] == tokens::kLineEnd) lengths[i] = std::numeric_limits<float>::infinity();
  }
  std::vector<std::uint32_t> order(input.rows);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) { return lengths[a] > lengths[b]; });
  order.resize(cutoff);
  const auto ngrams =
      std::stable_partition(order.begin(), order.end(), [&](std::uint32_t row) { return row < file.words.size(); });
  std::sort(order.begin(), ngrams);
  return order;
}

Status quantise_matrix(FasttextMatrix& m, const QuantiseOptions& options, std::size_t part, std::string_view name,
                       Context& context) {
  const std::size_t parts = (m.columns + part - 1) / part;
  if (m.rows > static_cast<std::size_t>(INT32_MAX) / parts) {
    return fail(Code::unsupported, "the " + std::string(name) + " matrix takes " + std::to_string(m.rows) + " x " +
                                       std::to_string(parts) +
                                       " codes, the format counts up to 2147483647. Leave rows out "
                                       "(cutoff) or take wider parts.");
  }
  const math::MatrixView rows{m.values.data(), m.rows, m.columns, m.columns, 1};
  math::QuantizeRowsOptions how;
  how.part = part;
  how.norms = options.norms;
  math::QuantizedRows made = IG_TRY(math::quantize_rows(rows, how, context));
  FasttextMatrix out;
  out.rows = m.rows;
  out.columns = m.columns;
  out.quantised = true;
  out.part = made.part;
  out.codes = std::move(made.codes);
  out.centroids = std::move(made.centroids);
  out.norm_codes = std::move(made.norm_codes);
  out.norm_centroids = std::move(made.norms);
  m = std::move(out);
  return {};
}

}  // namespace

void prune_rows(formats::FasttextFile& file, std::size_t cutoff) {
  if (cutoff == 0 || cutoff >= file.input.rows) return;
  const std::vector<std::uint32_t> kept = longest_rows(file, cutoff);
  const auto words = static_cast<std::uint32_t>(file.words.size());
  StringPack names;
  std::vector<std::int64_t> counts;
  std::vector<std::uint32_t> picks;
  for (const std::uint32_t row : kept) {
    if (row >= words) {
      file.kept.emplace_back(static_cast<std::int32_t>(row - words), static_cast<std::int32_t>(file.kept.size()));
      continue;
    }
    names.add(file.words[row]);
    counts.push_back(file.word_counts[row]);
    picks.push_back(row);
  }
  file.pruned = true;
  file.input = FasttextMatrix::dense(rows_at(file.input, kept), kept.size(), file.input.columns);
  if (file.settings.kind != formats::FasttextKind::supervised) {
    file.output = FasttextMatrix::dense(rows_at(file.output, picks), picks.size(), file.output.columns);
  }
  file.words = std::move(names);
  file.word_counts = std::move(counts);
}

Status quantise_rows(formats::FasttextFile& file, const QuantiseOptions& options, Context& context) {
  if (file.input.quantised) return fail(Code::unsupported, "the model is quantised already.");
  IG_TRY(quantise_matrix(file.input, options, options.part, "input", context));
  file.says_output_quantised = options.output;
  if (!options.output) return {};
  return quantise_matrix(file.output, options, 2, "output", context);
}

}  // namespace isogloss::model
