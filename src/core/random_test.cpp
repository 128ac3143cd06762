// SPDX-License-Identifier: Apache-2.0
// Golden values: numpy 2.4.6 and CPython 3.11.7.
#include "core/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

namespace isogloss {
namespace {

using testing::ElementsAre;

template <class T, class F>
std::vector<T> times(int n, F&& f) {
  std::vector<T> out;
  for (int i = 0; i < n; ++i) out.push_back(f());
  return out;
}

template <class T>
std::vector<T> range(std::size_t n) {
  std::vector<T> out(n);
  std::iota(out.begin(), out.end(), T{0});
  return out;
}

// numpy.random.seed(42); numpy.random.random_sample(3)
TEST(NumpyRandom, RandomSampleEqualsNumpy) {
  NumpyRandom random(42);
  EXPECT_EQ(random.random_sample(), 0.3745401188473625);
  EXPECT_EQ(random.random_sample(), 0.9507143064099162);
  EXPECT_EQ(random.random_sample(), 0.7319939418114051);
}

TEST(NumpyRandom, StandardNormalEqualsNumpy) {
  NumpyRandom random(42);
  EXPECT_DOUBLE_EQ(random.standard_normal(), 0.4967141530112327);
  EXPECT_DOUBLE_EQ(random.standard_normal(), -0.13826430117118466);
  EXPECT_DOUBLE_EQ(random.standard_normal(), 0.6476885381006925);
  EXPECT_DOUBLE_EQ(random.standard_normal(), 1.5230298564080254);
}

TEST(NumpyRandom, RandintEqualsNumpyBelowAndAbove32Bits) {
  NumpyRandom random(42);
  EXPECT_THAT(times<int>(8, [&] { return random.randint(0, 10); }), ElementsAre(6, 3, 7, 4, 6, 9, 2, 6));
  const std::int64_t high = (std::int64_t{1} << 31) + 5;
  EXPECT_THAT(times<std::int64_t>(3, [&] { return random.randint(-5, high); }),
              ElementsAre(249467205, 1972458949, 1433267567));
  EXPECT_THAT(times<std::int64_t>(3, [&] { return random.randint(0, std::int64_t{1} << 40); }),
              ElementsAre(425815370599, 651335606402, 640192412980));
}

TEST(NumpyRandom, ShuffleAndPermutationEqualNumpy) {
  NumpyRandom random(7);
  std::vector<int> values = range<int>(10);
  random.shuffle(std::span(values));
  EXPECT_THAT(values, ElementsAre(8, 5, 0, 2, 1, 9, 7, 3, 6, 4));
  EXPECT_THAT(random.permutation(8), ElementsAre(1, 4, 5, 3, 0, 7, 2, 6));
}

TEST(NumpyRandom, ChoiceEqualsNumpyInItsThreeForms) {
  NumpyRandom random(1);
  EXPECT_THAT(random.choice(100, 5), ElementsAre(37, 12, 72, 9, 75));
  EXPECT_THAT(random.choice_without_replacement(10, 4), ElementsAre(3, 7, 6, 2));
  const std::vector<double> p{.1, .2, .3, .4};
  EXPECT_THAT(random.choice_weighted(p, 6), ElementsAre(3, 2, 2, 2, 1, 2));
}

TEST(PythonRandom, RandomAndGetrandbitsEqualPython) {
  PythonRandom random(42);
  EXPECT_EQ(random.random(), 0.6394267984578837);
  EXPECT_EQ(random.random(), 0.025010755222666936);
  EXPECT_EQ(random.random(), 0.27502931836911926);
  EXPECT_EQ(random.getrandbits(1), 0u);
  EXPECT_EQ(random.getrandbits(7), 17u);
  EXPECT_EQ(random.getrandbits(32), 3163119785u);
  EXPECT_EQ(random.getrandbits(33), 4735180711u);
  EXPECT_EQ(random.getrandbits(64), 16457808150190122675u);
}

TEST(PythonRandom, ShuffleAndRandrangeEqualPython) {
  PythonRandom random(42);
  std::vector<int> values = range<int>(10);
  random.shuffle(std::span(values));
  EXPECT_THAT(values, ElementsAre(7, 3, 2, 8, 5, 6, 9, 4, 0, 1));
  EXPECT_THAT(times<int>(4, [&] { return random.randrange(3, 1000); }), ElementsAre(607, 435, 35, 33));
}

TEST(PythonRandom, SampleAndChoicesEqualPythonForPoolAndSet) {
  PythonRandom random(42);
  EXPECT_THAT(random.sample(10, 4), ElementsAre(1, 0, 4, 9));
  EXPECT_THAT(random.sample(1000, 6), ElementsAre(228, 142, 754, 104, 692, 758));
  EXPECT_THAT(random.sample(100000, 3), ElementsAre(71482, 11395, 77397));
  EXPECT_THAT(random.choices(10, 5), ElementsAre(4, 0, 2, 5, 0));
  EXPECT_THAT(random.choices_weighted(std::vector<double>{1, 2, 3, 4}, 6), ElementsAre(1, 3, 2, 1, 2, 3));
}

TEST(PythonRandom, SeedsOfZeroAndOfMoreThan32BitsEqualPython) {
  EXPECT_EQ(PythonRandom(0).getrandbits(32), 3626764237u);
  EXPECT_EQ(PythonRandom((std::uint64_t{1} << 40) + 5).getrandbits(32), 2166296868u);
}

TEST(Random, SameSeedSameNumbersAndStreamsDiffer) {
  Random a(7);
  Random b(7);
  Random c(7, 1);
  for (int i = 0; i < 10; ++i) {
    const std::uint64_t value = a.next();
    EXPECT_EQ(value, b.next());
    EXPECT_NE(value, c.next());
  }
}

TEST(Random, NormalHasMeanZeroAndVarianceOne) {
  Random random(1);
  double sum = 0;
  double squares = 0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0.0, 0.02);
  EXPECT_NEAR(squares / n, 1.0, 0.02);
}

TEST(Random, BoundedReachesEveryValueEvenly) {
  Random random(3);
  std::vector<int> counts(7, 0);
  for (int i = 0; i < 70000; ++i) ++counts[random.bounded(7)];
  for (const int count : counts) EXPECT_NEAR(count, 10000, 500);
}

}  // namespace
}  // namespace isogloss
