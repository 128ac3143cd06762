// SPDX-License-Identifier: Apache-2.0
// What both ways of training share.
#include "model/fasttext/fasttext_trainer.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "core/hash.hpp"
#include "core/parallel.hpp"
#include "core/random.hpp"
#include "formats/word_vectors.hpp"
#include "tokens/analysis/word_map.hpp"

namespace isogloss::model {
namespace {

constexpr std::size_t kMostBuckets = 2'000'000;
constexpr std::size_t kFewestBuckets = 1000;
constexpr std::size_t kGrain = 4096;  // rows of one task

}  // namespace

void DistinctCounter::add(std::uint64_t hash) {
  const std::uint64_t place = hash64(hash) % kBits;
  bits_[place / 64] |= std::uint64_t{1} << place % 64;
}

void DistinctCounter::merge(const DistinctCounter& other) {
  for (std::size_t i = 0; i < bits_.size(); ++i) bits_[i] |= other.bits_[i];
}

std::size_t DistinctCounter::count() const {
  std::size_t set = 0;
  for (const std::uint64_t word : bits_) set += static_cast<std::size_t>(std::popcount(word));
  if (set == kBits) return kBits;
  const auto all = static_cast<double>(kBits);
  return static_cast<std::size_t>(std::llround(-all * std::log1p(-static_cast<double>(set) / all)));
}

std::size_t bucket_for(std::size_t distinct) { return std::clamp(2 * distinct, kFewestBuckets, kMostBuckets); }

TextRules rules_of(const FasttextOptions& options) {
  return {options.supervised(), options.split == "words", options.lowercase};
}

formats::FasttextSettings settings_of(const FasttextOptions& o, std::size_t bucket) {
  using formats::FasttextKind;
  using formats::FasttextLoss;
  formats::FasttextSettings s;
  const auto narrow = [](std::int64_t value) { return static_cast<std::int32_t>(value); };
  s.dim = narrow(o.dim);
  s.window = narrow(o.window);
  s.epochs = narrow(o.epochs);
  s.min_count = narrow(o.min_count);
  s.negative = narrow(o.negative);
  s.word_ngrams = narrow(o.word_ngrams);
  s.loss = o.loss == "hs"    ? FasttextLoss::hs
           : o.loss == "ns"  ? FasttextLoss::ns
           : o.loss == "ova" ? FasttextLoss::ova
                             : FasttextLoss::softmax;
  s.kind = o.supervised() ? FasttextKind::supervised : o.skipgram() ? FasttextKind::skipgram : FasttextKind::cbow;
  s.bucket = static_cast<std::int32_t>(bucket);
  s.minn = narrow(o.minn);
  s.maxn = narrow(o.maxn);
  s.sample = o.sample;
  return s;
}

training::RowMatrix random_rows(std::size_t rows, std::size_t dim, Context& context) {
  training::RowMatrix out(rows, dim);
  const float scale = 2.0F / static_cast<float>(dim);
  parallel_for(context, rows, kGrain, [&](std::size_t begin, std::size_t end) {
    Random random(context.seed, begin / kGrain);
    for (std::size_t i = begin; i < end; ++i) {
      for (std::size_t j = 0; j < dim; ++j) out.row(i)[j] = (random.uniform_f32() - 0.5F) * scale;
    }
  });
  return out;
}

Result<Pretrained> read_pretrained(const FasttextOptions& options, Context& context) {
  if (options.pretrained_vectors.empty()) return Pretrained();
  formats::WordVectors read = IG_TRY(formats::read_word_vectors(options.pretrained_vectors, context));
  if (read.dim != static_cast<std::size_t>(options.dim)) {
    return fail(Code::mismatch, "'" + options.pretrained_vectors + "' has vectors of " + std::to_string(read.dim) +
                                    " dimensions, the model has " + std::to_string(options.dim) +
                                    ". Train with --dim " + std::to_string(read.dim) + ".");
  }
  return Pretrained{std::move(read.words), std::move(read.rows)};
}

void add_pretrained_words(const Pretrained& from, formats::FasttextFile& file) {
  tokens::WordMap known;
  for (std::size_t i = 0; i < file.words.size(); ++i) known.insert(file.words[i]);
  for (std::size_t i = 0; i < from.words.size(); ++i) {
    const std::size_t before = known.size();
    known.insert(from.words[i]);
    if (known.size() == before) continue;
    file.words.add(from.words[i]);
    file.word_counts.push_back(1);
  }
}

void copy_pretrained(const Pretrained& from, const formats::FasttextFile& file, training::RowMatrix& input) {
  tokens::WordMap known;
  for (std::size_t i = 0; i < file.words.size(); ++i) known.insert(file.words[i]);
  const std::size_t dim = input.dim();
  for (std::size_t i = 0; i < from.words.size(); ++i) {
    std::copy_n(from.rows.data() + i * dim, dim, input.row(known.find(from.words[i])));
  }
}

}  // namespace isogloss::model
