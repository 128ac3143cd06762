// SPDX-License-Identifier: Apache-2.0
// Our side of the SVD bench. Commands on standard input:
//   load STARTS COLUMNS VALUES ROWS COLS   compressed rows: int64 (rows + 1), int32 and f32 (nonzeros)
//   svd K VALUES VECTORS                   f64 (K) and f32 (COLS, K), the right vectors, to the files
#include <iostream>
#include <sstream>

#include "bench/contestant.hpp"
#include "math/truncated_svd.hpp"

namespace isogloss::bench {
namespace {

template <class T>
void write_values(std::span<const T> values, const std::string& path) {
  must(write_file(path, {static_cast<const char*>(static_cast<const void*>(values.data())), values.size_bytes()}));
}

class Contestant {
 public:
  std::string answer(const std::string& line) {
    std::istringstream words(line);
    std::string command;
    words >> command;
    return command == "load" ? load(words) : svd(words);
  }

 private:
  std::string load(std::istringstream& words) {
    std::string starts, columns, values;
    words >> starts >> columns >> values >> rows_ >> columns_;
    const std::vector<std::int64_t> offsets = read_values<std::int64_t>(starts);
    starts_.assign(offsets.begin(), offsets.end());
    indices_ = read_values<std::uint32_t>(columns);
    values_ = read_values<float>(values);
    return "{}";
  }

  std::string svd(std::istringstream& words) {
    math::TruncatedSvdOptions options;
    std::string values, vectors;
    words >> options.components >> values >> vectors;
    const math::CsrView matrix{rows_, columns_, starts_, indices_, values_};
    const Stopwatch watch;
    const math::TruncatedSvd found = must(math::truncated_svd(matrix, options, Context{}));
    const double seconds = watch.seconds();
    const double cpu = watch.cpu();
    write_values(std::span<const double>(found.values), values);
    write_values(std::span<const float>(found.right.row(0).data(), columns_ * found.values.size()), vectors);
    return "{\"seconds\": " + std::to_string(seconds) + ", \"cpu\": " + std::to_string(cpu) +
           ", \"basis\": " + std::to_string(found.basis_size) + "}";
  }

  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::vector<std::size_t> starts_;
  std::vector<std::uint32_t> indices_;
  std::vector<float> values_;
};

}  // namespace
}  // namespace isogloss::bench

int main() {
  isogloss::bench::Contestant contestant;
  for (std::string line; std::getline(std::cin, line);) std::cout << contestant.answer(line) << std::endl;
}
