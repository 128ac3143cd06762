// SPDX-License-Identifier: Apache-2.0
// For the tests of families of word vectors: a text of many words, and what a model says of words.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.hpp"
#include "isogloss/words.hpp"

namespace isogloss::model {

// Lines of words w1, w2 ... up to exp(spread), with frequencies like Zipf's; `front(i)` stands before line i.
template <class Front>
std::vector<std::string> zipf_lines(int lines, int words, double spread, Front&& front) {
  std::vector<std::string> out;
  Random random(8);
  for (int i = 0; i < lines; ++i) {
    std::string text = front(i);
    for (int w = 0; w < words; ++w) {
      text += "w" + std::to_string(static_cast<std::uint64_t>(std::exp(random.uniform() * spread))) + " ";
    }
    out.push_back(text);
  }
  return out;
}
inline std::vector<std::string> zipf_lines(int lines, int words, double spread) {
  return zipf_lines(lines, words, spread, [](int) { return std::string(); });
}

// All vectors of a model's words. (words, dim)
inline std::vector<float> bits(const Model& model) {
  const auto* words = model.ability<Vocabulary>();
  std::vector<float> all(words->word_count() * words->word_dimension());
  for (std::size_t i = 0; i < words->word_count(); ++i) {
    words->word_vector(i, std::span(all).subspan(i * words->word_dimension(), words->word_dimension()));
  }
  return all;
}

inline double cosine(const Model& model, std::string_view a, std::string_view b) {
  return word_similarity(*model.ability<Vocabulary>(), a, b).value();
}

}  // namespace isogloss::model
