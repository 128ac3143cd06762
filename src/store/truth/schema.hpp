// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "store/truth/database.hpp"

namespace isogloss::store {

inline constexpr int kStoreFormat = 2;

// Makes the tables of a new database, or checks the format of an old one and migrates it upwards in one transaction,
// after a copy of the file beside it (db.sqlite.format-1). Error{unsupported} names a newer format. REQUIRES: the write
// lock is held.
Status prepare_schema(Database& database, const std::filesystem::path& file);

// Its format. Error{unsupported} when it is newer than this program, Error{corrupt_data} when it is no collection.
Result<int> format_of(Database& database, const std::filesystem::path& file);

}  // namespace isogloss::store
