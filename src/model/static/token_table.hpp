// SPDX-License-Identifier: Apache-2.0
// One vector for every piece of a vocabulary: piece -> row of a matrix -> times the piece's weight. As model2vec 0.10
// keeps it: "embeddings" (rows, dim) in F32, F16, F64, BF16 or I8, "weights" (pieces) and "mapping" (pieces), both
// optional; sentence-transformers calls the matrix "embedding.weight".
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "formats/model_folder.hpp"
#include "isogloss/family.hpp"

namespace isogloss::model {

class TokenTable {
 public:
  // The tensors of `name` ("model.safetensors"), which are mapped when the files are ours. Error{corrupt_data}: a
  // tensor is missing or of a wrong shape, there are fewer rows than `pieces`, or a number that is not finite.
  static Result<TokenTable> open(const FileSet& files, const std::string& name, std::size_t pieces);

  std::size_t pieces() const { return pieces_; }
  std::size_t dim() const { return dim_; }
  std::size_t bytes() const { return own_f32_.size() * sizeof(float) + i8_.size() + weights_.size() * sizeof(float); }
  bool is_int8() const { return !i8_.empty(); }
  // out = sum of the weighted vectors of ids, in their order, cut to the columns of out. REQUIRES: ids < pieces().
  // `scratch`: any content.
  struct Scratch {
    std::vector<float> weights;
    std::vector<std::uint32_t> rows;
  };
  void sum(std::span<const std::uint32_t> ids, Scratch& scratch, std::span<float> out) const;
  void vector(std::uint32_t id, std::span<float> out) const;

 private:
  Status read(const formats::SafeTensors& tensors, const std::string& where);
  Status read_matrix(const formats::TensorView& matrix, const std::string& where);
  Status check(const std::string& where) const;

  formats::TensorFile file_;  // owns what i8_ looks into
  std::size_t pieces_ = 0;
  std::size_t rows_ = 0;
  std::size_t dim_ = 0;
  std::span<const std::int8_t> i8_;     // (rows, dim), or
  std::vector<float> own_f32_;          // (rows, dim)
  std::vector<float> weights_;          // (pieces); empty = all 1
  std::vector<std::uint32_t> mapping_;  // (pieces); empty = each its own row
};

}  // namespace isogloss::model
