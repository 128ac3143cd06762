// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/encoders.hpp"

#include "model/transformer/hub_tensors.hpp"

namespace isogloss::model {

Result<nn::Compute> parse_compute(std::string_view name) {
  if (name == "auto") return nn::encoder_kernels().has_bf16 ? nn::Compute::bf16 : nn::Compute::f32;
  for (const nn::Compute compute : {nn::Compute::f32, nn::Compute::bf16, nn::Compute::int8}) {
    if (nn::compute_name(compute) == name) return compute;
  }
  return fail(Code::invalid_argument, "'" + std::string(name) + "' is no arithmetic of this model: auto, f32, bf16 and "
                                      "int8 are.");
}

Result<std::shared_ptr<const nn::Encoder>> Encoders::get(nn::Compute compute, Context& context) const {
  const std::lock_guard lock(mutex_);
  auto& encoder = made_[static_cast<std::size_t>(compute)];
  if (encoder == nullptr) encoder = IG_TRY(make(compute, context));
  return encoder;
}

Result<std::shared_ptr<const nn::Encoder>> Encoders::make(nn::Compute compute, Context& context) const {
  const nn::EncoderKernels& kernels = nn::encoder_kernels();
  const std::unique_ptr<HubTensors> tensors = IG_TRY(HubTensors::open(files_, ""));
  nn::Sections sections = IG_TRY(nn::pack_encoder(architecture_, *tensors, compute, kernels, context));
  return std::make_shared<const nn::Encoder>(architecture_.config, compute, kernels, std::move(sections));
}

WorkspacePool::Lease WorkspacePool::take() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) return {*this, std::make_unique<nn::Workspace>()};
  std::unique_ptr<nn::Workspace> workspace = std::move(free_.back());
  free_.pop_back();
  return {*this, std::move(workspace)};
}

void WorkspacePool::give_back(std::unique_ptr<nn::Workspace> workspace) {
  const std::lock_guard lock(mutex_);
  if (workspace != nullptr && free_.size() < kMostKept) free_.push_back(std::move(workspace));
}

}  // namespace isogloss::model
