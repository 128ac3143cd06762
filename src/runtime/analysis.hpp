// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "isogloss/store.hpp"
#include "isogloss/tokens.hpp"
#include "tokens/analysis/term_table.hpp"

namespace isogloss::runtime {

// Text -> term counts by the collection's analyzer. Thread-safe: keeps one term table per thread at work, so that a word
// is stemmed once; a table that has grown large is thrown away.
class TermCounter {
 public:
  static Result<std::unique_ptr<TermCounter>> make(const AnalyzerSpec& spec);
  void count(std::string_view text, TermCounts& out);
  const AnalyzerSpec& spec() const { return spec_; }

 private:
  struct Bench;
  TermCounter(AnalyzerSpec spec, tokens::TextAnalyzerPtr analyzer);
  std::unique_ptr<Bench> take();
  void give_back(std::unique_ptr<Bench> bench);

  AnalyzerSpec spec_;
  tokens::TextAnalyzerPtr analyzer_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Bench>> idle_;

 public:
  ~TermCounter();
};

}  // namespace isogloss::runtime
