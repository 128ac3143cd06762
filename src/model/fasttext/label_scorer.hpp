// SPDX-License-Identifier: Apache-2.0
// From the mean of a text's rows to the probabilities of labels, for each of fastText's losses.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "formats/fasttext_file.hpp"
#include "isogloss/model.hpp"
#include "math/product_quantizer.hpp"

namespace isogloss::model {

math::ProductCodes codes_of(const formats::FasttextMatrix& matrix);

class LabelScorer {
 public:
  LabelScorer() = default;
  // Error{corrupt_data}: counts of labels that no tree can be made of. REQUIRES: `file` outlives the scorer.
  static Result<LabelScorer> make(const formats::FasttextFile& file, std::string_view where);

  // The k most probable labels, best first, ties by number. hidden: (dim)
  std::vector<LabelScore> best(std::span<const float> hidden, std::size_t k) const;

 private:
  struct Branches {
    std::int64_t zero, one;  // an inner node, or ~label
  };
  void build_tree();
  std::vector<LabelScore> walk_tree(std::span<const float> hidden, std::size_t k) const;
  float dot(std::size_t row, std::span<const float> hidden) const;

  const formats::FasttextFile* file_ = nullptr;
  std::vector<Branches> tree_;  // (labels - 1), the root last
};

}  // namespace isogloss::model
