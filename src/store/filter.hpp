// SPDX-License-Identifier: Apache-2.0
// The filter language of searches (docs/guide/filters.md):
//
//   year >= 2024 and (lang = "en" or lang in ("de", "fr")) and not title like "draft%" and deleted is null
//
// Fields are metadata of rows and documents, and the built-in path, name, title, type, heading, page, chunk and modified
// (ISO date and time, UTC). Comparisons are between values of one kind: numbers with numbers, text with text (by bytes),
// truth values with true and false. A chunk that lacks a field, or has another kind there, matches neither a comparison
// with it nor that comparison's negation.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/input.hpp"
#include "isogloss/result.hpp"

namespace isogloss::store {

enum class FilterOp { all_of, any_of, negation, equal, not_equal, less, less_equal, greater, greater_equal, in, like, is_null };

struct Filter {
  FilterOp op = FilterOp::all_of;
  std::vector<Filter> children;    // of all_of, any_of, negation
  std::string field;               // of the others
  std::vector<MetaValue> values;   // one, or many for `in`; none for is_null
};

// Error{invalid_argument} shows the place. Nesting is limited to 64 levels.
Result<Filter> parse_filter(std::string_view text);

// SQL's LIKE without case folding: % = any run, _ = one code point, backslash makes the next character literal.
bool like_match(std::string_view pattern, std::string_view text);

}  // namespace isogloss::store
