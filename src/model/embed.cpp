// SPDX-License-Identifier: Apache-2.0
// Embedder::embed: prepare() and run() over the token budget of one pass at a time.
#include "isogloss/model.hpp"

#include <algorithm>

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

}  // namespace

Result<Embedding> Embedder::embed(std::span<const Input> inputs, const EmbedOptions& options, Context& context) const {
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
  return result;
}

}  // namespace isogloss
