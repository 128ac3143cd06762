// SPDX-License-Identifier: Apache-2.0
// What a model associates with groups of people; debiased, before and after.
#include <cmath>

#include "core/file.hpp"
#include "core/json.hpp"
#include "core/scratch_folder.hpp"
#include "core/text.hpp"
#include "isogloss/bias.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

constexpr std::size_t kMostBytes = std::size_t{64} << 20;

class BiasVerb final : public Verb {
 public:
  std::string_view name() const override { return "bias"; }
  std::string_view summary() const override {
    return "measure and lower what a model associates with groups of people";
  }
  std::string_view examples() const override {
    return "  isogloss bias glove.txt --lists weat.json\n"
           "  isogloss bias minilm --lists seat-folder --fail-above 0.8\n"
           "  isogloss bias glove.txt --lists weat.json --debias hard -o fair.vec\n"
           "  isogloss bias glove.txt --lists weat.json --debias soft --strength 10\n"
           "  isogloss bias glove.txt --debias hard --pairs pairs.json --equalize equal.json --keep words.json -o "
           "fair.vec\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("MODEL", model_, "model of words, or of texts");
    flags.value("--lists", lists_, "JSON file or folder of bias tests: lists of targets and of attributes");
    flags.value("--debias", options_.method,
                "hard: take the direction out of words that do not mean it; soft: lower it in all");
    flags.value("-o,--output", output_, "file for the debiased words: .vec, .txt, .bin or .npy");
    flags.value("--pairs", pairs_, "JSON list of pairs that define the direction [she-he, woman-man and eight more]");
    flags.value("--equalize", equalize_,
                "hard: JSON list of pairs that end up equally far from all other words [those of --pairs]");
    flags.value("--keep", keep_, "JSON list of words that mean the direction and keep it [those of the pairs]");
    flags.value("--strength", options_.strength, "soft: weight of the direction beside that of all other products");
    flags.value("--fail-above", gate_,
                "exit 5 when an effect size is farther from 0 than this (of what is written, if it is)");
  }

  Result<int> run(Program& program) override {
    const bool change = !options_.method.empty();
    if (!change && !(output_ + pairs_ + equalize_ + keep_).empty()) {
      return usage_error("-o, --pairs, --equalize and --keep belong to --debias hard or soft.");
    }
    if (lists_.empty() && output_.empty()) {
      return usage_error("bias needs tests, --lists FILE, or a way to change the words: --debias hard -o FILE.vec");
    }
    if (gate_ && lists_.empty()) return usage_error("--fail-above needs tests: --lists FILE.");
    std::vector<BiasTest> before, after;
    if (!lists_.empty()) before = IG_TRY(from_flags(measure_bias(model_, lists_, {}, nullptr, program.context)));
    if (change) {
      const ScratchFolder scratch("isogloss-bias");
      const std::filesystem::path target =
          output_.empty() ? scratch.path() / "words.bin" : std::filesystem::path(output_);
      IG_TRY(read_lists());
      const DebiasSummary summary = IG_TRY(from_flags(debias_words(model_, target, options_, program.context)));
      if (!lists_.empty()) after = IG_TRY(measure_bias(target.string(), lists_, {}, nullptr, program.context));
      note(program, summary);
    }
    print(program, before, after);
    return gate_ && !passes(program, after.empty() ? before : after) ? kGate : kDone;
  }

 private:
  static Result<DebiasOptions::Pairs> read_pairs(const std::string& file) {
    DebiasOptions::Pairs out;
    if (file.empty()) return out;
    const std::string content = IG_TRY(read_file(file, kMostBytes));
    const Json json = IG_TRY(Json::parse(content, "'" + file + "'"));
    for (const Json& pair : json.as_array()) {
      if (pair.as_array().size() != 2)
        return fail(Code::corrupt_data, "'" + file + "' is no list of pairs, [[\"she\", \"he\"], ...].");
      out.emplace_back(pair.as_array()[0].as_string(), pair.as_array()[1].as_string());
    }
    if (out.empty()) return fail(Code::corrupt_data, "'" + file + "' has no pair in it, [[\"she\", \"he\"], ...].");
    return out;
  }

