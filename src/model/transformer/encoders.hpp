// SPDX-License-Identifier: Apache-2.0
// The encoder of a model in the arithmetics that calls ask for, each packed when it is first wanted and kept.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>

#include "isogloss/family.hpp"
#include "nn/encoder/encoder.hpp"

namespace isogloss::model {

// How far one encoder's vectors are from another's, over texts that the model itself chose.
struct Fidelity {
  double mean = 1;  // cosine
  double least = 1;
};
using Compare = std::function<Result<Fidelity>(const nn::Encoder& exact, const nn::Encoder& candidate)>;
// What the layers of an exact encoder read when it runs over these texts.
using Observe = std::function<Result<nn::InputPeaks>(const nn::Encoder& exact)>;

// What int8 must reach to be used at all (design: quality before speed).
inline constexpr Fidelity kInt8Gate{0.995, 0.98};

class Encoders {
 public:
  Encoders(FileSet files, nn::Architecture architecture)
      : files_(std::move(files)), architecture_(std::move(architecture)) {}

  // Prepares and measures int8 when it is packed; without them int8 is not offered.
  void set_probes(Observe observe, Compare compare) {
    observe_ = std::move(observe);
    compare_ = std::move(compare);
  }

  const nn::EncoderConfig& config() const { return architecture_.config; }
  const FileSet& files() const { return files_; }
  // SHA-256 over the tensors, remembered while the files do not change.
  Result<std::string> weights_hash() const;
  // Error{unsupported}: int8 was asked for and its vectors are too far from f32's, with the figures.
  // Thread-safe; the first call for an arithmetic maps the packed weights, or reads and packs them.
  Result<std::shared_ptr<const nn::Encoder>> get(nn::Compute compute, Context& context) const;

 private:
  Result<std::shared_ptr<const nn::Encoder>> make(nn::Compute compute, Context& context) const;
  Result<nn::Sections> pack_int8(const nn::TensorSource& tensors, Context& context) const;
  Result<std::vector<std::size_t>> by_damage(const nn::TensorSource& tensors, const nn::Encoder& exact,
                                             const nn::InputPeaks& peaks, Context& context) const;
  Result<std::shared_ptr<const nn::Encoder>> pack_with(const nn::TensorSource& tensors, nn::Compute compute,
                                                       const std::set<std::size_t>& keep_bf16,
                                                       const nn::InputPeaks& peaks, Context& context) const;
  void keep(nn::Sections& sections, const std::string& key, Context& context) const;

  FileSet files_;
  nn::Architecture architecture_;
  Observe observe_;
  Compare compare_;
  mutable std::mutex mutex_;
  mutable std::array<std::shared_ptr<const nn::Encoder>, 3> made_;  // by Compute
};

// "auto": bf16 where the CPU multiplies it faster, else f32; a rule, never a timing. Error{invalid_argument} names the
// known ones.
Result<nn::Compute> parse_compute(std::string_view name);

// Workspaces that calls share, so that a call allocates nothing once the first ones have run.
class WorkspacePool {
 public:
  class Lease {
   public:
    Lease(WorkspacePool& pool, std::unique_ptr<nn::Workspace> workspace)
        : pool_(pool), workspace_(std::move(workspace)) {}
    ~Lease() { pool_.give_back(std::move(workspace_)); }
    Lease(const Lease&) = delete;
    nn::Workspace& operator*() { return *workspace_; }

   private:
    WorkspacePool& pool_;
    std::unique_ptr<nn::Workspace> workspace_;
  };
  Lease take();

 private:
  void give_back(std::unique_ptr<nn::Workspace> workspace);
  static constexpr std::size_t kMostKept = 64;
  std::mutex mutex_;
  std::vector<std::unique_ptr<nn::Workspace>> free_;
};

}  // namespace isogloss::model
