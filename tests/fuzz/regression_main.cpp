// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: every seed, every seed cut short, and random changes of the seeds from a fixed
// start, for a second. The start is fixed, so a crash comes again at the same input.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <random>
#include <vector>

#include "fuzz.hpp"

namespace {

constexpr std::size_t kMaxRounds = 200'000;
constexpr auto kTime = std::chrono::seconds(1);

void run(const std::string& input) {
  // In a block of its own size, so that a sanitizer sees a read past its end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::vector<std::string> read_seeds(const char* folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<std::string> seeds{""};
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return seeds;
}

std::string changed(const std::vector<std::string>& seeds, std::mt19937& random) {
  std::string out = seeds[random() % seeds.size()];
  for (unsigned changes = 1 + random() % 6; changes > 0; --changes) {
    const std::size_t at = out.empty() ? 0 : random() % out.size();
    switch (random() % 6) {
      case 0:
        if (!out.empty()) out[at] = static_cast<char>(random());
        break;
      case 1:
        if (!out.empty()) out[at] = static_cast<char>(static_cast<unsigned char>(out[at]) ^ (1u << random() % 8));
        break;
      case 2:
        out.insert(at, 1 + random() % 8, static_cast<char>(random()));
        break;
      case 3:
        out.erase(at, 1 + random() % 8);
        break;
      case 4:
        out.insert(at, out.substr(at, random() % 64));
        break;
      default: {
        const std::string& other = seeds[random() % seeds.size()];
        if (!other.empty()) out.insert(at, other.substr(random() % other.size(), random() % 64));
      }
    }
  }
  return out;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::vector<std::string> seeds = read_seeds(arguments[1]);
  if (seeds.size() < 2) {
    std::cerr << "no seeds in " << arguments[1] << "\n";
    return 2;
  }
  for (const std::string& seed : seeds) {
    run(seed);
    for (std::size_t part = 1; part < 8; ++part) run(seed.substr(0, seed.size() * part / 8));
  }
  std::mt19937 random(1);
  const auto end = std::chrono::steady_clock::now() + kTime;
  std::size_t rounds = 0;
  for (; rounds < kMaxRounds && std::chrono::steady_clock::now() < end; ++rounds) run(changed(seeds, random));
  std::cout << seeds.size() - 1 << " seeds, " << rounds << " changes\n";
}
