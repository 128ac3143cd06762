// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every machine and in every release.
//   Random       our own streams: fast, splittable
//   NumpyRandom  numpy.random.RandomState(seed), number for number (golden values of other people's experiments)
//   PythonRandom Python's random.Random(seed), number for number
// None is thread-safe, none is for secrets.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace isogloss {

// xoshiro256** (Blackman and Vigna, 2018), seeded by splitmix64.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  // An independent stream of the same seed, for example one per block of work.
  Random(std::uint64_t seed, std::uint64_t stream);

  std::uint64_t next() {
    const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = rotate(state_[3], 45);
    return result;
  }
  double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }          // [0, 1)
  float uniform_f32() { return static_cast<float>(next() >> 40) * 0x1.0p-24f; }       // [0, 1)
  double uniform(double low, double high) { return low + (high - low) * uniform(); }  // [low, high)
  // Uniform in [0, n), without bias. REQUIRES: n > 0.
  std::uint64_t bounded(std::uint64_t n);
  double normal();  // mean 0, variance 1

  // A permutation of values in place (Fisher and Yates). (n)
  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[bounded(i)]);
  }

 private:
  static std::uint64_t rotate(std::uint64_t x, int k) { return x << k | x >> (64 - k); }
  std::array<std::uint64_t, 4> state_{};
  double spare_ = 0.0;
  bool has_spare_ = false;
};

// The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998).
class MersenneTwister {
 public:
  void seed(std::uint32_t value);                          // init_genrand
  void seed_by_array(std::span<const std::uint32_t> key);  // init_by_array. (n), n > 0
  std::uint32_t next();
  double uniform();  // 53 bits of two numbers, [0, 1)

 private:
  void refill();
  std::array<std::uint32_t, 624> state_{};
  std::size_t at_ = 624;
};

// numpy.random.RandomState: the stream that `numpy.random.seed(seed)` starts. Frozen by NumPy (NEP 19), so it never
// changes.
class NumpyRandom {
 public:
  explicit NumpyRandom(std::uint32_t seed);

  double random_sample() { return generator_.uniform(); }
  // Integers of [low, high), as randint with dtype int64 and int32 give. REQUIRES: low < high.
  std::int64_t randint(std::int64_t low, std::int64_t high);
  double standard_normal();  // the polar method
  double normal(double mean, double deviation) { return mean + deviation * standard_normal(); }
  std::vector<std::int64_t> permutation(std::size_t n);  // of 0 .. n-1
  // choice(n, size): with and without replacement, and with probabilities (with replacement).
  std::vector<std::int64_t> choice(std::size_t n, std::size_t size);
  std::vector<std::int64_t> choice_without_replacement(std::size_t n, std::size_t size);  // REQUIRES: size <= n
  std::vector<std::int64_t> choice_weighted(std::span<const double> probabilities, std::size_t size);  // (n)

  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[interval(i - 1)]);
  }

 private:
  std::uint64_t interval(std::uint64_t max);  // [0, max] by masking and rejection
  MersenneTwister generator_;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

// Python's random.Random, seeded by an integer (CPython 3.2 and later).
class PythonRandom {
 public:
  explicit PythonRandom(std::uint64_t seed);

  double random() { return generator_.uniform(); }
  std::uint64_t getrandbits(unsigned bits);                        // REQUIRES: 1 <= bits <= 64
  std::uint64_t randbelow(std::uint64_t n);                        // [0, n), as _randbelow. REQUIRES: n > 0
  std::int64_t randrange(std::int64_t start, std::int64_t stop);   // REQUIRES: start < stop
  std::vector<std::size_t> sample(std::size_t n, std::size_t k);   // random.sample(range(n), k). REQUIRES: k <= n
  std::vector<std::size_t> choices(std::size_t n, std::size_t k);  // random.choices(range(n), k=k)
  std::vector<std::size_t> choices_weighted(std::span<const double> weights, std::size_t k);  // (n)

  template <class T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[randbelow(i)]);
  }

 private:
  MersenneTwister generator_;
};

}  // namespace isogloss
