// SPDX-License-Identifier: Apache-2.0
#include "heads/embed_rows.hpp"

#include <algorithm>
#include <unordered_map>
#include <vector>

#include "core/text.hpp"

namespace isogloss::heads {
namespace {

constexpr std::size_t kBlock = 4096;  // texts between two reports of progress

// One row after the other, as they come; whether they are dense or sparse, the first block says.
class Rows {
 public:
  explicit Rows(std::size_t inputs) : inputs_(inputs) {}
  void add(const Embedding& block, std::size_t begin) {
    sparse_ = block.sparse.is_sparse();
    if (begin == 0 && !sparse_) dense_rows_ = math::Matrix(inputs_, block.dense.dim());
    sparse_rows_.columns = block.sparse.dim();
    for (std::size_t i = 0; i < block.reports.size(); ++i) {
      if (sparse_) {
        const SparseRow row = block.sparse.row_sparse(i);
        sparse_rows_.append_row(row.columns, row.values);
      } else {
        std::ranges::copy(block.dense.row_f32(i), dense_rows_.row(begin + i).begin());
      }
    }
  }
  Features take() { return sparse_ ? Features(std::move(sparse_rows_)) : Features(std::move(dense_rows_)); }

 private:
  std::size_t inputs_;
  bool sparse_ = false;
  math::Matrix dense_rows_;
  math::CsrMatrix sparse_rows_;
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
  out.rows = rows.take();
  if (distinct.size() != inputs.size()) out.rows = out.rows.pick(row_of);
  return out;
}

Result<Features> embed_texts(const Model& model, std::span<const std::string> texts, Context& context) {
  const Embedder* embedder = model.ability<Embedder>();
  if (embedder == nullptr) {
    return fail(Code::unsupported, "this needs a model that gives vectors for texts; one of family '" +
                                       model.card().family + "' does not.");
  }
  std::vector<Input> inputs;
  for (const std::string& text : texts) inputs.push_back(Input::text(text));
  EmbedOptions options;
  options.truncate = Truncate::end;
  EmbeddedRows found = IG_TRY(embed_rows(*embedder, inputs, options, context));
  if (found.cut > 0) {
    context.say(LogLevel::warning, counted(found.cut, "text") + " of " + std::to_string(found.distinct) +
                                       " above the model's window of " + std::to_string(model.card().window) +
                                       " tokens: cut at the end.");
  }
  return std::move(found.rows);
}

}  // namespace isogloss::heads
