// SPDX-License-Identifier: Apache-2.0
// Groups of texts by their vectors, and the words that set a group apart.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heads/features.hpp"
#include "isogloss/heads.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss::heads {

// Groups of the rows by options.method. REQUIRES: rows of length 1, as everywhere here. Texts of none have -1. Clusters
// are numbered by size, the largest first. Error{unsupported}: sparse rows.
Result<std::vector<std::int32_t>> cluster_rows(const Features& unit, const ClusterOptions& options,
                                               const Context& context);

// The words of every cluster that it has oftener than the others, best first (class-based TF-IDF; Grootendorst,
// "BERTopic", 2022, equation 2): share of the cluster's words times ln(1 + mean words of a cluster / occurrences in
// all).
std::vector<std::vector<WordScore>> cluster_terms(std::span<const std::string> texts,
                                                  std::span<const std::int32_t> cluster, std::size_t clusters,
                                                  std::size_t terms, const Analyzer& analyzer);

// The row nearest to the mean of each cluster. (clusters)
std::vector<std::size_t> central_rows(const Features& unit, std::span<const std::int32_t> cluster,
                                      std::size_t clusters);

}  // namespace isogloss::heads
