// SPDX-License-Identifier: Apache-2.0
// A metric of the user's own files. The first word chooses it and so the flags.
#include <algorithm>

#include "isogloss/metrics.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class MetricVerb final : public Verb {
 public:
  std::string_view name() const override { return "metric"; }
  std::string_view summary() const override { return "score files with the reference tools' digits"; }
  std::string_view examples() const override {
    return "  isogloss metric trec qrels.txt run.txt\n"
           "  isogloss metric trec -q -m ndcg_cut.10 -m recip_rank qrels.txt run.txt\n";
  }

  void describe(Flags& flags, std::span<const std::string> args) override {
    flags.positional("METRIC", metric_, "trec (every word behind it is trec_eval's own; -h lists them)");
    const auto at = std::ranges::find(args, "trec");
    if (at != args.end()) words_.assign(at + 1, args.end());
  }
  std::size_t own_words(std::span<const std::string> args) const override {
    const auto at = std::ranges::find(args, "trec");
    return at == args.end() ? args.size() : static_cast<std::size_t>(at - args.begin()) + 1;
  }

  Result<int> run(Program& program) override {
    if (metric_ == "trec") {
      program.out(IG_TRY(from_flags(trec_eval(words_))));
      return kDone;
    }
    return usage_error("there is no metric '" + metric_ + "'. Run: isogloss metric --help");
  }

 private:
  std::string metric_;
  std::vector<std::string> words_;  // behind trec
};

}  // namespace

std::unique_ptr<Verb> make_metric_verb() { return std::make_unique<MetricVerb>(); }

}  // namespace isogloss::cli
