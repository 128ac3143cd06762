// SPDX-License-Identifier: Apache-2.0
// The Embedder that every model of sparse text rows shares: inputs become rows in prepare(), run() copies them out.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "isogloss/model.hpp"

namespace isogloss::tokens {

// One row with weights.
struct WeightedRow {
  std::vector<std::uint32_t> columns;  // ascending
  std::vector<float> values;           // parallel to columns
  std::uint32_t units = 0;             // what RowReport::tokens_used says
};

// Turns inputs into rows. Holds scratch memory: made once per thread and block of inputs.
class RowReader {
 public:
  virtual ~RowReader() = default;
  virtual Status read(const Input& input, WeightedRow& row) = 0;
};

// The text of an input: its one text part, or all of them joined by line feeds in `scratch`. Error{unsupported} for
// other modalities and named prompts.
Result<std::string_view> text_of(const Input& input, std::string& scratch);

// Rows of one prepare() call, in pieces that several threads made.
class SparseRows final : public Prepared::Body {
 public:
  static constexpr std::size_t kRowsPerPiece = 256;
  struct Piece {
    std::vector<std::size_t> starts{0};
    std::vector<std::uint32_t> columns;
    std::vector<float> values;
  };
  explicit SparseRows(std::vector<Piece> pieces) : pieces_(std::move(pieces)) {}
  SparseRow row(std::size_t i) const;

 private:
  std::vector<Piece> pieces_;
};

class SparseEmbedder : public Embedder {
 public:
  Result<Prepared> prepare(std::span<const Input> inputs, const EmbedOptions& options, Context& context) const override;
  // Sparse rows to out.sparse, the same as dense rows to out.dense.
  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const override;

 protected:
  ~SparseEmbedder() = default;
  virtual std::unique_ptr<RowReader> make_reader() const = 0;
  virtual Status check_options(const EmbedOptions& options) const;
};

}  // namespace isogloss::tokens
