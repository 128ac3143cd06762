// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace isogloss::evaluation {

// Share of items that belong to the most frequent class of their cluster; 0 of nothing. clusters (n), classes (n)
double purity(std::span<const std::uint32_t> clusters, std::span<const std::uint32_t> classes);

}  // namespace isogloss::evaluation
