// SPDX-License-Identifier: Apache-2.0
// What a long training leaves behind on its way, so that it can go on after an interruption: its tensors in one
// safetensors file, which is replaced as a whole, and the mark of the run it belongs to.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>

#include "formats/model_folder.hpp"
#include "formats/safetensors.hpp"
#include "isogloss/family.hpp"

namespace isogloss::training {

class Checkpoint {
 public:
  // mark: a hash of all that has to be equal for a run to go on: options, seed, text.
  Checkpoint(const TrainingRun& run, std::string mark)
      : path_(run.checkpoint), every_(run.every), mark_(std::move(mark)) {}

  bool wanted() const { return !path_.empty(); }
  // Has the time since the last one passed?
  bool due() const { return wanted() && Clock::now() - last_ >= every_; }
  // Replaces the file.
  Status write(formats::SafeTensorsWriter tensors);
  // What was written last; nothing when there is no file. Error{already_exists} when it is of another
  // run, Error{corrupt_data}.
  Result<std::optional<formats::TensorFile>> read() const;
  const std::filesystem::path& path() const { return path_; }

 private:
  using Clock = std::chrono::steady_clock;
  std::filesystem::path path_;
  std::chrono::duration<double> every_;
  std::string mark_;
  Clock::time_point last_ = Clock::now();
};

}  // namespace isogloss::training
