// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "isogloss/collection.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss::runtime {

// What a collection was made with, as kept in its truth.
struct Settings {
  std::string model = "fit:lsa";  // canonical reference; "none" = lexical search only
  AnalyzerSpec analyzer;
  double k1 = 1.2;
  double b = 0.75;
  ChunkOptions chunk;
};

// Defaults, with what the options ask for.
Result<Settings> new_settings(const CollectionOptions& options);
// Stored values back; Error{corrupt_data} when one is malformed.
Result<Settings> settings_from(const std::map<std::string, std::string>& values);
std::map<std::string, std::string> settings_values(const Settings& settings);
// Error{mismatch} when the options ask for another model, analyzer or chunking than the collection has; k1 and b are
// taken over.
Status reconcile(const CollectionOptions& options, const std::string& collection, Settings& settings);

}  // namespace isogloss::runtime
