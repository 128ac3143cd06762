// SPDX-License-Identifier: Apache-2.0
#include "model/transformer/encoders.hpp"

#include <algorithm>

#include "core/file.hpp"
#include "core/hash.hpp"
#include "core/packed_cache.hpp"
#include "model/transformer/weights.hpp"

namespace isogloss::model {
namespace {

constexpr int kPackedFormat = 2;  // raised whenever the layout of sections changes

}  // namespace

Result<nn::Compute> parse_compute(std::string_view name) {
  if (name == "auto") return nn::encoder_kernels().has_bf16 ? nn::Compute::bf16 : nn::Compute::f32;
  for (const nn::Compute compute : {nn::Compute::f32, nn::Compute::bf16, nn::Compute::int8}) {
    if (nn::compute_name(compute) == name) return compute;
  }
  return fail(Code::invalid_argument, "'" + std::string(name) +
                                          "' is no arithmetic of this model: auto, f32, bf16 and "
                                          "int8 are.");
}

Result<std::shared_ptr<const nn::Encoder>> Encoders::get(nn::Compute compute, Context& context) const {
  const std::lock_guard lock(mutex_);
  auto& encoder = made_[static_cast<std::size_t>(compute)];
  if (encoder == nullptr) encoder = IG_TRY(make(compute, context));
  return encoder;
}

// One value for all files: a change of any makes another name.
Result<std::string> Encoders::weights_hash() const {
  const std::vector<std::string> names = IG_TRY(weight_files(files_, ""));
  const PackedCache* const cache = files_.cache();
  const std::filesystem::path first = files_.path(names.front());
  std::string what = "tensors";
  for (const std::string& name : names) {
    what += "-" + std::to_string(IG_TRY(files_.size(name)));
    const auto stamp = stat_file(files_.path(name));
    if (stamp) what += "-" + std::to_string(stamp->mtime_ns) + "-" + std::to_string(stamp->inode);
  }
  what = "tensors-" + sha256_hex(what).substr(0, 16);
  if (cache != nullptr && !first.empty()) {
    if (auto known = cache->remembered(first, what)) return *std::move(known);
  }
  const std::unique_ptr<Weights> tensors = IG_TRY(open_weights(files_, ""));
  std::string hash = IG_TRY(tensors->hash());
  if (cache != nullptr && !first.empty()) cache->remember(first, what, hash);
  return hash;
}

Result<std::shared_ptr<const nn::Encoder>> Encoders::make(nn::Compute compute, Context& context) const {
  const nn::EncoderKernels& kernels = nn::encoder_kernels();
  const PackedCache* const cache = files_.cache();
  std::string key;
  if (cache != nullptr) {
    key = "encoder" + std::to_string(kPackedFormat) + "-" + IG_TRY(weights_hash()).substr(0, 32) + "-" +
          std::string(nn::compute_name(compute)) + "-" + std::string(simd::level_name(simd::active_level()));
    if (const auto path = cache->find(key)) {
      auto mapped = nn::Sections::open(*path, key);
      if (mapped && nn::Encoder::fits(architecture_.config, compute, kernels, *mapped)) {
        return std::make_shared<const nn::Encoder>(architecture_.config, compute, kernels, *std::move(mapped));
      }
    }
  }
  const std::unique_ptr<Weights> tensors = IG_TRY(open_weights(files_, ""));
  nn::Sections sections = compute == nn::Compute::int8
                              ? IG_TRY(pack_int8(*tensors, context))
                              : IG_TRY(nn::pack_encoder(architecture_, *tensors, compute, kernels, context));
  if (cache != nullptr) keep(sections, key, context);
  return std::make_shared<const nn::Encoder>(architecture_.config, compute, kernels, std::move(sections));
}

Result<std::shared_ptr<const nn::Encoder>> Encoders::pack_with(const nn::TensorSource& tensors, nn::Compute compute,
                                                               const std::set<std::size_t>& keep_bf16,
                                                               const nn::InputPeaks& peaks, Context& context) const {
  const nn::EncoderKernels& kernels = nn::encoder_kernels();
  nn::Sections sections = IG_TRY(nn::pack_encoder(architecture_, tensors, compute, kernels, context, keep_bf16, peaks));
  return std::make_shared<const nn::Encoder>(architecture_.config, compute, kernels, std::move(sections));
}

// The layers by what int8 in that layer alone does to the vectors, the worst first.
Result<std::vector<std::size_t>> Encoders::by_damage(const nn::TensorSource& tensors, const nn::Encoder& exact,
                                                     const nn::InputPeaks& peaks, Context& context) const {
  const std::size_t layers = architecture_.config.layers;
  std::vector<std::pair<double, std::size_t>> order;
  for (std::size_t i = 0; i < layers; ++i) {
    std::set<std::size_t> others;
    for (std::size_t k = 0; k < layers; ++k) {
      if (k != i) others.insert(k);
    }
    const auto candidate = IG_TRY(pack_with(tensors, nn::Compute::int8, others, peaks, context));
    order.emplace_back(IG_TRY(compare_(exact, *candidate)).least, i);
  }
  std::ranges::sort(order);
  std::vector<std::size_t> out;
  for (const auto& [least, layer] : order) out.push_back(layer);
  return out;
}

// int8 throughout when its vectors pass the gate; else the layers that do the most damage keep bf16, one by one, up to
// half of them; else int8 is refused.
Result<nn::Sections> Encoders::pack_int8(const nn::TensorSource& tensors, Context& context) const {
  if (!compare_)
    return fail(Code::unsupported, "int8 is not offered for this kind of model: its quality cannot be measured.");
  const auto exact = IG_TRY(pack_with(tensors, nn::Compute::f32, {}, {}, context));
  const nn::InputPeaks peaks = IG_TRY(observe_(*exact));
  std::set<std::size_t> kept;
  std::vector<std::size_t> worst;
  for (;;) {
    const auto candidate = IG_TRY(pack_with(tensors, nn::Compute::int8, kept, peaks, context));
    const Fidelity found = IG_TRY(compare_(*exact, *candidate));
    const std::string figures =
        "cosine to f32 " + std::to_string(found.mean) + " on average, " + std::to_string(found.least) + " at least";
    if (found.mean >= kInt8Gate.mean && found.least >= kInt8Gate.least) {
      context.say(LogLevel::info, "int8: " + figures + ", " + std::to_string(kept.size()) + " of " +
                                      std::to_string(architecture_.config.layers) + " layers in bf16");
      return nn::Sections(candidate->sections());
    }
    if (worst.empty()) worst = IG_TRY(by_damage(tensors, *exact, peaks, context));
    if (2 * (kept.size() + 1) > worst.size()) {
      return fail(Code::unsupported, "int8 is refused for this model: " + figures +
                                         " even with half of its layers in bf16; " + std::to_string(kInt8Gate.mean) +
                                         " and " + std::to_string(kInt8Gate.least) + " are asked. Use --compute bf16.");
    }
    kept.insert(worst[kept.size()]);
  }
}

// Writes the packed weights for later runs and goes on with the mapped file, which other processes share. What cannot
// be kept is packed again next time.
void Encoders::keep(nn::Sections& sections, const std::string& key, Context& context) const {
  const auto path = files_.cache()->place(key, sections.bytes());
  const Status written = path ? sections.write(*path, key) : Status(std::unexpected(path.error()));
  if (!written) return context.say(LogLevel::info, "packed weights are not kept: " + written.error().message);
  if (auto mapped = nn::Sections::open(*path, key)) sections = *std::move(mapped);
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
