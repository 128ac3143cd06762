// SPDX-License-Identifier: Apache-2.0
// For tests of this folder: texts of the shared test data and small short cuts.
#pragma once

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "core/test_support.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss::tokens {

inline std::vector<std::string> lines_of(const std::filesystem::path& file, std::size_t limit) {
  std::ifstream in(file, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; lines.size() < limit && std::getline(in, line);) lines.push_back(line);
  return lines;
}

// Lines of every file below `folder`.
inline std::vector<std::string> lines_below(const std::filesystem::path& folder, std::size_t per_file) {
  std::vector<std::string> lines;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    for (std::string& line : lines_of(entry.path(), per_file)) lines.push_back(std::move(line));
  }
  return lines;
}

inline std::vector<std::string> terms_of(const AnalyzerSpec& spec, std::string_view text) {
  std::vector<Term> terms;
  make_analyzer(spec).value()->analyze(text, terms);
  std::vector<std::string> out;
  for (const Term& term : terms) out.push_back(term.text);
  return out;
}

inline std::vector<std::string> terms_of(std::string_view preset, std::string_view text) {
  return terms_of(analyzer_preset(preset).value(), text);
}

}  // namespace isogloss::tokens
