// SPDX-License-Identifier: Apache-2.0
// Named tensors of a model, whatever file they come from, as f32.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::nn {

class TensorSource {
 public:
  virtual ~TensorSource() = default;
  virtual bool has(std::string_view name) const = 0;
  // The extents of a tensor; empty when there is none of that name.
  virtual std::vector<std::size_t> shape(std::string_view name) const = 0;
  // The values of a tensor of exactly this shape. Error{corrupt_data} names file, tensor and what is wrong: absent, of
  // another shape, of a type that is no number.
  virtual Result<std::vector<float>> read(std::string_view name, std::span<const std::size_t> shape) const = 0;
  Result<std::vector<float>> read(std::string_view name, std::initializer_list<std::size_t> shape) const {
    return read(name, std::span(shape.begin(), shape.size()));
  }
  virtual const std::string& where() const = 0;  // for messages
};

}  // namespace isogloss::nn
