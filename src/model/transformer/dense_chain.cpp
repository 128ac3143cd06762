// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/dense_chain.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace isogloss::model {

Status DenseChain::add(const nn::TensorSource& tensors, const std::string& name, std::size_t outputs,
                       std::size_t inputs, nn::Activation activation) {
  nn::LinearWeights weights;
  weights.outputs = outputs;
  weights.inputs = inputs;
  weights.weight = IG_TRY(tensors.read(name + ".weight", {outputs, inputs}));
  if (tensors.has(name + ".bias")) weights.bias = IG_TRY(tensors.read(name + ".bias", {outputs}));
  const std::string section = std::to_string(steps_.size());
  nn::PackedLinear::pack(weights, nn::Compute::f32, nn::encoder_kernels(), section, sections_);
  Step step;
  step.linear = nn::PackedLinear(outputs, inputs, false, nn::Compute::f32, nn::encoder_kernels(), section, sections_);
  step.inputs = inputs;
  step.activation = activation;
  steps_.push_back(std::move(step));
  return {};
}

Status DenseChain::add_norm(const nn::TensorSource& tensors, const std::string& name, std::size_t n, float eps) {
  IG_ASSERT(!steps_.empty());
  Step& last = steps_.back();
  last.gamma = IG_TRY(tensors.read(name + ".weight", {n}));
  if (tensors.has(name + ".bias")) last.beta = IG_TRY(tensors.read(name + ".bias", {n}));
  last.eps = eps;
  return {};
}

std::size_t DenseChain::outputs() const { return steps_.back().linear.outputs(); }

void DenseChain::run(std::vector<float>& rows, std::size_t count) const {
  const nn::EncoderKernels& kernels = nn::encoder_kernels();
  for (const Step& step : steps_) {
    const std::size_t in_stride = nn::row_stride(step.inputs);
    const std::size_t out_stride = step.linear.result_stride();
    const std::size_t outputs = step.linear.outputs();
    math::AlignedVector<float> from;
    from.assign(count * in_stride, 0.0F);
    for (std::size_t r = 0; r < count; ++r) std::copy_n(&rows[r * step.inputs], step.inputs, &from[r * in_stride]);
    math::AlignedVector<float> to;
    to.assign(count * out_stride, 0.0F);
    nn::Rows view;
    view.f32 = from.data();
    view.stride = in_stride;
    view.count = count;
    nn::Destination destination;
    destination.activation = step.activation;
    destination.f32 = to.data();
    destination.stride = out_stride;
    step.linear.run(view, destination, {0, step.linear.panels()});
    if (!step.gamma.empty()) {
      kernels.normalize(nn::Norm::layer, to.data(), out_stride, count, outputs, step.gamma.data(),
                        step.beta.empty() ? nullptr : step.beta.data(), step.eps, to.data(), nullptr);
    }
    rows.resize(count * outputs);
    for (std::size_t r = 0; r < count; ++r) std::copy_n(&to[r * out_stride], outputs, &rows[r * outputs]);
  }
}

}  // namespace isogloss::model
