// SPDX-License-Identifier: Apache-2.0
// For the tests of families of word vectors: a text of many words, and what a model says of words.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.hpp"
#include "isogloss/family.hpp"
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

// A run that is stopped as soon as stop(progress) says so, then gone on with from the checkpoint that it left.
template <class Stop>
ModelPtr stopped_and_resumed(const Family& family, const Dataset& data, const OptionValues& options,
                             const TrainingRun& run, Stop&& stop) {
  CancelToken cancel;
  Context context;
  context.cancel = &cancel;
  context.progress = [&](const Progress& progress) {
    if (progress.phase == "train" && stop(progress)) cancel.cancel();
  };
  const auto stopped = family.train_further(data, options, run, context);
  EXPECT_FALSE(stopped);
  EXPECT_EQ(stopped ? Code::internal : stopped.error().code, Code::cancelled);
  EXPECT_TRUE(std::filesystem::exists(run.checkpoint));
  Context again;
  std::vector<std::string> said;
  again.log = [&](LogLevel, std::string_view line) { said.emplace_back(line); };
  ModelPtr resumed = family.train_further(data, options, run, again).value();
  EXPECT_THAT(said, testing::Contains(testing::HasSubstr("going on from")));
  return resumed;
}

}  // namespace isogloss::model
