// SPDX-License-Identifier: Apache-2.0
// Boxes and moments of a document, as blobs of fixed-size records in the order of the text, so that those of a span are
// found by binary search in the blob (docs/formats/collection.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "isogloss/input.hpp"
#include "store/truth/database.hpp"

namespace isogloss::store {

std::string pack_boxes(const std::vector<Box>& boxes);
std::string pack_moments(const std::vector<Moment>& moments);

// Those that touch the span. Error{corrupt_data} when the blob is no whole number of records.
Result<std::vector<Box>> read_boxes(Database& database, std::int64_t document_row, Span at);
Result<std::vector<Moment>> read_moments(Database& database, std::int64_t document_row, Span at);

}  // namespace isogloss::store
