// SPDX-License-Identifier: Apache-2.0
// Words that stand together far more often than by chance, joined to one: "new york" becomes "new_york".
//
//   score(a b) = (count(a b) - min_count) / (count(a) count(b)) * words of the text      (Mikolov et al. 2013b, eq. 6)
//
// as word2phrase (tmikolov/word2vec 20c129a) has it, with the words of the text in place of a free factor. A level
// joins from left to right and never a word twice; the next level sees the joined words, so that two levels make
// phrases of up to four.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "isogloss/family.hpp"
#include "tokens/analysis/word_map.hpp"

namespace isogloss::vectors {

class Phrases {
 public:
  // Calls word(view) for every word of a record, phrases not joined.
  using Split = std::function<void(const Record& record, const std::function<void(std::string_view)>& word)>;

  // Learns `levels` levels, two passes over the text each.
  static Result<Phrases> learn(const Dataset& data, const Split& split, std::size_t levels, double threshold,
                               std::uint64_t min_count, Context& context);

  bool empty() const { return levels_.empty(); }
  std::size_t size() const;  // phrases of all levels
  // Joins what belongs together, in place.
  void join(std::vector<std::string>& words) const;

 private:
  std::vector<tokens::WordMap> levels_;  // joined words
};

}  // namespace isogloss::vectors
