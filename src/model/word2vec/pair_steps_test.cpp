// SPDX-License-Identifier: Apache-2.0
// Whole sentences against a plain trainer in double precision that draws the same numbers and goes pair by pair.
#include "model/word2vec/pair_steps.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace isogloss::model {
namespace {

constexpr std::size_t kWords = 40;
constexpr std::size_t kDim = 16;
constexpr float kAlpha = 0.1F;
constexpr std::uint64_t kSeed = 5;

using Rows = std::vector<std::vector<double>>;

// Everything of a training but the corpus: vectors and words at random, no word skipped.
struct Fixture {
  explicit Fixture(const Word2vecOptions& options) {
    Random random(99);
    for (training::RowMatrix* m : {&weights.inputs, &weights.outputs, &weights.nodes}) {
      *m = training::RowMatrix(m == &weights.nodes ? kWords - 1 : kWords, kDim);
      for (std::size_t i = 0; i < m->rows() * kDim; ++i) m->row(0)[i] = static_cast<float>(random.uniform(-0.4, 0.4));
    }
    for (std::uint64_t i = 0; i < kWords; ++i) counts.push_back(1000 / (i + 1));
    keep.assign(kWords, UINT32_MAX);
    setup.options = options;
    setup.weights = &weights;
    setup.negatives = training::negative_table(counts, 0.75);
    setup.tree = training::HuffmanTree(counts);
    setup.keep = keep;
    setup.kernels = &training::pair_kernels();
    sentence.resize(19);
    std::iota(sentence.begin(), sentence.end(), 7u);  // 19 words, each once
    random.shuffle(std::span(sentence));
  }
  Fixture(const Fixture&) = delete;

  void train() {
    PairSteps steps(setup, Random(kSeed));
    steps.sentence(sentence, kAlpha);
    steps.finish();
    EXPECT_GT(steps.loss(), 0);
  }

  Word2vecWeights weights;
  std::vector<std::uint64_t> counts;
  std::vector<std::uint32_t> keep;
  PairSetup setup;
  std::vector<std::uint32_t> sentence;
};

Rows copy(const training::RowMatrix& m) {
  Rows out;
  for (std::size_t i = 0; i < m.rows(); ++i) out.emplace_back(m.row(i), m.row(i) + kDim);
  return out;
}

void expect_rows(const training::RowMatrix& m, const Rows& wanted) {
  for (std::size_t i = 0; i < m.rows(); ++i) {
    for (std::size_t j = 0; j < kDim; ++j)
      EXPECT_NEAR(static_cast<double>(m.row(i)[j]), wanted[i][j], 5e-6) << i << " " << j;
  }
}

// The same sentence, plainly. Gradients of a block are taken before any of its updates.
class Plain {
 public:
  explicit Plain(const Fixture& f)
      : f_(f),
        o_(f.setup.options),
        random_(kSeed),
        x_(copy(f.weights.inputs)),
        y_(copy(f.weights.outputs)),
        nodes_(copy(f.weights.nodes)) {
    for (std::size_t i = 0; i < f.sentence.size(); i += 2) random_.next();  // skipping draws, though nothing is skipped
    for (std::size_t i = 0; i < f.sentence.size(); ++i) {
      spans_.push_back(1 + ((random_.next() >> 32) * static_cast<std::uint64_t>(o_.window) >> 32));
    }
  }

  void train() {
    const auto block = static_cast<std::size_t>(std::max<std::int64_t>(1, o_.block));
    for (std::size_t i = 0; o_.negative > 0 && i < f_.sentence.size(); i += block) {
      if (o_.block != 0) draw();
      for (std::size_t c = i; c < std::min(i + block, f_.sentence.size()); ++c) centre(c);
      apply();
    }
    for (std::size_t c = 0; o_.hs && c < f_.sentence.size(); ++c) {
      tree_centre(c);
      apply();
    }
  }
  const Rows& x() const { return x_; }
  const Rows& y() const { return y_; }
  const Rows& nodes() const { return nodes_; }

