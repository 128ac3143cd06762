// SPDX-License-Identifier: Apache-2.0
// The encoder of a model in the arithmetics that calls ask for, each packed when it is first wanted and kept.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <string_view>

#include "isogloss/family.hpp"
#include "nn/encoder/encoder.hpp"

namespace isogloss::model {

class Encoders {
 public:
  Encoders(FileSet files, nn::Architecture architecture) : files_(std::move(files)), architecture_(std::move(architecture)) {}

  const nn::EncoderConfig& config() const { return architecture_.config; }
  const FileSet& files() const { return files_; }
  // SHA-256 over the tensors, remembered while the files do not change.
  Result<std::string> weights_hash() const;
  // Thread-safe; the first call for an arithmetic maps the packed weights, or reads and packs them.
  Result<std::shared_ptr<const nn::Encoder>> get(nn::Compute compute, Context& context) const;

 private:
  Result<std::shared_ptr<const nn::Encoder>> make(nn::Compute compute, Context& context) const;
  void keep(nn::Sections& sections, const std::string& key, Context& context) const;

  FileSet files_;
  nn::Architecture architecture_;
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
    Lease(WorkspacePool& pool, std::unique_ptr<nn::Workspace> workspace) : pool_(pool), workspace_(std::move(workspace)) {}
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
