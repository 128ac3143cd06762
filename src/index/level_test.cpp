// SPDX-License-Identifier: Apache-2.0
// Indexes have the same bits on every instruction set: files, hits and scores. A process chooses its level once, so the
// test runs itself again with ISOGLOSS_SIMD set and compares what each run wrote.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "core/file.hpp"
#include "core/random.hpp"
#include "core/test_support.hpp"
#include "isogloss/index.hpp"
#include "simd/kernels.hpp"

namespace isogloss {
namespace {

constexpr const char* kProbe = "ISOGLOSS_LEVEL_PROBE";  // where a run writes what it found

Vectors clouds(std::size_t rows, std::size_t dim, std::uint64_t stream) {
  Random same(3);
  Vectors centres = Vectors::dense(20, dim);
  for (std::size_t c = 0; c < 20; ++c) {
    for (float& x : centres.row_f32(c)) x = static_cast<float>(same.normal());
  }
  Random random(4, stream);
  Vectors out = Vectors::dense(rows, dim);
  for (std::size_t i = 0; i < rows; ++i) {
    const auto centre = centres.row_f32(random.bounded(20));
    for (std::size_t d = 0; d < dim; ++d) {
      out.row_f32(i)[d] = centre[d] + 0.7F * static_cast<float>(random.normal());
    }
    if (i % 7 == 6) std::ranges::copy(out.row_f32(i - 3), out.row_f32(i).begin());
  }
  return out;
}

std::vector<std::int64_t> numbers(std::int64_t first, std::size_t n) {
  std::vector<std::int64_t> ids(n);
  std::iota(ids.begin(), ids.end(), first);
  return ids;
}

class Probe {
 public:
  explicit Probe(const std::filesystem::path& path) : path_(path), out_(path, std::ios::binary) {}

  void run(Metric metric, DType dtype, std::size_t rows, std::size_t dim) {
    const auto file = path_.string() + ".index";
    const auto fresh = make_scan_index({dim, metric, dtype}).value();
    ASSERT_TRUE(fresh->add(numbers(0, rows), clouds(rows, dim, 1).view(), Context{}));
    ASSERT_TRUE(fresh->save(file, {}, Context{}));
    out_ << read_file(file).value();
    const auto index = map_scan_index(file).value();
    // Some change after it: a coded tail, removed rows.
    ASSERT_TRUE(index->add(numbers(1'000'000, 1500), clouds(1500, dim, 3).view(), Context{}));
    index->remove(numbers(100, 50));
    const Vectors queries = clouds(40, dim, 2);
    IdSet half;
    for (std::size_t i = 0; i < rows; i += 2) half.insert(static_cast<std::int64_t>(i));
    for (const double recall : {0.8, 0.95, 0.999, 1.0}) {
      write(*index, queries, {10, nullptr, recall});
      write(*index, queries, {10, &half, recall});
    }
    const auto flat = make_flat_index({dim, metric, dtype}).value();
    ASSERT_TRUE(flat->add(numbers(0, 5000), clouds(5000, dim, 1).view(), Context{}));
    write(*flat, queries, {20});
  }

 private:
  void write(const VectorIndex& index, const Vectors& queries, const IndexQuery& query) {
    IndexCost cost;
    const auto lists = index.search(queries.view(), query, Context{}, &cost).value();
    for (const auto& hits : lists) {
      for (const IndexHit& hit : hits) out_ << hit.id << ' ' << std::hexfloat << hit.score << std::defaultfloat << '\n';
    }
    out_ << cost.codes << ' ' << cost.bytes << ' ' << cost.scored << '\n';
  }

  std::filesystem::path path_;
  std::ofstream out_;
};

std::string found_at(simd::Level level, const std::filesystem::path& folder) {
  const std::string name(simd::level_name(level));
  const std::string probe = std::string(kProbe) + '=' + (folder / name).string();
  const std::string forced = "ISOGLOSS_SIMD=" + name;
  std::vector<char*> environment;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    if (!std::string_view(*entry).starts_with("ISOGLOSS_SIMD=")) environment.push_back(*entry);
  }
  environment.insert(environment.end(), {const_cast<char*>(probe.c_str()), const_cast<char*>(forced.c_str()), nullptr});
  std::string program = "/proc/self/exe";
  std::string filter = "--gtest_filter=IndexLevels.*";
  char* const arguments[] = {program.data(), filter.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environment.data()), 0);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0) << name;
  return read_file(folder / name).value();
}

TEST(IndexLevels, FilesHitsAndScoresHaveTheSameBitsOnEveryInstructionSet) {
  if (const char* path = std::getenv(kProbe)) {
    Probe probe(path);
    probe.run(Metric::cosine, DType::f32, 33000, 24);
    probe.run(Metric::euclidean, DType::bf16, 9000, 100);
    probe.run(Metric::dot, DType::f32, 2000, 771);
    return;
  }
  const TemporaryFolder folder;
  const std::string scalar = found_at(simd::Level::scalar, folder.path());
  EXPECT_GT(scalar.size(), 10'000'000U);
  for (const simd::Level level : simd::available_levels()) {
    EXPECT_TRUE(found_at(level, folder.path()) == scalar) << simd::level_name(level);
  }
}

}  // namespace
}  // namespace isogloss
