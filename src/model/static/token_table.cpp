// SPDX-License-Identifier: Apache-2.0
#include "model/static/token_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "math/vector.hpp"
#include "vectors/tensor_floats.hpp"

namespace isogloss::model {
namespace {

using formats::TensorType;
using formats::TensorView;

// A tensor of whole numbers below `limit`.
template <class T>
Status read_numbers(const TensorView& tensor, std::size_t limit, const std::string& where,
                    std::vector<std::uint32_t>& out) {
  for (std::size_t i = 0; i < tensor.elements(); ++i) {
    T value;
    std::memcpy(&value, tensor.bytes.data() + i * sizeof value, sizeof value);
    if (value < 0 || static_cast<std::uint64_t>(value) >= limit) {
      return fail(Code::corrupt_data, where + ": tensor 'mapping' sends piece " + std::to_string(i) + " to row " +
                                          std::to_string(value) + " of " + std::to_string(limit) + ".");
    }
    out.push_back(static_cast<std::uint32_t>(value));
  }
  return {};
}

}  // namespace

Result<TokenTable> TokenTable::open(const FileSet& files, const std::string& name, std::size_t pieces) {
  TokenTable table;
  table.pieces_ = pieces;
  const std::string where = "'" + (files.origin() / name).string() + "'";
  table.file_ = IG_TRY(formats::open_tensor_file(files, name, where));
  IG_TRY(table.read(table.file_.tensors, where));
  IG_TRY(table.check(where));
  return table;
}

Status TokenTable::read(const formats::SafeTensors& tensors, const std::string& where) {
  const auto find = [&](std::string_view name) -> const TensorView* {
    const auto it = tensors.tensors().find(name);
    return it == tensors.tensors().end() ? nullptr : &it->second;
  };
  const TensorView* matrix = find("embedding.weight");
  if (matrix == nullptr) matrix = find("embeddings");
  if (matrix == nullptr || matrix->shape.size() != 2 || matrix->shape[1] == 0) {
    return fail(Code::corrupt_data, where + " has no matrix 'embeddings' or 'embedding.weight' with a row a piece.");
  }
  IG_TRY(read_matrix(*matrix, where));
  const TensorView* weights = find("weights");
  const TensorView* mapping = find("mapping");
  for (const TensorView* per_piece : {weights, mapping}) {
    if (per_piece == nullptr || (per_piece->shape.size() == 1 && per_piece->shape[0] >= pieces_)) continue;
    return fail(Code::corrupt_data, where + ": 'weights' and 'mapping' must have one number for each of the " +
                                        std::to_string(pieces_) + " pieces of the tokenizer.");
  }
  if (weights != nullptr) {
    weights_.resize(weights->elements());
    if (!vectors::widen(weights->type, weights->bytes, weights_))
      return fail(Code::corrupt_data, where + ": tensor 'weights' holds no floats.");
  }
  if (mapping == nullptr) return {};
  if (mapping->type == TensorType::i64) return read_numbers<std::int64_t>(*mapping, rows_, where, mapping_);
  if (mapping->type == TensorType::i32) return read_numbers<std::int32_t>(*mapping, rows_, where, mapping_);
  return fail(Code::unsupported, where + ": tensor 'mapping' is of type " +
                                     std::string(formats::tensor_type_name(mapping->type)) + "; I32 and I64 are read.");
}

Status TokenTable::read_matrix(const TensorView& matrix, const std::string& where) {
  rows_ = matrix.shape[0];
  dim_ = matrix.shape[1];
  if (matrix.type == TensorType::i8) {
    i8_ = {static_cast<const std::int8_t*>(static_cast<const void*>(matrix.bytes.data())), matrix.elements()};
    return {};
  }
  own_f32_.resize(matrix.elements());
  if (vectors::widen(matrix.type, matrix.bytes, own_f32_)) return {};
  return fail(Code::unsupported, where + ": the vectors are of type " +
                                     std::string(formats::tensor_type_name(matrix.type)) +
                                     "; F64, F32, F16, BF16 and I8 are read.");
}

Status TokenTable::check(const std::string& where) const {
  if (mapping_.empty() && rows_ < pieces_) {
    return fail(Code::corrupt_data, where + " has " + std::to_string(rows_) + " vectors, the tokenizer has " +
                                        std::to_string(pieces_) +
                                        " pieces. Tokenizer and vectors belong to different "
                                        "models.");
  }
  const auto finite = [](float x) { return std::isfinite(x); };
  if (std::ranges::all_of(own_f32_, finite) && std::ranges::all_of(weights_, finite)) return {};
  return fail(Code::corrupt_data, where + " has a number that is not finite.");
}

void TokenTable::sum(std::span<const std::uint32_t> ids, Scratch& scratch, std::span<float> out) const {
  scratch.weights.resize(ids.size());
  scratch.rows.resize(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    scratch.weights[i] = weights_.empty() ? 1.0F : weights_[ids[i]];
    scratch.rows[i] = mapping_.empty() ? ids[i] : mapping_[ids[i]];
  }
  if (is_int8()) {
    math::weighted_sum(scratch.weights, scratch.rows, i8_.data(), dim_, out);
  } else {
    math::weighted_sum(scratch.weights, scratch.rows, own_f32_.data(), dim_, out);
  }
}

void TokenTable::vector(std::uint32_t id, std::span<float> out) const {
  Scratch scratch;
  sum({&id, 1}, scratch, out);
}

}  // namespace isogloss::model
