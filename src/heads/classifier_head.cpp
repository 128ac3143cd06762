// SPDX-License-Identifier: Apache-2.0
#include "heads/classifier_head.hpp"

#include <algorithm>

#include "core/parallel.hpp"
#include "isogloss/options.hpp"
#include "math/topk.hpp"

namespace isogloss::heads {
namespace {

const std::vector<std::string> kKinds{"logistic", "centroid", "knn"};
constexpr std::size_t kBlock = 256;  // rows of a product at a time

Status check(std::span<const std::uint32_t> labels, std::size_t rows, std::size_t classes, const HeadOptions& options) {
  if (std::ranges::find(kKinds, options.kind) == kKinds.end()) {
    const std::string nearest = nearest_name(options.kind, kKinds);
    return fail(Code::invalid_argument, "There is no head '" + options.kind +
                                            "'; heads are logistic, centroid and knn." +
                                            (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
  }
  if (classes < 2) return fail(Code::invalid_argument, "A classifier needs texts of two labels or more.");
  if (labels.size() != rows) return fail(Code::invalid_argument, "A classifier needs one label per row.");
  std::vector<bool> seen(classes);
  for (const std::uint32_t label : labels) {
    if (label >= classes) return fail(Code::invalid_argument, "A label is outside the classes.");
    seen[label] = true;
  }
  if (std::ranges::find(seen, false) != seen.end()) return fail(Code::invalid_argument, "A class has no row.");
  return {};
}

Features centroids_of(const Features& rows, std::span<const std::uint32_t> labels, std::size_t classes) {
  const Features unit = rows.normalized();
  math::Matrix sums(classes, rows.dim());
  std::vector<float> counts(classes);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::span<float> sum = sums.row(labels[i]);
    ++counts[labels[i]];
    if (!unit.is_sparse()) {
      for (std::size_t j = 0; j < sum.size(); ++j) sum[j] += unit.dense()(i, j);
      continue;
    }
    const auto columns = unit.sparse().row_columns(i);
    for (std::size_t k = 0; k < columns.size(); ++k) sum[columns[k]] += unit.sparse().row_values(i)[k];
  }
  for (std::size_t c = 0; c < classes; ++c) {
    for (float& x : sums.row(c)) x /= counts[c];
  }
  return Features(std::move(sums)).normalized();
}

// rows x dense rows of `table`, where rows may be sparse. (rows, table rows)
math::Matrix products(const Features& rows, const Features& table, const Context& context) {
  math::Matrix out(rows.size(), table.size());
  if (rows.is_sparse() == table.is_sparse()) {
    rows.products(table, out.view(), context);
    return out;
  }
  parallel_for(context, rows.size(), kBlock, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const auto columns = rows.sparse().row_columns(i);
      const auto values = rows.sparse().row_values(i);
      for (std::size_t t = 0; t < table.size(); ++t) {
        float sum = 0;
        for (std::size_t k = 0; k < columns.size(); ++k) sum += values[k] * table.dense()(t, columns[k]);
        out(i, t) = sum;
      }
    }
  });
  return out;
}

math::Matrix shares_of_neighbours(const ClassifierHead::State& state, const Features& rows, const Context& context) {
  math::Matrix out(rows.size(), state.classes);
  const std::size_t k = std::min(state.options.neighbours, state.rows.size());
  std::vector<std::size_t> picked;
  for (std::size_t begin = 0; begin < rows.size(); begin += kBlock) {
    picked.clear();
    for (std::size_t i = begin; i < std::min(rows.size(), begin + kBlock); ++i) picked.push_back(i);
    const math::Matrix cosines = products(rows.pick(picked).normalized(), state.rows, context);
    for (std::size_t i = 0; i < picked.size(); ++i) {
      for (const math::Scored& near : math::top_k(cosines.row(i), k)) {
        out(begin + i, state.labels[static_cast<std::size_t>(near.id)]) += 1 / static_cast<float>(k);
      }
    }
  }
  return out;
}

}  // namespace

Result<ClassifierHead> ClassifierHead::fit(const Features& rows, std::span<const std::uint32_t> labels,
                                           std::size_t classes, const HeadOptions& options, const Context& context) {
  IG_TRY(check(labels, rows.size(), classes, options));
  State state{options, classes, {}, {}, {}};
  if (options.kind == "centroid") {
    state.rows = centroids_of(rows, labels, classes);
  } else if (options.kind == "knn") {
    state.rows = rows.normalized();
    state.labels.assign(labels.begin(), labels.end());
  } else {
    const math::LogisticOptions how{.c = options.c, .rounds = options.rounds, .tolerance = options.tolerance};
    state.logistic = rows.is_sparse() ? IG_TRY(math::fit_logistic(rows.sparse(), labels, classes, how, context))
                                      : IG_TRY(math::fit_logistic(rows.dense(), labels, classes, how, context));
  }
  return ClassifierHead(std::move(state));
}

math::Matrix ClassifierHead::scores(const Features& rows, const Context& context) const {
  if (state_.options.kind == "knn") return shares_of_neighbours(state_, rows, context);
  if (state_.options.kind == "centroid") return products(rows.normalized(), state_.rows, context);
  return rows.is_sparse() ? state_.logistic.probabilities(rows.sparse(), context)
                          : state_.logistic.probabilities(rows.dense(), context);
}

std::vector<std::uint32_t> ClassifierHead::classes_of(const Features& rows, const Context& context) const {
  const math::Matrix all = scores(rows, context);
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto row = all.row(i);
    out.push_back(static_cast<std::uint32_t>(std::ranges::max_element(row) - row.begin()));
  }
  return out;
}

}  // namespace isogloss::heads
