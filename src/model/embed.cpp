// SPDX-License-Identifier: Apache-2.0
// Embedder::embed: prepare() and run() over the token budget of one pass at a time.
#include "isogloss/model.hpp"

#include <algorithm>
#include <cstring>

namespace isogloss {
namespace {

constexpr std::uint64_t kPassTokens = 65536;  // bounds the scratch memory of one pass

// Error of the first row that failed, with its index, when the caller wants that.
Status first_failure(const Prepared& prepared, OnError policy) {
  if (policy == OnError::skip) return {};
  for (std::size_t i = 0; i < prepared.rows(); ++i) {
    if (prepared.reports()[i].error) {
      Error error = *prepared.reports()[i].error;
      error.item = static_cast<std::ptrdiff_t>(i);
      return fail(std::move(error));
    }
  }
  return {};
}

// The outputs that were asked for, without rows yet; the others have no columns.
Embedding empty_result(const Card& card, std::size_t token_dim, const EmbedOptions& options) {
  Embedding result;
  const std::size_t dim = options.dim != 0 ? options.dim : card.dimension;
  if (options.outputs == Outputs::tokens) {
    result.per_token = Vectors::dense(0, options.dim != 0 ? options.dim : token_dim);
    result.per_token.row_offsets = {0};
  } else if (card.sparse) {
    result.sparse = Vectors::sparse(card.dimension);
    result.sparse.space_id = card.space_id;
  } else {
    result.dense = Vectors::dense(0, dim);
    result.dense.space_id = card.space_id;
  }
  return result;
}

// Asked before the work is done, so that nobody waits for an error.
Status check_dtype(const Card& card, const EmbedOptions& options) {
  if (options.dtype == DType::f32) return {};
  const std::string name(dtype_name(options.dtype));
  if (card.sparse) return fail(Code::unsupported, "rows of a sparse model are f32, not " + name + ".");
  if (options.dtype == DType::f16)
    return fail(Code::invalid_argument, "vectors are f32, bf16, i8, u8 or bit, not f16. bf16 has the same size.");
  const bool integers = options.dtype == DType::i8 || options.dtype == DType::u8;
  const bool length_one = card.normalized && options.outputs == Outputs::vectors;
  if (!integers || length_one || options.range > 0) return {};
  return fail(Code::invalid_argument, "vectors of this kind have no fixed length, so " + name +
                                          " needs to know how large their numbers get: give a range (--range 4).");
}

// Rows that failed get what no row has: NaN, -128, 0; bits are all 0.
void mark_failed(const std::vector<RowReport>& reports, Vectors& rows) {
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (!reports[i].error) continue;
    const int marker = rows.dtype() == DType::i8 ? 0x80 : rows.dtype() == DType::bf16 ? 0xFF : 0;
    std::memset(rows.data() + i * rows.row_bytes(), marker, rows.row_bytes());
  }
}

Status convert(const EmbedOptions& options, Embedding& result) {
  if (options.dtype == DType::f32) return {};
  const bool tokens = options.outputs == Outputs::tokens;
  Vectors& rows = tokens ? result.per_token : result.dense;
  Vectors out = IG_TRY(quantize(rows.view(), options.dtype, {options.range, {}, {}}));
  out.space_id = std::move(rows.space_id);
  out.row_offsets = std::move(rows.row_offsets);
  rows = std::move(out);
  if (!tokens) mark_failed(result.reports, rows);
  return {};
}

}  // namespace

Result<Embedding> Embedder::embed(std::span<const Input> inputs, const EmbedOptions& options, Context& context) const {
  IG_TRY(check_dtype(embedder_card(), options));
  const Prepared prepared = IG_TRY(prepare(inputs, options, context));
  IG_TRY(first_failure(prepared, options.on_error));
  Embedding result = empty_result(embedder_card(), token_dimension(), options);
  result.reports.assign(prepared.reports().begin(), prepared.reports().end());
  const bool dense = result.dense.dim() != 0;
  for (std::size_t begin = 0; begin < prepared.rows();) {
    IG_TRY(context.check());
    std::size_t end = begin;
    for (std::uint64_t cost = 0; end < prepared.rows() && (end == begin || cost < kPassTokens); ++end) {
      cost += prepared.cost(end);
    }
    EmbeddingOut out;
    Vectors pass = dense ? Vectors::dense(end - begin, result.dense.dim()) : Vectors();
    if (dense) out.dense = &pass;
    if (result.sparse.dim() != 0) out.sparse = &result.sparse;
    if (result.per_token.dim() != 0) out.per_token = &result.per_token;
    const Slice slice{&prepared, begin, end};
    IG_TRY(run({&slice, 1}, out, context));
    if (dense) {
      result.dense.resize(end);
      std::copy_n(pass.data(), (end - begin) * pass.row_bytes(), result.dense.data() + begin * pass.row_bytes());
    }
    context.report({"embed", "texts", static_cast<double>(end), static_cast<double>(prepared.rows()), 0});
    begin = end;
  }
  IG_TRY(convert(options, result));
  return result;
}

}  // namespace isogloss
