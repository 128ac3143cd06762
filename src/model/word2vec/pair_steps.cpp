// SPDX-License-Identifier: Apache-2.0
// Skip-gram, block of B centres. The contexts of all B are the rows, each once, the B centres and the negatives they
// share the targets:
//
//              centre 0  centre 1 ... | negative 0  negative 1 ...
//   context 0      1         0        |     1           1           weight: does the pair count?
//   context 1      1         1        |     2           2           of a negative: for how many centres?
//   ...
//
// so a pair of a context and a negative is computed once for all centres that share it, with its weight: 99 products
// for 4 centres at window 5, where pair by pair takes 144. A negative that is the centre itself is not counted for this
// centre. CBOW has one row for every centre: the mean of its contexts.
#include "model/word2vec/pair_steps.hpp"

#include <algorithm>
#include <cmath>

#include "math/vector.hpp"

namespace isogloss::model {
namespace {

// A block draws this many times `negative` words, each with the weight of its part: as far as 5 words for four centres
// go, 10 of half the weight go further. enwiki18m, 5 negatives, analogies right: 39.1 % with 5 for a block, 40.8 with
// 8, 41.4 with 10, 42.2 with 20; 41.2 with 5 for every centre. CBOW 37.2 with 5, 42.2 with 10, 45.1 with 20.
constexpr std::size_t kSharedDraws = 2;

}  // namespace

PairSteps::PairSteps(const PairSetup& setup, Random random)
    : setup_(setup),
      random_(random),
      loss_(setup.options.negative > 0 ? training::PairLoss::Per::pair : training::PairLoss::Per::step) {
  const Word2vecOptions& o = setup.options;
  const std::size_t most_centres = std::max<std::size_t>(1, static_cast<std::size_t>(o.block));
  const std::size_t most_contexts = 2 * static_cast<std::size_t>(o.window);
  const std::size_t rows = most_centres + most_contexts;
  const auto negatives = static_cast<std::size_t>(o.negative);
  drawn_.resize(o.block > 1 ? kSharedDraws * negatives : negatives);
  share_ = o.block > 1 ? 1.0F / static_cast<float>(kSharedDraws) : 1.0F;
  const std::size_t stride = training::padded_floats(std::max(most_centres + drawn_.size(), setup.tree.longest()));
  const std::size_t padded = setup.weights->inputs.padded();
  gradients_.resize(rows * stride);
  scratch_.resize((rows + stride) * training::kRowFloats);
  if (!o.skipgram()) {
    means_.resize(most_centres * padded);
    errors_.resize(most_centres * padded);
    ones_.resize(most_contexts);
  }
}

void PairSteps::sentence(std::span<const std::uint32_t> ids, float alpha) {
  const Word2vecOptions& o = setup_.options;
  const auto window = static_cast<std::uint32_t>(o.window);
  if (!sentence_.draw(ids, setup_.keep, window, o.shrink_windows, random_)) return;
  if (o.negative > 0 && o.skipgram() && o.block == 0) {
    skipgram_pairs(alpha);
  } else if (o.negative > 0) {
    const std::size_t block = std::max<std::size_t>(1, static_cast<std::size_t>(o.block));
    for (std::size_t i = 0; i < sentence_.size(); i += block) {
      const std::size_t count = std::min(block, sentence_.size() - i);
      o.skipgram() ? skipgram_block(i, count, alpha) : cbow_block(i, count, alpha);
    }
  }
  for (std::size_t i = 0; o.hs && i < sentence_.size(); ++i) tree_step(i, alpha);
}

void PairSteps::finish() {
  if (waiting_) compute(steps_[turn_]);
  waiting_ = false;
}

PairSteps::Step& PairSteps::open_step(std::size_t targets, float alpha) {
  Step& step = steps_[1 - turn_];
  step.rows.clear();
  step.targets.clear();
  step.contexts.clear();
  step.ends.clear();
  step.stride = training::padded_floats(targets);
  step.labels.assign(step.stride, 0.0F);
  step.alpha = alpha;
  return step;
}

void PairSteps::close_step() {
  const std::size_t padded = setup_.weights->inputs.padded();
  const Step& step = steps_[1 - turn_];
  for (const float* row : step.rows) training::prefetch_row(row, padded);
  for (const float* row : step.targets) training::prefetch_row(row, padded);
  for (const std::uint32_t word : step.contexts) training::prefetch_row(setup_.weights->inputs.row(word), padded);
  if (waiting_) compute(steps_[turn_]);
  turn_ = 1 - turn_;
  waiting_ = true;
}

// Draws the negatives of a step whose first targets are `centres`; every row has its weights for these by now.
void PairSteps::add_negatives(Step& step, std::span<const std::uint32_t> centres) {
  const std::size_t k = centres.size();
  const std::size_t rows = step.weights.size() / step.stride;
  for (std::uint32_t& word : drawn_) {
    word = setup_.negatives.draw(random_.next());
    step.targets.push_back(setup_.weights->outputs.row(word));
  }
  for (std::size_t r = 0; r < rows; ++r) {
    float* weights = step.weights.data() + r * step.stride;
    float pairs = 0;
    for (std::size_t c = 0; c < k; ++c) pairs += weights[c];
    for (std::size_t n = 0; n < drawn_.size(); ++n) weights[k + n] = pairs * share_;
  }
  for (std::size_t n = 0; n < drawn_.size(); ++n) {
    for (std::size_t c = 0; c < k; ++c) {
      if (drawn_[n] != centres[c]) continue;
      for (std::size_t r = 0; r < rows; ++r) {
        step.weights[r * step.stride + k + n] -= step.weights[r * step.stride + c] * share_;
      }
    }
  }
}

// The reference mode: a step for every pair, negatives of its own.
void PairSteps::skipgram_pairs(float alpha) {
  for (std::size_t centre = 0; centre < sentence_.size(); ++centre) {
    const Window window = sentence_.of(centre);
    for (std::size_t p = window.from; p <= window.to; ++p) {
      if (p == centre) continue;
      Step& step = open_step(1 + drawn_.size(), alpha);
      step.rows.push_back(setup_.weights->inputs.row(sentence_[p]));
      step.targets.push_back(setup_.weights->outputs.row(sentence_[centre]));
      step.labels[0] = 1;
      step.weights.assign(step.stride, 0.0F);
      step.weights[0] = 1;
      add_negatives(step, sentence_.words().subspan(centre, 1));
      close_step();
    }
  }
}

void PairSteps::skipgram_block(std::size_t first, std::size_t count, float alpha) {
  const auto [from, to] = sentence_.of_block(first, count);
  Step& step = open_step(count + drawn_.size(), alpha);
  const auto row_of = [&](std::size_t p) { return p - from - (count == 1 && p > first ? 1 : 0); };
  for (std::size_t p = from; p <= to; ++p) {
    if (count > 1 || p != first) step.rows.push_back(setup_.weights->inputs.row(sentence_[p]));
  }
  step.weights.assign(step.rows.size() * step.stride, 0.0F);
  for (std::size_t c = 0; c < count; ++c) {
    step.targets.push_back(setup_.weights->outputs.row(sentence_[first + c]));
    step.labels[c] = 1;
    const Window window = sentence_.of(first + c);
    for (std::size_t p = window.from; p <= window.to; ++p) {
      if (p != first + c) step.weights[row_of(p) * step.stride + c] = 1;
    }
  }
  add_negatives(step, sentence_.words().subspan(first, count));
  close_step();
}

void PairSteps::cbow_block(std::size_t first, std::size_t count, float alpha) {
  Step& step = open_step(count + drawn_.size(), alpha);
  step.weights.assign(count * step.stride, 0.0F);
  const std::size_t padded = setup_.weights->inputs.padded();
  for (std::size_t c = 0; c < count; ++c) {
    const Window window = sentence_.of(first + c);
    for (std::size_t p = window.from; p <= window.to; ++p) {
      if (p != first + c) step.contexts.push_back(sentence_[p]);
    }
    step.ends.push_back(static_cast<std::uint32_t>(step.contexts.size()));
    step.rows.push_back(means_.data() + c * padded);
    step.targets.push_back(setup_.weights->outputs.row(sentence_[first + c]));
    step.labels[c] = 1;
    step.weights[c * step.stride + c] = 1;
  }
  add_negatives(step, sentence_.words().subspan(first, count));
  close_step();
}

// Hierarchical softmax of one centre: the targets are the nodes on its way from the root.
void PairSteps::tree_step(std::size_t centre, float alpha) {
  const std::span<const std::uint32_t> nodes = setup_.tree.nodes(sentence_[centre]);
  const std::span<const float> labels = setup_.tree.labels(sentence_[centre]);
  if (nodes.empty()) return;
  Step& step = open_step(nodes.size(), alpha);
  const Window window = sentence_.of(centre);
  for (std::size_t p = window.from; p <= window.to; ++p) {
    if (p == centre) continue;
    if (setup_.options.skipgram()) {
      step.rows.push_back(setup_.weights->inputs.row(sentence_[p]));
    } else {
      step.contexts.push_back(sentence_[p]);
    }
  }
  if (!setup_.options.skipgram()) {
    step.rows.push_back(means_.data());
    step.ends.push_back(static_cast<std::uint32_t>(step.contexts.size()));
  }
  std::ranges::copy(labels, step.labels.begin());
  step.weights.assign(step.rows.size() * step.stride, 0.0F);
  for (std::size_t r = 0; r < step.rows.size(); ++r)
    std::fill_n(step.weights.data() + r * step.stride, nodes.size(), 1.0F);
  for (const std::uint32_t node : nodes) step.targets.push_back(setup_.weights->nodes.row(node));
  close_step();
}

void PairSteps::compute(Step& step) {
  training::PairStep pairs;
  pairs.rows = step.rows.data();
  pairs.targets = step.targets.data();
  pairs.row_count = step.rows.size();
  pairs.target_count = step.targets.size();
  pairs.stride = step.stride;
  pairs.labels = step.labels.data();
  pairs.weights = step.weights.data();
  pairs.gradients = gradients_.data();
  pairs.scratch = scratch_.data();
  pairs.dim = setup_.weights->inputs.padded();
  pairs.alpha = step.alpha;
  if (!step.contexts.empty()) {
    means_of(step);
    pairs.errors = errors_.data();
  }
  setup_.kernels->measure(pairs);
  if (loss_.due()) loss_.add(pairs);
  setup_.kernels->update(pairs);
  if (!step.contexts.empty()) add_errors(step);
}

// CBOW: row = mean of its contexts.
void PairSteps::means_of(Step& step) {
  const training::RowMatrix& inputs = setup_.weights->inputs;
  const std::size_t padded = inputs.padded();
  std::size_t begin = 0;
  for (std::size_t r = 0; r < step.rows.size(); ++r) {
    const std::size_t n = step.ends[r] - begin;
    std::fill_n(ones_.begin(), n, 1.0F / static_cast<float>(n));
    math::weighted_sum(std::span(ones_).first(n), std::span(step.contexts).subspan(begin, n), inputs.row(0), padded,
                       {step.rows[r], padded});
    begin = step.ends[r];
  }
}

// CBOW: the whole error goes to every context, as in the original, not its share of the mean.
void PairSteps::add_errors(const Step& step) {
  training::RowMatrix& inputs = setup_.weights->inputs;
  const std::size_t padded = inputs.padded();
  std::size_t at = 0;
  for (std::size_t r = 0; r < step.rows.size(); ++r) {
    const std::span<const float> error(errors_.data() + r * padded, padded);
    for (; at < step.ends[r]; ++at) math::add_scaled(1.0F, error, {inputs.row(step.contexts[at]), padded});
  }
}

}  // namespace isogloss::model