 private:
  void draw() {
    negatives_.clear();
    for (std::int64_t i = 0; i < o_.negative * (o_.block > 1 ? 2 : 1); ++i)
      negatives_.push_back(f_.setup.negatives.draw(random_.next()));
  }
  std::vector<std::uint32_t> contexts(std::size_t c) const {
    std::vector<std::uint32_t> out;
    for (std::size_t p = c - std::min(c, spans_[c]); p <= std::min(f_.sentence.size() - 1, c + spans_[c]); ++p) {
      if (p != c) out.push_back(f_.sentence[p]);
    }
    return out;
  }
  // One row against one target: g times the target for the row, g times the row for the target.
  void pair(const std::vector<double>& row, std::vector<double>& error, Rows& targets, Rows& gains,
            std::uint32_t target, double label, double weight = 1) {
    double s = 0;
    for (std::size_t j = 0; j < kDim; ++j) s += row[j] * targets[target][j];
    const double g = static_cast<double>(kAlpha) * weight * (label - 1 / (1 + std::exp(-s)));
    for (std::size_t j = 0; j < kDim; ++j) {
      error[j] += g * targets[target][j];
      gains[target][j] += g * row[j];
    }
  }
  template <class Learn>
  void each_row(std::size_t c, Learn&& learn) {
    const auto words = contexts(c);
    if (o_.skipgram()) {
      for (const std::uint32_t word : words) {
        std::vector<double> error(kDim);
        learn(x_[word], error);
        for (std::size_t j = 0; j < kDim; ++j) dx_[word][j] += error[j];
        if (o_.block == 0) apply();
      }
      return;
    }
    std::vector<double> mean(kDim), error(kDim);
    for (const std::uint32_t word : words) {
      for (std::size_t j = 0; j < kDim; ++j) mean[j] += x_[word][j] / static_cast<double>(words.size());
    }
    learn(mean, error);
    for (const std::uint32_t word : words) {
      for (std::size_t j = 0; j < kDim; ++j) dx_[word][j] += error[j];
    }
  }
  void centre(std::size_t c) {
    const std::uint32_t word = f_.sentence[c];
    each_row(c, [&](const std::vector<double>& row, std::vector<double>& error) {
      if (o_.block == 0) draw();
      pair(row, error, y_, dy_, word, 1);
      for (const std::uint32_t n : negatives_) {
        if (n != word) pair(row, error, y_, dy_, n, 0, o_.block > 1 ? 0.5 : 1);
      }
    });
  }
  void tree_centre(std::size_t c) {
    const auto nodes = f_.setup.tree.nodes(f_.sentence[c]);
    const auto labels = f_.setup.tree.labels(f_.sentence[c]);
    each_row(c, [&](const std::vector<double>& row, std::vector<double>& error) {
      for (std::size_t i = 0; i < nodes.size(); ++i)
        pair(row, error, nodes_, dn_, nodes[i], static_cast<double>(labels[i]));
    });
  }
  static void add(Rows& to, Rows& gains) {
    for (std::size_t i = 0; i < to.size(); ++i) {
      for (std::size_t j = 0; j < kDim; ++j) to[i][j] += std::exchange(gains[i][j], 0.0);
    }
  }
  void apply() {
    add(x_, dx_);
    add(y_, dy_);
    add(nodes_, dn_);
  }

  const Fixture& f_;
  const Word2vecOptions& o_;
  Random random_;
  Rows x_, y_, nodes_;
  Rows dx_ = Rows(kWords, std::vector<double>(kDim)), dy_ = dx_, dn_ = dx_;
  std::vector<std::size_t> spans_;
  std::vector<std::uint32_t> negatives_;
};

class PairStepsEqualPlain : public testing::TestWithParam<std::tuple<const char*, std::int64_t, std::int64_t, bool>> {};

TEST_P(PairStepsEqualPlain, OnASentence) {
  Word2vecOptions options;
  options.dim = kDim;
  options.window = 3;
  options.model = std::get<0>(GetParam());
  options.block = std::get<1>(GetParam());
  options.negative = std::get<2>(GetParam());
  options.hs = std::get<3>(GetParam());
  Fixture fixture(options);
  Plain plain(fixture);
  plain.train();
  fixture.train();
  expect_rows(fixture.weights.inputs, plain.x());
  expect_rows(fixture.weights.outputs, plain.y());
  expect_rows(fixture.weights.nodes, plain.nodes());
}

INSTANTIATE_TEST_SUITE_P(Modes, PairStepsEqualPlain,
                         testing::Values(std::tuple("skipgram", 0, 5, false), std::tuple("skipgram", 1, 5, false),
                                         std::tuple("skipgram", 4, 5, false), std::tuple("skipgram", 16, 20, false),
                                         std::tuple("cbow", 1, 5, false), std::tuple("cbow", 4, 5, false),
                                         std::tuple("skipgram", 1, 0, true), std::tuple("cbow", 1, 0, true),
                                         std::tuple("cbow", 4, 3, true)));

}  // namespace
}  // namespace isogloss::model
