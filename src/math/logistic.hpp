// SPDX-License-Identifier: Apache-2.0
// Logistic regression with an L2 penalty, for two or more classes, on dense or sparse features. The minimum is that of
// scikit-learn's LogisticRegression (1.9, lbfgs): two classes have one score, more have one score each and a softmax.
#pragma once

#include <span>
#include <vector>

#include "isogloss/context.hpp"
#include "math/matrix.hpp"

namespace isogloss::math {

struct LogisticOptions {
  double c = 1.0;            // inverse strength of the penalty; larger fits closer
  std::size_t rounds = 200;  // of L-BFGS, at most
  double tolerance = 1e-4;   // on the largest component of the gradient of the mean loss
};

struct Logistic {
  std::size_t classes = 0;
  Matrix weights;                 // (1 or classes, dim): one row for two classes, else a row per class
  std::vector<float> intercepts;  // (1 or classes)
  std::size_t rounds = 0;
  bool converged = false;

  // Probabilities of the classes for each row, any dense rows of (n, dim). -> (n, classes)
  Matrix probabilities(MatrixView rows /* (n, dim) */, const Context& context) const;
  Matrix probabilities(const CsrView& rows /* (n, dim) */, const Context& context) const;
};

// Minimises sum_i -log p(labels[i] | row i) + |weights|^2 / (2 c); intercepts are not penalised.
// Same bits at any number of threads. Error{invalid_argument}: fewer than two classes, a label outside [0, classes), as
// many labels as rows missing, c <= 0, or a value that is not finite. dense rows: REQUIRES column_stride 1.
Result<Logistic> fit_logistic(MatrixView rows /* (n, dim) */, std::span<const std::uint32_t> labels /* (n) */,
                              std::size_t classes, const LogisticOptions& options, const Context& context);
Result<Logistic> fit_logistic(const CsrView& rows /* (n, dim) */, std::span<const std::uint32_t> labels /* (n) */,
                              std::size_t classes, const LogisticOptions& options, const Context& context);

}  // namespace isogloss::math
