// SPDX-License-Identifier: Apache-2.0
// Which texts say the same as an earlier one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heads/features.hpp"
#include "isogloss/heads.hpp"

namespace isogloss::heads {

// For every text the first one with the same words in the same order: runs of white space are one blank, none at the
// ends. Its own number when it is the first. (texts)
std::vector<std::size_t> first_equals(std::span<const std::string> texts);

// For every row the first earlier one that is kept and whose cosine is at least `threshold`; its own number when there
// is none, and it is kept. Rows of zeros are near nothing. A pair above the
// threshold is missed with a probability of about 10^-8. (rows)
// Error{unsupported}: sparse rows.
Result<std::vector<Duplicate>> first_near(const Features& rows, double threshold, Context& context);

}  // namespace isogloss::heads
