// SPDX-License-Identifier: Apache-2.0
#include "model/static/token_table.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "simd/kernels.hpp"

namespace isogloss::model {
namespace {

using formats::TensorType;
using formats::TensorView;

// The numbers of a tensor as floats. False: a type that holds no floats.
bool widen(const TensorView& tensor, std::span<float> out) {
  const std::size_t n = tensor.elements();
  const void* const data = tensor.bytes.data();
  const simd::Kernels& k = simd::kernels();
  switch (tensor.type) {
    case TensorType::f32:
      std::memcpy(out.data(), data, n * sizeof(float));
      return true;
    case TensorType::f16:
    case TensorType::bf16: {
      std::vector<std::uint16_t> narrow(n);
      std::memcpy(narrow.data(), data, n * sizeof(std::uint16_t));
      (tensor.type == TensorType::f16 ? k.f16_to_f32 : k.bf16_to_f32)(narrow.data(), out.data(), n);
      return true;
    }
    case TensorType::f64: {
      for (std::size_t i = 0; i < n; ++i) {
        double value;
        std::memcpy(&value, static_cast<const char*>(data) + i * sizeof value, sizeof value);
        out[i] = static_cast<float>(value);
      }
      return true;
    }
    default:
      return false;
  }
}

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
  std::span<const std::byte> bytes;
  if (files.may_be_mapped()) {
    table.mapped_ = std::make_shared<MappedFile>(IG_TRY(MappedFile::open(files.path(name))));
    bytes = table.mapped_->bytes();
  } else {
    table.bytes_ = std::make_shared<const std::string>(IG_TRY(files.read(name)));
    bytes = std::as_bytes(std::span(*table.bytes_));
  }
  const auto tensors = IG_TRY(formats::SafeTensors::parse(bytes, where));
  IG_TRY(table.read(tensors, where));
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
    if (!widen(*weights, weights_)) return fail(Code::corrupt_data, where + ": tensor 'weights' holds no floats.");
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
  if (widen(matrix, own_f32_)) return {};
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
  const simd::Kernels& k = simd::kernels();
  if (is_int8()) {
    // All rows are asked for before the first is needed: a table is larger than the cache of a core.
    for (const std::uint32_t row : scratch.rows) {
      const std::int8_t* const start = i8_.data() + row * dim_;
      for (std::size_t at = 0; at < out.size(); at += 64) __builtin_prefetch(start + at);
    }
    k.gather_sum_i8(scratch.weights.data(), scratch.rows.data(), ids.size(), i8_.data(), dim_, out.size(), out.data());
  } else {
    k.gather_sum(scratch.weights.data(), scratch.rows.data(), ids.size(), own_f32_.data(), dim_, out.size(),
                 out.data());
  }
}

void TokenTable::vector(std::uint32_t id, std::span<float> out) const {
  Scratch scratch;
  sum({&id, 1}, scratch, out);
}

}  // namespace isogloss::model
