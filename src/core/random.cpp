// SPDX-License-Identifier: Apache-2.0
// Own streams use xoshiro256**; the two Mersenne Twister classes differ only in seeding and in how they turn 32-bit
// numbers into bounded integers: NumPy's legacy code masks and rejects on the largest allowed value, Python rejects on
// the bit length of the bound. Each function repeats the order of draws of its original, since that order is the
// contract. Sources: numpy/random/src/legacy, numpy/random/mtrand.pyx (2.4), CPython Modules/_randommodule.c and
// Lib/random.py (3.11).
#include "core/random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_set>
#include <utility>

#include "core/assert.hpp"

namespace isogloss {
namespace {

// Marsaglia's polar method: two independent normal numbers. `draw` gives uniform ones in [0, 1).
template <class Draw>
std::pair<double, double> normal_pair(Draw&& draw) {
  double x;
  double y;
  double r2;
  do {
    x = 2.0 * draw() - 1.0;
    y = 2.0 * draw() - 1.0;
    r2 = x * x + y * y;
  } while (r2 >= 1.0 || r2 == 0.0);
  const double scale = std::sqrt(-2.0 * std::log(r2) / r2);
  return {scale * y, scale * x};
}

}  // namespace

Random::Random(std::uint64_t seed) : Random(seed, 0) {}

Random::Random(std::uint64_t seed, std::uint64_t stream) {
  // splitmix64; the stream number moves the starting point by an odd constant of its own.
  std::uint64_t x = seed + stream * 0xD1342543DE82EF95ull;
  for (std::uint64_t& word : state_) {
    x += 0x9E3779B97F4A7C15ull;
    std::uint64_t z = x;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ z >> 27) * 0x94D049BB133111EBull;
    word = z ^ z >> 31;
  }
}

std::uint64_t Random::bounded(std::uint64_t n) {
  IG_ASSERT(n > 0);
  // Lemire, "Fast random integer generation in an interval" (2019), algorithm 5.
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next()) * n;
  if (static_cast<std::uint64_t>(product) < n) {
    const std::uint64_t threshold = (0 - n) % n;
    while (static_cast<std::uint64_t>(product) < threshold) product = static_cast<Wide>(next()) * n;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

double Random::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const auto [first, second] = normal_pair([this] { return uniform(); });
  spare_ = second;
  has_spare_ = true;
  return first;
}

void MersenneTwister::seed(std::uint32_t value) {
  for (std::uint32_t i = 0; i < state_.size(); ++i) {
    state_[i] = value;
    value = 1812433253u * (value ^ value >> 30) + i + 1;
  }
  at_ = state_.size();
}

void MersenneTwister::seed_by_array(std::span<const std::uint32_t> key) {
  IG_ASSERT(!key.empty());
  seed(19650218u);
  const std::size_t n = state_.size();
  std::size_t i = 1;
  std::size_t j = 0;
  const auto step = [&] {
    if (++i >= n) {
      state_[0] = state_[n - 1];
      i = 1;
    }
  };
  for (std::size_t k = std::max(n, key.size()); k > 0; --k) {
    state_[i] = (state_[i] ^ (state_[i - 1] ^ state_[i - 1] >> 30) * 1664525u) + key[j] + static_cast<std::uint32_t>(j);
    step();
    if (++j >= key.size()) j = 0;
  }
  for (std::size_t k = n - 1; k > 0; --k) {
    state_[i] = (state_[i] ^ (state_[i - 1] ^ state_[i - 1] >> 30) * 1566083941u) - static_cast<std::uint32_t>(i);
    step();
  }
  state_[0] = 0x80000000u;
  at_ = n;
}

void MersenneTwister::refill() {
  constexpr std::size_t n = 624;
  constexpr std::size_t m = 397;
  for (std::size_t k = 0; k < n; ++k) {
    const std::uint32_t y = (state_[k] & 0x80000000u) | (state_[(k + 1) % n] & 0x7FFFFFFFu);
    state_[k] = state_[(k + m) % n] ^ y >> 1 ^ ((y & 1) != 0 ? 0x9908B0DFu : 0u);
  }
  at_ = 0;
}

std::uint32_t MersenneTwister::next() {
  if (at_ == state_.size()) refill();
  std::uint32_t y = state_[at_++];
  y ^= y >> 11;
  y ^= y << 7 & 0x9D2C5680u;
  y ^= y << 15 & 0xEFC60000u;
  return y ^ y >> 18;
}

double MersenneTwister::uniform() {
  const std::uint32_t a = next() >> 5;
  const std::uint32_t b = next() >> 6;
  return (a * 67108864.0 + b) / 9007199254740992.0;
}

NumpyRandom::NumpyRandom(std::uint32_t seed) { generator_.seed(seed); }

