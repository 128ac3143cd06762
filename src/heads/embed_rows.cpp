// SPDX-License-Identifier: Apache-2.0
#include "heads/embed_rows.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

namespace isogloss::heads {
namespace {

constexpr std::size_t kBlock = 4096;  // texts between two reports of progress

// One row after the other, as they come; whether they are dense or sparse, the first block says.
class Rows {
 public:
  explicit Rows(std::size_t inputs) : inputs_(inputs) {}
  void add(const Embedding& block, std::size_t begin) {
    const bool sparse = block.sparse.is_sparse();
    if (begin == 0) rows_ = sparse ? Vectors::sparse(block.sparse.dim()) : Vectors::dense(inputs_, block.dense.dim());
    for (std::size_t i = 0; i < block.reports.size(); ++i) {
      if (sparse) {
        const SparseRow row = block.sparse.row_sparse(i);
        rows_.append_sparse(row.columns, row.values);
      } else {
        std::ranges::copy(block.dense.row_f32(i), rows_.row_f32(begin + i).begin());
      }
    }
  }
  const Vectors& rows() const { return rows_; }

 private:
  std::size_t inputs_;
  Vectors rows_;
};

}  // namespace

Result<EmbeddedRows> embed_rows(const Embedder& embedder, std::span<const Input> inputs, const EmbedOptions& options,
                                Context& context) {
  std::unordered_map<std::string_view, std::size_t> known;
  std::vector<Input> distinct;
  std::vector<std::size_t> row_of;
  for (const Input& input : inputs) {
    const auto [at, fresh] = known.try_emplace(input.part.text, distinct.size());
    if (fresh) distinct.push_back(input);
    row_of.push_back(at->second);
  }
  EmbeddedRows out;
  out.distinct = distinct.size();
  Rows rows(distinct.size());
  for (std::size_t begin = 0; begin < distinct.size(); begin += kBlock) {
    IG_TRY(context.check());
    const auto block = std::span(distinct).subspan(begin, std::min(kBlock, distinct.size() - begin));
    const Embedding found = IG_TRY(embedder.embed(block, options, context));
    for (const RowReport& report : found.reports) {
      if (report.error) return fail(*report.error);
      out.tokens += report.tokens_used;
      out.cut += report.tokens_cut > 0 ? 1 : 0;
    }
    rows.add(found, begin);
    context.report(
        {"embed", "texts", static_cast<double>(begin + block.size()), static_cast<double>(distinct.size()), 0});
  }
  out.rows = Features(rows.rows());
  if (distinct.size() != inputs.size()) out.rows = out.rows.pick(row_of);
  return out;
}

}  // namespace isogloss::heads
