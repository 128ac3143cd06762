// SPDX-License-Identifier: Apache-2.0
// Search options of a request.
#pragma once

#include <vector>

#include "isogloss/collection.hpp"
#include "serve/route.hpp"

namespace isogloss::serve {

// query, n, mode, where, mmr, group_by_document, rerank, exact.
std::vector<Field> search_fields();
Result<SearchOptions> search_options(const Call& call);

// The pool and the cancel switch of a request.
Context context_of(const Call& call);

}  // namespace isogloss::serve