std::uint64_t NumpyRandom::interval(std::uint64_t max) {
  if (max == 0) return 0;
  const std::uint64_t mask = ~std::uint64_t{0} >> std::countl_zero(max);
  for (;;) {
    std::uint64_t value = generator_.next();
    if (max > 0xFFFFFFFFull) value = value << 32 | generator_.next();
    value &= mask;
    if (value <= max) return value;
  }
}

std::int64_t NumpyRandom::randint(std::int64_t low, std::int64_t high) {
  IG_ASSERT(low < high);
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) - 1;
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + interval(range));
}

double NumpyRandom::standard_normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_;
  }
  const auto [first, second] = normal_pair([this] { return generator_.uniform(); });
  spare_ = second;
  has_spare_ = true;
  return first;
}

std::vector<std::int64_t> NumpyRandom::permutation(std::size_t n) {
  std::vector<std::int64_t> values(n);
  std::iota(values.begin(), values.end(), 0);
  shuffle(std::span(values));
  return values;
}

std::vector<std::int64_t> NumpyRandom::choice(std::size_t n, std::size_t size) {
  std::vector<std::int64_t> values(size);
  for (std::int64_t& value : values) value = randint(0, static_cast<std::int64_t>(n));
  return values;
}

std::vector<std::int64_t> NumpyRandom::choice_without_replacement(std::size_t n, std::size_t size) {
  IG_ASSERT(size <= n);
  std::vector<std::int64_t> values = permutation(n);
  values.resize(size);
  return values;
}

std::vector<std::int64_t> NumpyRandom::choice_weighted(std::span<const double> probabilities, std::size_t size) {
  std::vector<double> cumulated(probabilities.size());
  std::partial_sum(probabilities.begin(), probabilities.end(), cumulated.begin());
  const double total = cumulated.back();
  for (double& value : cumulated) value /= total;
  std::vector<std::int64_t> values(size);
  for (std::int64_t& value : values) {
    value = std::upper_bound(cumulated.begin(), cumulated.end(), random_sample()) - cumulated.begin();
  }
  return values;
}

PythonRandom::PythonRandom(std::uint64_t seed) {
  const std::array<std::uint32_t, 2> key{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)};
  generator_.seed_by_array(std::span(key).first(key[1] != 0 ? 2 : 1));
}

std::uint64_t PythonRandom::getrandbits(unsigned bits) {
  IG_ASSERT(bits >= 1 && bits <= 64);
  if (bits <= 32) return generator_.next() >> (32 - bits);
  const std::uint64_t low = generator_.next();
  return low | static_cast<std::uint64_t>(generator_.next() >> (64 - bits)) << 32;
}

std::uint64_t PythonRandom::randbelow(std::uint64_t n) {
  IG_ASSERT(n > 0);
  const auto bits = static_cast<unsigned>(std::bit_width(n));
  std::uint64_t value = getrandbits(bits);
  while (value >= n) value = getrandbits(bits);
  return value;
}

std::int64_t PythonRandom::randrange(std::int64_t start, std::int64_t stop) {
  IG_ASSERT(start < stop);
  const std::uint64_t width = static_cast<std::uint64_t>(stop) - static_cast<std::uint64_t>(start);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(start) + randbelow(width));
}

std::vector<std::size_t> PythonRandom::sample(std::size_t n, std::size_t k) {
  IG_ASSERT(k <= n);
  std::vector<std::size_t> result(k);
  // Python keeps a pool for small n and a set of what was drawn for large n; the two draw differently.
  double set_size = 21.0;
  if (k > 5) set_size += std::pow(4.0, std::ceil(std::log(static_cast<double>(k) * 3.0) / std::log(4.0)));
  if (static_cast<double>(n) <= set_size) {
    std::vector<std::size_t> pool(n);
    std::iota(pool.begin(), pool.end(), std::size_t{0});
    for (std::size_t i = 0; i < k; ++i) {
      const std::size_t j = randbelow(n - i);
      result[i] = pool[j];
      pool[j] = pool[n - i - 1];
    }
    return result;
  }
  std::unordered_set<std::size_t> drawn;
  for (std::size_t& value : result) {
    do {
      value = randbelow(n);
    } while (!drawn.insert(value).second);
  }
  return result;
}

std::vector<std::size_t> PythonRandom::choices(std::size_t n, std::size_t k) {
  std::vector<std::size_t> result(k);
  for (std::size_t& value : result) value = static_cast<std::size_t>(std::floor(random() * static_cast<double>(n)));
  return result;
}

std::vector<std::size_t> PythonRandom::choices_weighted(std::span<const double> weights, std::size_t k) {
  IG_ASSERT(!weights.empty());
  std::vector<double> cumulated(weights.size());
  std::partial_sum(weights.begin(), weights.end(), cumulated.begin());
  const double total = cumulated.back();
  std::vector<std::size_t> result(k);
  for (std::size_t& value : result) {
    const auto place = std::upper_bound(cumulated.begin(), cumulated.end() - 1, random() * total);
    value = static_cast<std::size_t>(place - cumulated.begin());
  }
  return result;
}

}  // namespace isogloss
