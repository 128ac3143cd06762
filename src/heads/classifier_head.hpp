// SPDX-License-Identifier: Apache-2.0
// Classifiers on the rows of a model: what a user trains with `classify --train`, and what tasks measure models with.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "heads/features.hpp"
#include "isogloss/context.hpp"
#include "math/logistic.hpp"

namespace isogloss::heads {

struct HeadOptions {
  // logistic: regression with an L2 penalty, as scikit-learn's LogisticRegression (lbfgs); the only one whose scores
  //           are probabilities
  // centroid: cosine with the mean of the rows of a class, each scaled to length 1
  // knn:      share of the nearest rows by cosine that are of the class
  std::string kind = "logistic";
  double c = 1;                // logistic: inverse strength of the penalty
  std::size_t rounds = 100;    // logistic: of L-BFGS, at most
  std::size_t neighbours = 5;  // knn
  double tolerance = 1e-4;     // logistic: on the largest component of the gradient; scikit-learn's default
};

// Immutable once fitted; thread-safe.
class ClassifierHead {
 public:
  // Error{invalid_argument}: fewer than two classes, one without a row, an unknown kind, a row that is not finite.
  static Result<ClassifierHead> fit(const Features& rows, std::span<const std::uint32_t> labels /* (rows) */,
                                    std::size_t classes, const HeadOptions& options, const Context& context);

  // What fit() found: to be kept in a file, and given back.
  struct State {
    HeadOptions options;
    std::size_t classes = 0;
    math::Logistic logistic;            // logistic
    Features rows;                      // centroid: (classes, dim); knn: unit rows of the texts
    std::vector<std::uint32_t> labels;  // knn: of the rows
  };
  explicit ClassifierHead(State state) : state_(std::move(state)) {}
  const State& state() const { return state_; }

  // (rows, classes): more is better, in the units of the kind.
  math::Matrix scores(const Features& rows, const Context& context) const;
  // The class of the best score, ties to the first. (rows)
  std::vector<std::uint32_t> classes_of(const Features& rows, const Context& context) const;

 private:
  State state_;
};

}  // namespace isogloss::heads
