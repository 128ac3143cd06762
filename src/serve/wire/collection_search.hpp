// SPDX-License-Identifier: Apache-2.0
// What routes on collections share.
#pragma once

#include <vector>

#include "isogloss/collection.hpp"
#include "serve/route.hpp"

namespace isogloss::serve {

// query, vector, n, mode, where, mmr, group_by_document, rerank, exact.
std::vector<Field> search_fields();
Result<SearchOptions> search_options(const Call& call);

// A filter in the form of OpenAI's vector stores, in our language: {"type":"eq","key":"lang","value":"en"} becomes lang
// = "en". Error{invalid_argument}.
Result<std::string> filter_of(const Json& filter);

// The reference behind the name of a served model, empty = the first; "none". No path from a request is opened.
Result<std::string> reference_of(const Call& call, const Json& model);

// A collection gets its vectors when its first documents are there; from then on each document brings its own.
Status give_vectors(Collection& collection, Context& context);

// The pool and the cancel switch of a request.
Context context_of(const Call& call);

}  // namespace isogloss::serve
