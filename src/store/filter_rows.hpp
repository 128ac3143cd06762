// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "store/filter.hpp"
#include "store/truth/database.hpp"

namespace isogloss::store {

// The chunks of finished documents, kept between searches and caught up from the change log. Not thread-safe; always
// used with the same database.
class VisibleChunks {
 public:
  VisibleChunks();
  ~VisibleChunks();

  // Numbers of the visible chunks that match the filter, ascending.
  Result<std::vector<std::int64_t>> matching(Database& database, const Filter& filter);
  // Numbers of all visible chunks, ascending.
  Result<std::vector<std::int64_t>> all(Database& database);

 private:
  struct State;
  Status catch_up(Database& database);
  std::unique_ptr<State> state_;
};

}  // namespace isogloss::store
