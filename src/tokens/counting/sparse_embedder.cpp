// SPDX-License-Identifier: Apache-2.0
#include "tokens/counting/sparse_embedder.hpp"

#include <algorithm>

#include "core/parallel.hpp"

namespace isogloss::tokens {

Result<std::string_view> text_of(const Input& input, std::string& scratch) {
  if (!input.prompt.empty()) {
    return fail(Code::invalid_argument, "this model has no prompt '" + std::string(input.prompt) + "'.");
  }
  const auto is_text = [](const Part& part) { return part.modality == Modality::text; };
  if (!is_text(input.part) || !std::ranges::all_of(input.further, is_text)) {
    return fail(Code::unsupported, "this model reads text only.");
  }
  if (input.further.empty()) return input.part.text;
  scratch = input.part.text;
  for (const Part& part : input.further) (scratch += '\n') += part.text;
  return std::string_view(scratch);
}

SparseRow SparseRows::row(std::size_t i) const {
  const Piece& piece = pieces_[i / kRowsPerPiece];
  const std::size_t begin = piece.starts[i % kRowsPerPiece];
  const std::size_t size = piece.starts[i % kRowsPerPiece + 1] - begin;
  return {{piece.columns.data() + begin, size}, {piece.values.data() + begin, size}};
}

Status SparseEmbedder::check_options(const EmbedOptions& options) const {
  if (options.dim != 0 && options.dim != embedder_card().dimension) {
    return fail(Code::invalid_argument, "rows of a " + embedder_card().family + " model cannot be cut: a column is a " +
                                            "feature, not a rank. Fit with max_features instead.");
  }
  return {};
}

Result<Prepared> SparseEmbedder::prepare(std::span<const Input> inputs, const EmbedOptions& options,
                                         Context& context) const {
  if (options.outputs == Outputs::tokens) {
    return fail(Code::unsupported, "a " + embedder_card().family + " model has one row a text, none for its tokens.");
  }
  IG_TRY(check_options(options));
  IG_TRY(context.check());
  constexpr std::size_t grain = SparseRows::kRowsPerPiece;
  std::vector<RowReport> reports(inputs.size());
  std::vector<std::uint32_t> costs(inputs.size());
  std::vector<SparseRows::Piece> pieces((inputs.size() + grain - 1) / grain);
  // Pieces share a reader, whose scratch memory is worth keeping; rows do not depend on it.
  const std::size_t share = std::max<std::size_t>(16, pieces.size() / (4 * context.thread_count() - 3));
  parallel_for(context, pieces.size(), share, [&](std::size_t first, std::size_t last) {
    const std::unique_ptr<RowReader> reader = make_reader();
    WeightedRow row;
    for (std::size_t i = first * grain; i < std::min(inputs.size(), last * grain); ++i) {
      if (i % grain == 0 && !context.check()) return;  // told below
      SparseRows::Piece& piece = pieces[i / grain];
      row.units = 0;
      if (Status status = reader->read(inputs[i], row); status) {
        piece.columns.insert(piece.columns.end(), row.columns.begin(), row.columns.end());
        piece.values.insert(piece.values.end(), row.values.begin(), row.values.end());
      } else {
        reports[i].error = std::move(status).error();
      }
      piece.starts.push_back(piece.columns.size());
      reports[i].tokens_used = row.units;
      costs[i] = row.units + 1;
    }
  });
  IG_TRY(context.check());
  return Prepared(std::move(reports), std::move(costs), std::make_unique<SparseRows>(std::move(pieces)));
}

Status SparseEmbedder::run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const {
  IG_TRY(context.check());
  std::size_t target = 0;
  for (const Slice& slice : slices) {
    const auto& rows = static_cast<const SparseRows&>(slice.prepared->body());
    for (std::size_t i = slice.begin; i < slice.end; ++i, ++target) {
      const SparseRow row = rows.row(i);
      if (out.sparse != nullptr) out.sparse->append_sparse(row.columns, row.values);
      if (out.dense == nullptr) continue;
      const std::span<float> dense = out.dense->row_f32(target);
      std::ranges::fill(dense, 0.0F);
      for (std::size_t k = 0; k < row.columns.size(); ++k) dense[row.columns[k]] = row.values[k];
    }
  }
  return {};
}

}  // namespace isogloss::tokens
