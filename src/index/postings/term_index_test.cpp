// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>

#include "core/file.hpp"
#include "core/random.hpp"
#include "core/test_support.hpp"
#include "index/postings/postings_writer.hpp"
#include "isogloss/index.hpp"

namespace isogloss {
namespace {

// A document that owns its terms.
struct Sample {
  std::int64_t id = 0;
  std::map<std::string, std::uint32_t> counts;
  std::uint32_t length = 0;
};

class SampleView {  // a TermDocument whose arrays stay
 public:
  explicit SampleView(const Sample& sample) : id_(sample.id), length_(sample.length) {
    for (const auto& [term, count] : sample.counts) terms_.push_back({term, count});
  }
  TermDocument get() const { return {id_, terms_, length_}; }

 private:
  std::int64_t id_;
  std::uint32_t length_;
  std::vector<TermCount> terms_;
};

// Words drawn by a law like Zipf's: w0 is in nearly every document.
std::vector<Sample> random_samples(std::size_t n, std::uint64_t seed, std::int64_t first_id = 0,
                                   std::int64_t step = 1) {
  Random random(seed);
  std::vector<Sample> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i].id = first_id + static_cast<std::int64_t>(i) * step;
    out[i].length = static_cast<std::uint32_t>(random.bounded(60));
    for (std::uint32_t w = 0; w < out[i].length; ++w) {
      const auto word = static_cast<int>(std::pow(800.0, random.uniform())) - 1;
      ++out[i].counts["w" + std::to_string(word)];
    }
  }
  return out;
}

void add_all(TermIndex& index, std::span<const Sample> samples) {
  for (const Sample& sample : samples) {
    const SampleView view(sample);
    const TermDocument document = view.get();
    ASSERT_TRUE(index.add({&document, 1}, Context{}));
  }
}

// The formula of the header in f64, over the samples that are left.
std::vector<std::pair<double, std::int64_t>> brute_force(std::span<const Sample> samples,
                                                         std::span<const TermWeight> terms, const IdSet* filter,
                                                         const TermIndexOptions& options) {
  double total = 0;
  for (const Sample& sample : samples) total += sample.length;
  const auto n = static_cast<double>(samples.size());
  std::map<std::int64_t, double> scores;
  for (const TermWeight& term : terms) {
    double df = 0;
    for (const Sample& sample : samples) df += sample.counts.contains(std::string(term.term));
    const double idf = std::log(1 + (n - df + 0.5) / (df + 0.5));
    for (const Sample& sample : samples) {
      const auto found = sample.counts.find(std::string(term.term));
      if (found == sample.counts.end() || term.weight == 0) continue;
      if (filter != nullptr && !filter->contains(sample.id)) continue;
      const double length = index::norm_length(sample.length, options.norm);
      const double norm = options.k1 * (1 - options.b + options.b * length / (total / n));
      scores[sample.id] += term.weight * idf * found->second / (found->second + norm);
    }
  }
  std::vector<std::pair<double, std::int64_t>> out;
  for (const auto& [id, score] : scores) out.emplace_back(-score, id);
  std::ranges::sort(out);
  return out;
}

// Same scores at every rank within rounding, every id with its own score, ties by id.
void expect_equals(const std::vector<IndexHit>& found, std::vector<std::pair<double, std::int64_t>> expected,
                   std::size_t k, double largest) {
  ASSERT_EQ(found.size(), std::min(k, expected.size()));
  std::map<std::int64_t, double> scores;
  for (const auto& [score, id] : expected) scores[id] = -score;
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i].score, -expected[i].first, 1e-6 * largest) << i;
    ASSERT_TRUE(scores.contains(found[i].id));
    EXPECT_NEAR(found[i].score, scores[found[i].id], 1e-6 * largest);
    if (i == 0) continue;
    EXPECT_TRUE(found[i - 1].score > found[i].score ||
                (found[i - 1].score == found[i].score && found[i - 1].id < found[i].id));
  }
}

const std::vector<std::vector<TermWeight>> kQueries = {
    {{"w0", 1}},
    {{"w1", 1}, {"w5", 1}},
    {{"w0", 1}, {"w1", 1}, {"w2", 1}, {"w3", 1}},
    {{"w0", 1}, {"w40", 1}, {"w300", 1}, {"w700", 1}, {"none", 1}},
    {{"w7", 0.25F}, {"w90", 3}, {"w0", 0}, {"w7", 1}},
    {{"w640", 1}, {"w2", 1}, {"w11", 1}, {"w55", 1}, {"w9", 1}, {"w1", 1}, {"w0", 1}, {"w4", 1}},
};

