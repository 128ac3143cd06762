// SPDX-License-Identifier: Apache-2.0
// Where the time of a task went, in the record of its figures: "load seconds" of the model, "index seconds" of a
// collection, "embed seconds", "search seconds", and "metric seconds", which is all the rest of "seconds".
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "isogloss/evaluate.hpp"

namespace isogloss::evaluation {

inline constexpr const char* kTimes[] = {"load seconds", "index seconds", "embed seconds", "search seconds"};

class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  std::string text() const { return std::to_string(seconds()); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// `seconds` of the whole task, and what is left of it when kTimes are taken off: reading the data, the metric,
// intervals. Figures that have them already, of a task within this one, keep theirs.
inline void add_times(double seconds, std::span<EvalFigure> figures) {
  for (EvalFigure& figure : figures) {
    if (figure.record.contains("seconds")) continue;
    double rest = seconds;
    for (const char* part : kTimes) {
      const auto at = figure.record.find(part);
      if (at != figure.record.end()) rest -= std::stod(at->second);
    }
    figure.record["metric seconds"] = std::to_string(rest > 0 ? rest : 0);
    figure.record["seconds"] = std::to_string(seconds);
  }
}

}  // namespace isogloss::evaluation
