// SPDX-License-Identifier: Apache-2.0
// What the term index and its builder share.
#pragma once

#include "isogloss/index.hpp"

namespace isogloss::index {

Status check_options(const TermIndexOptions& options);
// Whether a count can be kept: the kernels read it as a signed number.
inline bool is_count(std::uint32_t count) { return count != 0 && count <= 0x7fffffffU; }
// The refusal of a document for a term with a count that cannot, or one that stands twice.
std::unexpected<Error> bad_term(std::int64_t document, const TermCount& entry);

}  // namespace isogloss::index