void expect_equals_brute_force(const TermIndex& index, std::span<const Sample> samples, const IdSet* filter) {
  for (const std::vector<TermWeight>& query : kQueries) {
    double largest = 1;
    for (const TermWeight& term : query) largest += term.weight * 10;
    for (const std::size_t k : {1, 10, 100000}) {
      IndexCost cost;
      const auto found = index.search(query, {k, filter}, &cost).value();
      expect_equals(found, brute_force(samples, query, filter, index.options()), k, largest);
      std::size_t matches = 0;
      for (const Sample& sample : samples) matches += filter == nullptr || filter->contains(sample.id);
      EXPECT_EQ(cost.matches, matches);
    }
  }
}

IdSet some_of(std::span<const Sample> samples, double share, std::uint64_t seed) {
  Random random(seed);
  IdSet out;
  for (const Sample& sample : samples) {
    if (random.uniform() < share) out.insert(sample.id);
  }
  return out;
}

std::unique_ptr<TermIndex> built(std::span<const Sample> samples, const std::filesystem::path& path,
                                 const TermIndexOptions& options = {}) {
  TermIndexBuilder builder = TermIndexBuilder::create(options).value();
  for (const Sample& sample : samples) EXPECT_TRUE(builder.add(SampleView(sample).get()));
  EXPECT_TRUE(builder.save(path, {"space", 5}, Context{}));
  return map_term_index(path).value();
}

TEST(TermIndex, ScoresTwoDocumentsByHand) {
  // N = 2, average length 3. "b": df 1, idf = ln(1 + 1.5 / 1.5) = ln 2; in document 7 once, length 2:
  // norm = 0.9 (1 - 0.4 + 0.4 * 2 / 3) = 0.78, score = ln 2 / 1.78.
  const auto index = make_term_index({}).value();
  add_all(*index, std::vector<Sample>{{3, {{"a", 4}}, 4}, {7, {{"a", 1}, {"b", 1}}, 2}});
  const std::vector<TermWeight> query = {{"b"}};
  const auto hits = index->search(query, {}).value();
  ASSERT_EQ(hits.size(), 1U);
  EXPECT_EQ(hits[0].id, 7);
  EXPECT_NEAR(hits[0].score, std::log(2.0) / 1.78, 1e-7);
  EXPECT_EQ(index->document_frequency("a"), 2U);
}

TEST(TermIndex, MemoryAndFileEqualBruteForceUnderEveryFilter) {
  const TemporaryFolder folder;
  const std::vector<Sample> samples = random_samples(9500, 1, 50, 2);
  const auto memory = make_term_index({}).value();
  add_all(*memory, std::span(samples).first(700));
  expect_equals_brute_force(*memory, std::span(samples).first(700), nullptr);
  const auto mapped = built(samples, folder.path() / "bm25-5.idx");
  EXPECT_TRUE(mapped->verify());
  expect_equals_brute_force(*mapped, samples, nullptr);
  for (const double share : {0.5, 0.1, 0.01, 0.001, 0.0}) {
    const IdSet filter = some_of(samples, share, 2);
    expect_equals_brute_force(*mapped, samples, &filter);
  }
}

