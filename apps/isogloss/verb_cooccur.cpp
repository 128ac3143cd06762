// SPDX-License-Identifier: Apache-2.0
// How often words stand near each other in a text.
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/words.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class CooccurVerb final : public Verb {
 public:
  std::string_view name() const override { return "cooccur"; }
  std::string_view summary() const override { return "how often words stand near each other in a text"; }
  std::string_view examples() const override {
    return "  isogloss cooccur corpus.txt cat dog --window 10\n"
           "  isogloss cooccur corpus.txt.xz --words cat,dog,fur --json\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("CORPUS", corpus_, "text (a record per line), .csv, .tsv or .jsonl, packed or not");
    flags.optional_positional("A", a_, "a word");
    flags.optional_positional("B", b_, "another");
    flags.value("--words", list_, "words, by commas: the table of all their pairs");
    flags.value("--window", options_.window, "words on each side that count as near [10]");
    flags.value("--split", split_, "blanks: words are what stands between blanks; words: signs are words of their own");
    flags.flag("--lowercase", options_.lowercase, "put text and words in lower case");
  }

  Result<int> run(Program& program) override {
    std::vector<std::string> words;
    for (const std::string& item : list_) {
      for (const std::string_view word : split(item, ',')) words.emplace_back(word);
    }
    if (words.empty() == (a_.empty() || b_.empty())) {
      return usage_error("cooccur needs two words or a list: isogloss cooccur CORPUS cat dog, or --words cat,dog,fur");
    }
    if (split_ != "blanks" && split_ != "words") {
      return usage_error("--split must be blanks or words, not '" + split_ + "'.");
    }
    options_.signs = split_ == "words";
    const bool two = words.empty();
    if (two) words = {a_, b_};
    if (a_ == b_ && two) words.pop_back();  // a word with itself
    const std::filesystem::path path(corpus_);
    const auto data = IG_TRY(open_dataset({&path, 1}, {}, program.context));
    const Meetings found = IG_TRY(from_flags(count_meetings(*data, words, options_, program.context)));
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (found.occurrences[i] == 0) program.note("'" + words[i] + "' does not occur in the text.");
    }
    if (program.flags.json) {
      print_json(program, words, found, two);
    } else if (two) {
      program.line(counted(found.pairs[words.size() - 1], "pair") + ", " + fixed(found.weighted[words.size() - 1], 4) +
                   " weighted by 1/distance");
    } else {
      print_table(program, words, found);
    }
    return kDone;
  }

 private:
  static void print_json(Program& program, const std::vector<std::string>& words, const Meetings& found, bool two) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
      for (std::size_t j = i; j < words.size(); ++j) {
        if (two && (i != 0 || j + 1 != words.size())) continue;
        const std::size_t at = i * words.size() + j;
        JsonWriter(out)
            .begin_object()
            .field("a", words[i])
            .field("b", words[j])
            .field("pairs", found.pairs[at])
            .field("weighted", found.weighted[at])
            .end_object();
        out += '\n';
      }
    }
    program.out(out);
  }

  // Weighted counts, with how often each word occurs.
  static void print_table(Program& program, const std::vector<std::string>& words, const Meetings& found) {
    std::vector<std::vector<std::string>> rows{{"weighted by 1/distance"}};
    rows[0].insert(rows[0].end(), words.begin(), words.end());
    rows[0].emplace_back("occurs");
    for (std::size_t i = 0; i < words.size(); ++i) {
      rows.push_back({words[i]});
      for (std::size_t j = 0; j < words.size(); ++j) {
        rows.back().push_back(fixed(found.weighted[i * words.size() + j], 4));
      }
      rows.back().push_back(std::to_string(found.occurrences[i]));
    }
    program.out(format_table(rows));
  }

  std::string corpus_, a_, b_, split_ = "blanks";
  std::vector<std::string> list_;
  MeetingOptions options_;
};

}  // namespace

std::unique_ptr<Verb> make_cooccur_verb() { return std::make_unique<CooccurVerb>(); }

}  // namespace isogloss::cli
