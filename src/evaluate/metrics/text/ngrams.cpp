// SPDX-License-Identifier: Apache-2.0
#include "evaluate/metrics/text/ngrams.hpp"

#include <algorithm>
#include <bit>

namespace isogloss::evaluation {
namespace {

constexpr std::uint64_t kFree = UINT64_MAX;  // no pair: numbers are below 2^32 - 1

std::size_t mixed(std::uint64_t key) {
  key *= 0x9E3779B97F4A7C15ULL;
  return static_cast<std::size_t>(key ^ (key >> 29));
}

}  // namespace

std::uint32_t WordNumbers::operator[](std::string_view word) {
  const auto hash = static_cast<std::uint32_t>(std::hash<std::string_view>{}(word));
  std::size_t at = hash & (slots_.size() - 1);
  for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
    const std::uint32_t number = slots_[at] - 1;
    if (hashes_[number] == hash && words_[number] == word) return number;
  }
  words_.emplace_back(word);
  hashes_.push_back(hash);
  slots_[at] = static_cast<std::uint32_t>(words_.size());
  if (2 * words_.size() > slots_.size()) grow();
  return static_cast<std::uint32_t>(words_.size() - 1);
}

void WordNumbers::grow() {
  slots_.assign(2 * slots_.size(), 0);
  for (std::uint32_t number = 0; number < words_.size(); ++number) {
    std::size_t at = hashes_[number] & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = number + 1;
  }
}

void NgramCounter::number_pairs(std::size_t order, std::span<const Tokens* const> all) {
  std::size_t positions = 0;
  for (const Tokens* tokens : all) positions += tokens->size();
  const std::size_t mask = std::bit_ceil(2 * positions + 1) - 1;
  keys_.assign(mask + 1, kFree);
  values_.resize(mask + 1);
  distinct_ = 0;
  for (std::size_t s = 0; s < all.size(); ++s) {
    const Tokens& tokens = *all[s];
    Tokens& numbers = current_[s];
    const std::size_t n = tokens.size() < order ? 0 : tokens.size() - order + 1;
    for (std::size_t i = 0; i < n; ++i) {
      // Of order 1 the pair is the token alone: that gives words of a whole collection small numbers.
      const std::uint64_t key = (order == 1 ? 0 : static_cast<std::uint64_t>(numbers[i]) << 32) | tokens[i + order - 1];
      std::size_t at = mixed(key) & mask;
      while (keys_[at] != kFree && keys_[at] != key) at = (at + 1) & mask;
      if (keys_[at] == kFree) {
        keys_[at] = key;
        values_[at] = static_cast<std::uint32_t>(distinct_++);
      }
      if (order == 1 && i == 0) numbers.resize(n);
      numbers[i] = values_[at];
    }
    numbers.resize(n);
  }
}

void NgramCounter::count(const Tokens& hypothesis, std::span<const Tokens> references, std::span<Overlap> out) {
  std::vector<const Tokens*> all{&hypothesis};
  for (const Tokens& reference : references) all.push_back(&reference);
  current_.resize(all.size());
  for (std::size_t order = 1; order <= out.size(); ++order) {
    number_pairs(order, all);
    in_hypothesis_.assign(distinct_, 0);
    in_references_.assign(distinct_, 0);
    for (const std::uint32_t number : current_[0]) ++in_hypothesis_[number];
    for (std::size_t s = 1; s < all.size(); ++s) {
      if (all.size() == 2) {
        for (const std::uint32_t number : current_[s]) ++in_references_[number];
        continue;
      }
      in_one_.assign(distinct_, 0);
      for (const std::uint32_t number : current_[s]) {
        in_references_[number] = std::max(in_references_[number], ++in_one_[number]);
      }
    }
    Overlap& overlap = out[order - 1];
    overlap = {current_[0].size(), all.size() > 1 ? current_.back().size() : 0, 0};
    for (std::size_t i = 0; i < distinct_; ++i) overlap.matched += std::min(in_hypothesis_[i], in_references_[i]);
  }
}

Status check_segments(std::span<const std::string> hypotheses, References references) {
  if (hypotheses.empty())
    return fail(Code::invalid_argument, "there is no segment to score; the hypotheses are empty.");
  if (references.empty()) return fail(Code::invalid_argument, "there is no reference to score against; name one.");
  for (const auto& reference : references) {
    if (reference.size() == hypotheses.size()) continue;
    return fail(Code::invalid_argument, "there are " + std::to_string(hypotheses.size()) + " hypotheses and " +
                                            std::to_string(reference.size()) +
                                            " references; line n of both must belong together.");
  }
  return {};
}

}  // namespace isogloss::evaluation