TEST(TermIndex, RemovedAndAddedDocumentsCountAsInAFreshIndex) {
  const TemporaryFolder folder;
  std::vector<Sample> samples = random_samples(6000, 3, 0, 3);
  const auto index = built(samples, folder.path() / "a.idx");
  const std::vector<Sample> more = random_samples(300, 4, 9001, -30);  // ids between those of the file, descending
  add_all(*index, more);
  samples.insert(samples.end(), more.begin(), more.end());
  expect_equals_brute_force(*index, samples, nullptr);
  const IdSet gone = some_of(samples, 0.3, 5);
  for (int round = 0; round < 2; ++round) {  // in two parts: counts of removed documents are carried on
    std::vector<std::int64_t> ids;
    std::erase_if(samples, [&](const Sample& sample) {
      if (!gone.contains(sample.id) || (round == 0 && sample.id % 2 == 0)) return false;
      ids.push_back(sample.id);
      return true;
    });
    EXPECT_EQ(index->remove(ids), ids.size());
    EXPECT_EQ(index->remove(ids), 0U);
    expect_equals_brute_force(*index, samples, nullptr);
  }
  const IdSet filter = some_of(samples, 0.2, 6);
  expect_equals_brute_force(*index, samples, &filter);
  ASSERT_TRUE(index->save(folder.path() / "b.idx", {"space", 6}, Context{}));
  const auto again = map_term_index(folder.path() / "b.idx").value();
  EXPECT_EQ(again->size(), samples.size());
  EXPECT_EQ(again->stamp().last_seq, 6U);
  expect_equals_brute_force(*again, samples, nullptr);
  for (const auto& query : kQueries) {  // same bits as before saving
    EXPECT_EQ(index->search(query, {20}).value(), again->search(query, {20}).value());
  }
}

TEST(TermIndex, OtherParametersAndLucenesLengthsAreObeyed) {
  const TemporaryFolder folder;
  const std::vector<Sample> samples = random_samples(5000, 7);
  const TermIndexOptions options{1.5, 0.75, LengthNorm::lucene};
  const auto index = built(samples, folder.path() / "a.idx", options);
  EXPECT_EQ(index->options().norm, LengthNorm::lucene);
  expect_equals_brute_force(*index, samples, nullptr);
  const auto other = map_term_index(folder.path() / "a.idx", {0.5, 0.1, LengthNorm::exact}).value();
  expect_equals_brute_force(*other, samples, nullptr);
  const auto flat = map_term_index(folder.path() / "a.idx", {0, 0, LengthNorm::exact}).value();
  expect_equals_brute_force(*flat, samples, nullptr);
}

TEST(TermIndex, LucenesLengthsAreThoseOfSmallFloat) {
  // SmallFloat.byte4ToInt(intToByte4(x)): exact to 40, then the lower end of steps that double.
  for (const auto& [length, kept] : {std::pair{0U, 0}, {23U, 23}, {39U, 39}, {41U, 40}, {100U, 96}, {1000U, 984}}) {
    EXPECT_EQ(index::norm_length(length, LengthNorm::lucene), kept) << length;
    EXPECT_EQ(index::norm_length(length, LengthNorm::exact), length);
  }
}

TEST(TermIndex, CountsBeyondAByteAndWideGapsSurvivePacking) {
  const TemporaryFolder folder;
  std::vector<Sample> samples(3000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].id = static_cast<std::int64_t>(i);
    samples[i].counts["often"] = static_cast<std::uint32_t>(1 + i * i % 100'003);
    if (i % 2 == 0) samples[i].counts["half"] = static_cast<std::uint32_t>(1 + i % 3);
    if (i % 23 == 0) samples[i].counts["some"] = 0x7fffffffU - static_cast<std::uint32_t>(i);
    samples[i].length = static_cast<std::uint32_t>(i * 7 % 1000);
  }
  const auto index = built(samples, folder.path() / "a.idx");
  for (const std::vector<TermWeight>& query : {std::vector<TermWeight>{{"often"}}, {{"half"}, {"some"}}, {{"some"}}}) {
    const auto found = index->search(query, {50}).value();
    expect_equals(found, brute_force(samples, query, nullptr, {}), 50, 10);
  }
}

TEST(TermIndex, EqualDocumentsComeInOrderOfIds) {
  const TemporaryFolder folder;
  std::vector<Sample> samples(9000);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i] = {static_cast<std::int64_t>(i), {{"x", 1}, {i % 2 != 0 ? "y" : "z", 1}}, 2};
  }
  const auto index = built(samples, folder.path() / "a.idx");
  const std::vector<TermWeight> query = {{"x"}, {"y"}};
  const auto hits = index->search(query, {5000}).value();
  ASSERT_EQ(hits.size(), 5000U);
  for (std::size_t i = 0; i < 4500; ++i) ASSERT_EQ(hits[i].id, static_cast<std::int64_t>(2 * i + 1));
  for (std::size_t i = 4500; i < 5000; ++i) ASSERT_EQ(hits[i].id, static_cast<std::int64_t>(2 * (i - 4500)));
}

