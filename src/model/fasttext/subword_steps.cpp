// SPDX-License-Identifier: Apache-2.0
// Skip-gram, block of B centres: their means are the rows, the words of all their windows and the negatives they share
// the targets. A word of English has about 20 rows, so most of the time goes into fetching them: 20 x 448 bytes to sum,
// as many to add the error to. Each is fetched a step ahead. CBOW sums the n-grams of every word of the block's windows
// once, whatever number of centres it is near to.
//
// An error goes whole to every row of a word, as in the original, not its share of the mean.
#include "model/fasttext/subword_steps.hpp"

#include <algorithm>
#include <cmath>

#include "math/vector.hpp"

namespace isogloss::model {
namespace {

// A block draws this many times `negative` words, each with the weight of its part.
constexpr std::size_t kSharedDraws = 5;

}  // namespace

SubwordSteps::SubwordSteps(const SubwordSetup& setup, Random random)
    : setup_(setup),
      random_(random),
      loss_(setup.options.loss == "ns" ? training::PairLoss::Per::pair : training::PairLoss::Per::step) {}

void SubwordSteps::sentence(std::span<const std::uint32_t> ids, float alpha) {
  const FasttextOptions& o = setup_.options;
  if (!sentence_.draw(ids, setup_.keep, static_cast<std::uint32_t>(o.window), true, random_)) return;
  if (o.loss == "hs") {
    for (std::size_t i = 0; i < sentence_.size(); ++i) tree_step(i, alpha);
  } else if (o.skipgram() && o.block == 0) {
    skipgram_pairs(alpha);
  } else {
    const std::size_t block = std::max<std::size_t>(1, static_cast<std::size_t>(o.block));
    for (std::size_t i = 0; i < sentence_.size(); i += block) {
      const std::size_t count = std::min(block, sentence_.size() - i);
      o.skipgram() ? skipgram_block(i, count, alpha) : cbow_block(i, count, alpha);
    }
  }
}

void SubwordSteps::finish() {
  if (waiting_) compute(steps_[turn_]);
  waiting_ = false;
}

SubwordSteps::Step& SubwordSteps::open_step(std::size_t rows, std::size_t targets, float alpha) {
  Step& step = steps_[1 - turn_];
  step.words.clear();
  step.members.clear();
  step.ends.clear();
  step.targets.clear();
  step.stride = training::padded_floats(targets);
  step.labels.assign(step.stride, 0.0F);
  step.weights.assign(rows * step.stride, 0.0F);
  step.alpha = alpha;
  return step;
}

void SubwordSteps::close_step() {
  const std::size_t padded = setup_.inputs->padded();
  const Step& step = steps_[1 - turn_];
  for (const std::uint32_t word : step.words) {
    for (const std::uint32_t row : setup_.words.of(word)) training::prefetch_row(setup_.inputs->row(row), padded);
  }
  for (const float* row : step.targets) training::prefetch_row(row, padded);
  if (waiting_) compute(steps_[turn_]);
  turn_ = 1 - turn_;
  waiting_ = true;
}

template <class Right>
void SubwordSteps::add_negatives(Step& step, std::size_t draws, Right&& right) {
  const auto share = static_cast<float>(setup_.options.negative) / static_cast<float>(draws);
  const std::size_t rows = step.ends.size();
  for (std::size_t n = 0; n < draws; ++n) {
    const std::uint32_t drawn = setup_.negatives.draw(random_.next());
    const std::size_t place = step.targets.size();
    step.targets.push_back(setup_.outputs->row(drawn));
    for (std::size_t r = 0; r < rows; ++r) {
      float& weight = step.weights[r * step.stride + place];
      right(r, [&](std::uint32_t word) { weight += word == drawn ? 0.0F : share; });
    }
  }
}

// The reference mode: a step for every pair, negatives of its own.
void SubwordSteps::skipgram_pairs(float alpha) {
  const auto draws = static_cast<std::size_t>(setup_.options.negative);
  for (std::size_t centre = 0; centre < sentence_.size(); ++centre) {
    const Window window = sentence_.of(centre);
    for (std::size_t p = window.from; p <= window.to; ++p) {
      if (p == centre) continue;
      Step& step = open_step(1, 1 + draws, alpha);
      step.words.push_back(sentence_[centre]);
      step.members.push_back(0);
      step.ends.push_back(1);
      step.targets.push_back(setup_.outputs->row(sentence_[p]));
      step.labels[0] = step.weights[0] = 1;
      add_negatives(step, draws, [&](std::size_t, auto&& visit) { visit(sentence_[p]); });
      close_step();
    }
  }
}

void SubwordSteps::skipgram_block(std::size_t first, std::size_t count, float alpha) {
  const auto [from, to] = sentence_.of_block(first, count);
  const std::size_t draws = kSharedDraws * static_cast<std::size_t>(setup_.options.negative);
  Step& step = open_step(count, to - from + 1 + draws, alpha);
  for (std::size_t p = from; p <= to; ++p) {
    step.labels[p - from] = 1;
    step.targets.push_back(setup_.outputs->row(sentence_[p]));
  }
  for (std::size_t r = 0; r < count; ++r) {
    step.words.push_back(sentence_[first + r]);
    step.members.push_back(static_cast<std::uint32_t>(r));
    step.ends.push_back(static_cast<std::uint32_t>(r + 1));
    const Window window = sentence_.of(first + r);
    for (std::size_t p = window.from; p <= window.to; ++p) {
      if (p != first + r) step.weights[r * step.stride + p - from] = 1;
    }
  }
  add_negatives(step, draws, [&](std::size_t r, auto&& visit) {
    const Window window = sentence_.of(first + r);
    for (std::size_t p = window.from; p <= window.to; ++p) {
      if (p != first + r) visit(sentence_[p]);
    }
  });
  close_step();
}

void SubwordSteps::cbow_block(std::size_t first, std::size_t count, float alpha) {
  const std::size_t draws = kSharedDraws * static_cast<std::size_t>(setup_.options.negative);
  Step& step = open_step(count, count + draws, alpha);
  const auto [from, to] = sentence_.of_block(first, count);
  for (std::size_t p = from; p <= to; ++p) step.words.push_back(sentence_[p]);
  for (std::size_t r = 0; r < count; ++r) {
    const Window window = sentence_.of(first + r);
    for (std::size_t p = window.from; p <= window.to; ++p) {
      if (p != first + r) step.members.push_back(static_cast<std::uint32_t>(p - from));
    }
    step.ends.push_back(static_cast<std::uint32_t>(step.members.size()));
    step.targets.push_back(setup_.outputs->row(sentence_[first + r]));
    step.labels[r] = 1;
    step.weights[r * step.stride + r] = 1;
  }
  add_negatives(step, draws, [&](std::size_t r, auto&& visit) { visit(sentence_[first + r]); });
  close_step();
}

// Hierarchical softmax of one centre: the targets are the nodes on the ways to the words it is told with.
void SubwordSteps::tree_step(std::size_t centre, float alpha) {
  const Window window = sentence_.of(centre);
  const bool skipgram = setup_.options.skipgram();
  std::size_t nodes = skipgram ? 0 : setup_.tree.nodes(sentence_[centre]).size();
  for (std::size_t p = window.from; skipgram && p <= window.to; ++p) {
    if (p != centre) nodes += setup_.tree.nodes(sentence_[p]).size();
  }
  if (nodes == 0) return;
  Step& step = open_step(1, nodes, alpha);
  const auto add_way = [&](std::uint32_t word) {
    const std::span<const std::uint32_t> way = setup_.tree.nodes(word);
    for (std::size_t i = 0; i < way.size(); ++i) {
      step.labels[step.targets.size()] = 1 - setup_.tree.labels(word)[i];  // 1 is the branch 1 here
      step.weights[step.targets.size()] = 1;
      step.targets.push_back(setup_.outputs->row(way[i]));
    }
  };
  for (std::size_t p = window.from; p <= window.to; ++p) {
    if (p == centre) continue;
    if (skipgram) {
      add_way(sentence_[p]);
    } else {
      step.members.push_back(static_cast<std::uint32_t>(step.words.size()));
      step.words.push_back(sentence_[p]);
    }
  }
  if (skipgram) {
    step.words.push_back(sentence_[centre]);
    step.members.push_back(0);
  } else {
    add_way(sentence_[centre]);
  }
  step.ends.push_back(static_cast<std::uint32_t>(step.members.size()));
  close_step();
}

void SubwordSteps::compute(Step& step) {
  const std::size_t rows = step.ends.size();
  const std::size_t padded = setup_.inputs->padded();
  if (means_.size() < rows * padded) {
    means_.resize(rows * padded);
    errors_.resize(rows * padded);
  }
  if (gradients_.size() < rows * step.stride) gradients_.resize(rows * step.stride);
  if (scratch_.size() < (rows + step.stride) * training::kRowFloats) {
    scratch_.resize((rows + step.stride) * training::kRowFloats);
  }
  make_rows(step);
  training::PairStep pairs;
  pairs.rows = rows_.data();
  pairs.targets = step.targets.data();
  pairs.row_count = rows;
  pairs.target_count = step.targets.size();
  pairs.stride = step.stride;
  pairs.labels = step.labels.data();
  pairs.weights = step.weights.data();
  pairs.gradients = gradients_.data();
  pairs.errors = errors_.data();
  pairs.scratch = scratch_.data();
  pairs.dim = padded;
  pairs.alpha = step.alpha;
  setup_.kernels->measure(pairs);
  if (loss_.due()) loss_.add(pairs);
  setup_.kernels->update(pairs);
  add_errors(step);
}

void SubwordSteps::make_rows(const Step& step) {
  const training::RowMatrix& inputs = *setup_.inputs;
  const std::size_t padded = inputs.padded();
  if (sums_.size() < step.words.size() * padded) sums_.resize(step.words.size() * padded);
  for (std::size_t w = 0; w < step.words.size(); ++w) {
    const std::span<const std::uint32_t> rows = setup_.words.of(step.words[w]);
    if (ones_.size() < rows.size()) ones_.resize(rows.size(), 1.0F);
    math::weighted_sum(std::span(ones_).first(rows.size()), rows, inputs.row(0), padded,
                       {sums_.data() + w * padded, padded});
  }
  rows_.clear();
  std::size_t at = 0;
  for (std::size_t r = 0; r < step.ends.size(); ++r) {
    const std::span<float> mean(means_.data() + r * padded, padded);
    std::ranges::fill(mean, 0.0F);
    std::size_t count = 0;
    for (; at < step.ends[r]; ++at) {
      const std::uint32_t w = step.members[at];
      count += setup_.words.of(step.words[w]).size();
      math::add_scaled(1.0F, {sums_.data() + w * padded, padded}, mean);
    }
    math::scale(1.0F / static_cast<float>(std::max<std::size_t>(1, count)), mean);
    rows_.push_back(mean.data());
  }
}

void SubwordSteps::add_errors(const Step& step) {
  training::RowMatrix& inputs = *setup_.inputs;
  const std::size_t padded = inputs.padded();
  std::fill_n(sums_.begin(), step.words.size() * padded, 0.0F);
  std::size_t at = 0;
  for (std::size_t r = 0; r < step.ends.size(); ++r) {
    const std::span<const float> error(errors_.data() + r * padded, padded);
    for (; at < step.ends[r]; ++at) math::add_scaled(1.0F, error, {sums_.data() + step.members[at] * padded, padded});
  }
  for (std::size_t w = 0; w < step.words.size(); ++w) {
    const std::span<const float> error(sums_.data() + w * padded, padded);
    for (const std::uint32_t row : setup_.words.of(step.words[w]))
      math::add_scaled(1.0F, error, {inputs.row(row), padded});
  }
}

}  // namespace isogloss::model