  Status read_lists() {
    options_.pairs = IG_TRY(read_pairs(pairs_));
    options_.equalize = IG_TRY(read_pairs(equalize_));
    if (keep_.empty()) return {};
    const std::string content = IG_TRY(read_file(keep_, kMostBytes));
    const Json json = IG_TRY(Json::parse(content, "'" + keep_ + "'"));
    for (const Json& word : json.as_array()) options_.keep.emplace_back(word.as_string());
    if (options_.keep.empty())
      return fail(Code::corrupt_data, "'" + keep_ + "' has no word in it, [\"she\", \"actress\", ...].");
    return {};
  }

  void note(Program& program, const DebiasSummary& s) const {
    program.note(options_.method + ": direction of " + counted(s.pairs, "pair") + " (" + fixed(100 * s.explained, 1) +
                 " % of their variance); mean |cosine| with it of the " + std::to_string(s.neutral) + " of " +
                 counted(s.words, "word") + " that do not mean it: " + fixed(s.share_before, 4) + " before, " +
                 fixed(s.share_after, 4) + " after" +
                 (s.equalized > 0 ? "; " + counted(s.equalized, "pair") + " equalised" : ""));
  }

  static std::string shown(double value) { return std::isnan(value) ? "-" : fixed(value, 4); }

  // A line a test; with two models two, and whether the distances of MAC changed (paired t-test).
  void print(Program& program, const std::vector<BiasTest>& before, const std::vector<BiasTest>& after) const {
    std::vector<std::vector<std::string>> rows{{"test", "words", "effect", "p", "rnsb", "mac"}};
    if (!after.empty()) rows[0].insert(rows[0].begin() + 1, "vectors"), rows[0].emplace_back("p of mac");
    std::string out;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const double p = after.empty() ? NAN : paired_t_test(before[i].distances, after[i].distances);
      for (const BiasTest* test : {&before[i], after.empty() ? nullptr : &after[i]}) {
        if (test == nullptr) continue;
        const bool changed = test != &before[i];
        rows.push_back({changed ? "" : test->name, std::to_string(test->found) + "/" + std::to_string(test->asked),
                        shown(test->effect), shown(test->p), shown(test->rnsb), shown(test->mac)});
        if (!after.empty()) {
          rows.back().insert(rows.back().begin() + 1, changed ? options_.method : "as they are");
          rows.back().push_back(changed ? shown(p) : "");
        }
        write_json(out, *test, changed ? options_.method : "", changed ? p : NAN);
      }
    }
    if (program.flags.json) return program.out(out);
    if (before.empty()) return;
    program.out(format_table(rows));
    program.note("effect, p: WEAT with n - 1, one-sided; rnsb: 0 is none; mac: 1 is none");
  }

  static void write_json(std::string& out, const BiasTest& test, const std::string& debiased, double p_of_mac) {
    JsonWriter json(out);
    json.begin_object().field("test", test.name).key("debias");
    debiased.empty() ? json.null() : json.value(debiased);
    json.field("n", static_cast<std::uint64_t>(test.found)).field("of", static_cast<std::uint64_t>(test.asked));
    json.field("effect", test.effect).field("p", test.p).field("rnsb", test.rnsb).field("mac", test.mac);
    if (!debiased.empty()) json.field("p_of_mac", p_of_mac);
    json.end_object();
    out += '\n';
  }

  bool passes(Program& program, const std::vector<BiasTest>& tests) const {
    bool good = true, any = false;
    for (const BiasTest& test : tests) {
      any = any || test.partitions > 0;  // an effect of associations that are all equal is undefined, and none
      if (!(std::abs(test.effect) > *gate_)) continue;
      program.warn(test.name + ": the effect size is " + fixed(test.effect, 4) + ", farther from 0 than " +
                   fixed(*gate_, 4));
      good = false;
    }
    if (!any) program.warn("--fail-above: no test has an effect size, so none was met");
    return good && any;
  }

  std::string model_, lists_, output_, pairs_, equalize_, keep_;
  std::optional<double> gate_;
  DebiasOptions options_{.method = "", .pairs = {}, .equalize = {}, .keep = {}};
};

}  // namespace

std::unique_ptr<Verb> make_bias_verb() { return std::make_unique<BiasVerb>(); }

}  // namespace isogloss::cli
