// SPDX-License-Identifier: Apache-2.0
// Numbers and switches of a config.json, with the older names of keys, defaults and ranges.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.hpp"
#include "isogloss/result.hpp"
#include "nn/encoder/config.hpp"

namespace isogloss::nn {

class ConfigReader {
 public:
  using Keys = std::initializer_list<std::string_view>;

  ConfigReader(const Json& json, std::string_view where) : json_(json), where_(where) {}

  // The value of the first key that is there and not null.
  std::size_t count(Keys keys, std::size_t fallback, std::size_t most = kMost);
  std::size_t required(Keys keys, std::size_t most = kMost);
  double number(Keys keys, double fallback) const;
  bool flag(Keys keys, bool fallback) const;
  std::string text(Keys keys, std::string_view fallback) const;
  const Json* find(Keys keys) const;
  Activation activation(Keys keys, std::string_view fallback);
  // Vocabulary, layers, width, heads and inner width, by every name they go under. `inner` = 0: it must be there, else
  // what stands for it when it is not.
  EncoderConfig dimensions(std::size_t (*inner)(std::size_t hidden) = nullptr);
  // rope_parameters, rope_scaling and rope_theta, of `section` within them where a file has one per kind of layer.
  Rotary rotary(std::size_t dims, double theta, std::string_view section = {});
  // The kinds of layers as a file names them, or by the rule that every n-th one, counted from `first`, sees all.
  std::vector<bool> layers_that_see_all(std::size_t layers, std::size_t every, std::size_t first) const;
  // A thing this encoder does not do.
  void refuse(std::string what);

  // What was wrong, the first of it.
  Status status() const;

  static constexpr std::size_t kMost = 1U << 24;

 private:
  void complain(std::string message);
  const Json& json_;
  std::string where_;
  std::optional<std::string> problem_;
  Code code_ = Code::corrupt_data;
};

}  // namespace isogloss::nn
