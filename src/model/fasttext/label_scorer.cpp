// SPDX-License-Identifier: Apache-2.0
// Where the original is not exact, neither is this, so that its probabilities come out: the sigmoid of ns and ova is
// its table of 512 steps over [-8, 8]; each branch of hs has 0.00001 added before logarithms are summed, which can make
// a sure label 1.0001, told as 1. What it adds to every probability at the end, 0.00001 again, is left out.
#include "model/fasttext/label_scorer.hpp"

#include <algorithm>
#include <cmath>

#include "math/softmax.hpp"
#include "math/topk.hpp"
#include "math/vector.hpp"
#include "train/word_draws.hpp"

namespace isogloss::model {
namespace {

using formats::FasttextLoss;

constexpr double kTableEdge = 8;
constexpr double kTableSteps = 512;

float table_sigmoid(float x) {
  const double at = static_cast<double>(x);
  if (at < -kTableEdge) return 0;
  if (at > kTableEdge) return 1;
  const double step = std::floor((at + kTableEdge) * kTableSteps / kTableEdge / 2);
  return static_cast<float>(1 / (1 + std::exp(-(step * 2 * kTableEdge / kTableSteps - kTableEdge))));
}

float shifted_log(float p) { return static_cast<float>(std::log(static_cast<double>(p) + 1e-5)); }

}  // namespace

math::ProductCodes codes_of(const formats::FasttextMatrix& matrix) {
  return {matrix.columns, matrix.part, matrix.codes, matrix.centroids, matrix.norm_codes, matrix.norm_centroids};
}

Result<LabelScorer> LabelScorer::make(const formats::FasttextFile& file, std::string_view where) {
  LabelScorer out;
  out.file_ = &file;
  if (file.settings.loss != FasttextLoss::hs) return out;
  // Others would make trees as deep as there are labels, or sums that overflow.
  std::int64_t before = std::int64_t{1} << 40;
  for (std::size_t i = 0; i < file.label_counts.size(); ++i) {
    const std::int64_t count = file.label_counts[i];
    if (count < 1 || count > before) {
      return fail(Code::corrupt_data, "'" + std::string(where) + "' counts " + std::to_string(count) + " of label '" +
                                          std::string(file.labels[i].substr(0, 40)) +
                                          "'; for a tree of labels counts are positive and fall.");
    }
    before = count;
  }
  out.build_tree();
  return out;
}

void LabelScorer::build_tree() {
  const std::vector<std::uint64_t> counts(file_->label_counts.begin(), file_->label_counts.end());
  const training::HuffmanTree tree(counts);
  tree_.resize(counts.size() - 1);
  for (std::uint32_t label = 0; label < counts.size(); ++label) {
    const std::span<const std::uint32_t> nodes = tree.nodes(label);
    const std::span<const float> zero = tree.labels(label);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const std::int64_t next =
          i + 1 < nodes.size() ? static_cast<std::int64_t>(nodes[i + 1]) : ~static_cast<std::int64_t>(label);
      (zero[i] > 0 ? tree_[nodes[i]].zero : tree_[nodes[i]].one) = next;
    }
  }
}

float LabelScorer::dot(std::size_t row, std::span<const float> hidden) const {
  const formats::FasttextMatrix& m = file_->output;
  if (m.quantised) return math::dot_coded_row(codes_of(m), row, hidden);
  return math::dot(m.values.subspan(row * m.columns, m.columns), hidden);
}

std::vector<LabelScore> LabelScorer::best(std::span<const float> hidden, std::size_t k) const {
  const formats::FasttextMatrix& m = file_->output;
  if (file_->settings.loss == FasttextLoss::hs) return walk_tree(hidden, k);
  std::vector<float> scores(m.rows);
  if (m.quantised) {
    math::dot_coded_rows(codes_of(m), hidden, scores);
  } else {
    math::dot_rows(hidden, m.values.data(), scores);
  }
  if (file_->settings.loss == FasttextLoss::softmax) {
    math::softmax(scores);
  } else {
    for (float& x : scores) x = table_sigmoid(x);
  }
  std::vector<LabelScore> out;
  for (const math::Scored& s : math::top_k(scores, k)) out.push_back({static_cast<std::uint32_t>(s.id), s.score});
  return out;
}

// Depth first, the likelier branch first; a branch that cannot reach the k best is not looked at.
std::vector<LabelScore> LabelScorer::walk_tree(std::span<const float> hidden, std::size_t k) const {
  struct Open {
    std::int64_t node;
    float score;
  };
  std::vector<Open> open{{tree_.empty() ? ~std::int64_t{0} : static_cast<std::int64_t>(tree_.size()) - 1, 0.0F}};
  math::TopK found(std::min(k, file_->labels.size()));
  while (!open.empty()) {
    const Open at = open.back();
    open.pop_back();
    if (at.score < found.threshold()) continue;
    if (at.node < 0) {
      found.push(at.score, ~at.node);
      continue;
    }
    const auto node = static_cast<std::size_t>(at.node);
    const float one = 1 / (1 + std::exp(-dot(node, hidden)));
    const Open zero_branch{tree_[node].zero, at.score + shifted_log(1 - one)};
    const Open one_branch{tree_[node].one, at.score + shifted_log(one)};
    open.push_back(one > 0.5F ? zero_branch : one_branch);
    open.push_back(one > 0.5F ? one_branch : zero_branch);
  }
  std::vector<LabelScore> out;
  for (const math::Scored& s : found.take())
    out.push_back({static_cast<std::uint32_t>(s.id), std::min(1.0F, std::exp(s.score))});
  return out;
}

}  // namespace isogloss::model
