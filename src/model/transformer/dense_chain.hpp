// SPDX-License-Identifier: Apache-2.0
// Linear layers behind the pooling, in f32: Dense modules, the heads of classifiers.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "nn/encoder/packed_linear.hpp"
#include "nn/encoder/tensor_source.hpp"

namespace isogloss::model {

class DenseChain {
 public:
  // Appends y = activation(x W^T + b), W = tensor `name`.weight (outputs, inputs). Error as of TensorSource::read.
  Status add(const nn::TensorSource& tensors, const std::string& name, std::size_t outputs, std::size_t inputs,
             nn::Activation activation);
  // Appends a norm of what the last layer gives.
  Status add_norm(const nn::TensorSource& tensors, const std::string& name, std::size_t n, float eps);
  bool empty() const { return steps_.empty(); }
  std::size_t outputs() const;
  // Replaces rows (count, n) by (count, outputs()); both without gaps.
  void run(std::vector<float>& rows, std::size_t count) const;

 private:
  struct Step {
    nn::PackedLinear linear;
    std::size_t inputs = 0;
    nn::Activation activation = nn::Activation::none;
    std::vector<float> gamma, beta;  // of a norm behind it; empty = none
    float eps = 0;
  };
  nn::Sections sections_;
  std::vector<Step> steps_;
};

}  // namespace isogloss::model