TEST(TermIndex, EmptyIndexesAndQueriesGiveNothing) {
  const TemporaryFolder folder;
  const auto empty = built({}, folder.path() / "a.idx");
  EXPECT_TRUE(empty->search(kQueries[2], {}).value().empty());
  const auto fresh = make_term_index({}).value();
  EXPECT_TRUE(fresh->search(kQueries[2], {}).value().empty());
  add_all(*empty, random_samples(20, 8));
  EXPECT_TRUE(empty->search({}, {}).value().empty());
  EXPECT_TRUE(empty->search(kQueries[0], {0}).value().empty());
  EXPECT_FALSE(empty->search(kQueries[0], {}).value().empty());
}

TEST(TermIndex, RefusesWhatItCannotIndex) {
  EXPECT_EQ(make_term_index({-1, 0.4}).error().code, Code::invalid_argument);
  EXPECT_EQ(make_term_index({1, 1.4}).error().code, Code::invalid_argument);
  const auto index = make_term_index({}).value();
  TermIndexBuilder builder = TermIndexBuilder::create({}).value();
  const std::vector<TermCount> twice = {{"a", 1}, {"a", 2}};
  const std::vector<TermCount> none = {{"a", 0}};
  const std::vector<TermCount> too_many = {{"a", 0x80000000U}};
  const std::vector<TermCount> good = {{"a", 1}};
  for (const auto& terms : {twice, none, too_many}) {
    const TermDocument document{1, terms, 3};
    EXPECT_EQ(index->add({&document, 1}, Context{}).error().code, Code::invalid_argument);
    EXPECT_EQ(builder.add(document).error().code, Code::invalid_argument);
  }
  const TermDocument document{1, good, 1};
  EXPECT_TRUE(index->add({&document, 1}, Context{}));
  EXPECT_EQ(index->add({&document, 1}, Context{}).error().code, Code::already_exists);
  EXPECT_TRUE(builder.add(document));
  EXPECT_TRUE(builder.add(document));
  const TemporaryFolder folder;
  EXPECT_EQ(builder.save(folder.path() / "a.idx", {}, Context{}).error().code, Code::already_exists);
  const std::vector<TermWeight> negative = {{"a", -1}};
  EXPECT_EQ(index->search(negative, {}).error().code, Code::invalid_argument);
}

TEST(TermIndex, SearchesRunTogetherAfterAChange) {
  const TemporaryFolder folder;
  const auto index = built(random_samples(6000, 11), folder.path() / "a.idx");
  ThreadPool pool(4);
  for (int round = 0; round < 3; ++round) {
    // A removal makes the norms and the counts of removed holders stale; the first searches compute them.
    EXPECT_EQ(index->remove(std::vector<std::int64_t>{10 * round, 10 * round + 1}), 2U);
    std::vector<std::vector<IndexHit>> together(kQueries.size() * 8);
    pool.run(together.size(),
             [&](std::size_t i) { together[i] = index->search(kQueries[i % kQueries.size()], {10}).value(); });
    for (std::size_t i = 0; i < together.size(); ++i) {
      EXPECT_EQ(together[i], index->search(kQueries[i % kQueries.size()], {10}).value());
    }
  }
}

TEST(TermIndex, DamagedFilesNeverCrashASearch) {
  const TemporaryFolder folder;
  const auto path = folder.path() / "b.idx";
  built(random_samples(2000, 9), path);
  const std::string whole = read_file(path).value();
  for (std::size_t size = 0; size < whole.size(); size += whole.size() / 40 + 1) {
    std::ofstream(path, std::ios::binary).write(whole.data(), static_cast<std::streamsize>(size));
    const auto opened = map_term_index(path);
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("b.idx"), std::string::npos);
  }
  Random random(10);
  for (int round = 0; round < 300; ++round) {
    std::string changed = whole;
    for (int i = 0; i < 8; ++i) changed[random.bounded(whole.size() - 300)] = static_cast<char>(random.next());
    std::ofstream(path, std::ios::binary).write(changed.data(), static_cast<std::streamsize>(changed.size()));
    const auto opened = map_term_index(path);
    if (!opened) continue;
    EXPECT_EQ((*opened)->verify().error().code, Code::corrupt_data);
    for (const auto& query : kQueries) {
      const auto result = (*opened)->search(query, {10});
      EXPECT_TRUE(result || result.error().code == Code::corrupt_data);
    }
  }
}

}  // namespace
}  // namespace isogloss
