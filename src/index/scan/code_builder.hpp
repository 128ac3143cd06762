// SPDX-License-Identifier: Apache-2.0
// The codes of a whole index at once: centre, lists, codes, calibration. Same bits at any number of threads.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "index/scan/lists.hpp"
#include "index/scan/row_coding.hpp"
#include "isogloss/context.hpp"

namespace isogloss::index {

// From this many rows on lists are made.
inline constexpr std::size_t kLeastListed = 32768;
// From this many on the recall is calibrated: with fewer rows the normal distribution of errors has to do, which is on
// the safe side.
inline constexpr std::size_t kLeastCalibrated = 8192;

struct ListBuffer {
  std::vector<std::uint32_t> starts, row_of, position;
  std::vector<std::uint16_t> centres;
  std::vector<float> adds, radii;
  ListArrays view() const { return {starts, centres, adds, radii, row_of, position}; }
};

struct BuiltCodes {
  std::shared_ptr<const Coder> coder;
  std::unique_ptr<CodeBuffer> codes;  // null: too few rows, or too long ones
  ListBuffer lists;                   // empty below kLeastListed
  std::optional<Calibration> calibration;
  double largest = 0;    // |x|
  double deviation = 0;  // Spread::deviation
};

// Error{cancelled}.
Result<BuiltCodes> build_codes(std::size_t count, std::size_t dim, Metric metric, const ReadRow& read,
                               const Context& context);
// The codes of some rows beside others whose coder there is: no lists, no calibration. Error{cancelled}.
Result<BuiltCodes> build_changes(std::size_t count, std::shared_ptr<const Coder> coder, const ReadRow& read,
                                 const Context& context);

}  // namespace isogloss::index
