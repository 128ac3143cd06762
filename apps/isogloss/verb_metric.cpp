// SPDX-License-Identifier: Apache-2.0
// A metric of the user's own files. The first word chooses it and so the flags.
#include <algorithm>

#include "isogloss/bias.hpp"
#include "isogloss/metrics.hpp"
#include "metric_values.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class MetricVerb final : public Verb {
 public:
  std::string_view name() const override { return "metric"; }
  std::string_view summary() const override { return "score files with the reference tools' digits"; }
  std::string_view examples() const override {
    return "  isogloss metric trec qrels.txt run.txt\n"
           "  isogloss metric trec -q -m ndcg_cut.10 -m recip_rank qrels.txt run.txt\n"
           "  isogloss metric bleu reference.txt hypothesis.txt\n"
           "  isogloss metric bleu reference.txt hypothesis.txt --reference another.txt --tokenize intl --json\n"
           "  isogloss metric chrf reference.txt hypothesis.txt --word-order 2\n"
           "  isogloss metric ter reference.txt hypothesis.txt --normalized --no-punct\n"
           "  isogloss metric rouge reference.txt hypothesis.txt --stem --sentence-separator '<n>'\n"
           "  isogloss metric spearman scores.tsv\n"
           "  isogloss metric classification predictions.csv --header --positive spam\n"
           "  isogloss metric clustering clusters.tsv\n"
           "  isogloss metric entities tags.conll --scheme iob2\n"
           "  isogloss metric perplexity logprobs.tsv\n"
           "  isogloss metric weat -m glove.txt weat.json\n";
  }

  void describe(Flags& flags, std::span<const std::string> args) override {
    flags.positional("METRIC", metric_,
                     "trec (every word behind it is trec_eval's own; -h lists them), bleu, chrf, ter, rouge, "
                     "spearman, classification, clustering, entities, perplexity, weat, rnsb, mac");
    const auto at = std::ranges::find(args, "trec");
    if (at != args.end()) words_.assign(at + 1, args.end());
    flags.list(
        "FILES", files_,
        "bleu, chrf, ter, rouge: REF HYP, a text a line in both; spearman: two columns of numbers; classification: "
        "label, prediction and, for one class, its score; clustering: class, cluster and, for the silhouette, "
        "coordinates; entities: CoNLL lines that end in tag, predicted tag; perplexity: natural logarithm of a "
        "probability and, for bits per character, the token; weat, rnsb, mac: JSON of word lists");
    flags.flag("--header", values_.header, "the first line of a table is names");
    flags.value("--positive", values_.positive, "classification: label of the positive class [the last in order]");
    flags.value("--scheme", values_.entities.scheme, "entities: conll, or strictly iob2, iobes or bilou");
    flags.value("-m,--model", model_, "weat, rnsb, mac: a model of words or texts");
    flags.value("--reference", more_references_, "another reference of every line (repeat for several)");
    flags.flag("--lines", lines_, "the scores of every line, not of all");
    flags.flag("--lowercase", lowercase_, "bleu, chrf: texts in lower case");
    flags.value("--tokenize", bleu_.tokenize, "bleu: 13a, none, char, intl or zh [13a]");
    flags.value("--smooth", bleu_.smooth, "bleu: exp, floor, add-k or none [exp]");
    flags.value("--smooth-value", bleu_.smooth_value, "bleu: of floor [0.1] and add-k [1]");
    flags.value("--char-order", chrf_.char_order, "chrf: longest n-gram of characters");
    flags.value("--word-order", chrf_.word_order, "chrf: longest n-gram of words; 2 = chrF++");
    flags.value("--beta", chrf_.beta, "chrf: weight of recall");
    flags.flag("--case-sensitive", ter_.case_sensitive, "ter: do not put texts in lower case");
    flags.flag("--normalized", ter_.normalized, "ter: read XML entities, take symbols and punctuation apart");
    flags.flag("--no-punct", ter_.no_punct, "ter: leave punctuation out");
    flags.flag("--asian-support", ter_.asian_support, "ter: --normalized and --no-punct for Chinese and Japanese too");
    flags.flag("--stem", rouge_.stem, "rouge: Porter's stemmer");
    flags.value("--tokens", rouge_.tokens, "rouge: ascii, or unicode for texts that are not English [ascii]");
    flags.value("--sentence-separator", separator_, "rouge: between the sentences of a line, for rougeLsum [\\n]");
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
    if (metric_ == "bleu" || metric_ == "chrf" || metric_ == "ter" || metric_ == "rouge") return run_text(program);
    const bool bias = metric_ == "weat" || metric_ == "rnsb" || metric_ == "mac";
    if (is_value_metric(metric_) || bias) {
      if (files_.size() != 1) {
        return usage_error("metric " + metric_ + " takes one file: isogloss metric " + metric_ + " FILE");
      }
      return bias ? run_bias(program) : from_flags(run_value_metric(program, metric_, files_[0], values_));
    }
    if (metric_ == "meteor") {
      return usage_error(
          "METEOR is left out: it needs WordNet and paraphrase tables, and its versions (1.5, NLTK's) give different "
          "scores for the same texts. Use chrf --word-order 2 for words that differ in their endings, rouge for "
          "recall, "
          "or the cosine of an encoder: isogloss eval --task sts:FILE.");
    }
    return usage_error("there is no metric '" + metric_ + "'. Run: isogloss metric --help");
  }

 private:
  static Result<std::vector<std::string>> lines_of(const std::string& file) {
    std::vector<std::string> out;
    IG_TRY(each_line(file, [&](std::string_view line) -> Status {
      out.emplace_back(line);
      return {};
    }));
    return out;
  }

  Result<int> run_text(Program& program) {
    if (files_.size() != 2) {
      return usage_error("metric " + metric_ + " takes two files: isogloss metric " + metric_ + " REF HYP");
    }
    std::vector<std::vector<std::string>> references{IG_TRY(lines_of(files_[0]))};
    const std::vector<std::string> hypotheses = IG_TRY(lines_of(files_[1]));
    for (const std::string& file : more_references_) references.push_back(IG_TRY(lines_of(file)));
    for (const auto& reference : references) {
      const auto empty = std::ranges::count_if(reference, [](const std::string& line) { return line.empty(); });
      if (empty > 0) program.warn(std::to_string(empty) + " references are empty; nothing can match them.");
    }
    bleu_.lowercase = chrf_.lowercase = lowercase_;
    bleu_.effective_order = lines_;
    if (!separator_.empty()) rouge_.sentence_separator = separator_ == "\\n" ? "\n" : separator_;
    if (metric_ == "rouge") return run_rouge(program, hypotheses, references);
    if (!lines_) return score(program, hypotheses, references);
    for (std::size_t i = 0; i < hypotheses.size(); ++i) {
      std::vector<std::vector<std::string>> one;
      for (const auto& reference : references) {
        if (i < reference.size()) one.push_back({reference[i]});
      }
      if (one.size() != references.size()) return score(program, hypotheses, references);  // says what is wrong
      IG_TRY(score(program, {&hypotheses[i], 1}, one));
    }
    return kDone;
  }

  // weat, rnsb and mac: one table of tests.
  Result<int> run_bias(Program& program) {
    if (model_.empty()) {
      return usage_error("metric " + metric_ + " needs a model: isogloss metric " + metric_ + " -m MODEL " + files_[0]);
    }
    std::vector<std::string> columns{metric_};
    if (metric_ == "weat") columns = {"effect", "p"};
    std::vector<std::vector<std::string>> rows{{"test"}};
    rows[0].insert(rows[0].end(), columns.begin(), columns.end());
    rows[0].emplace_back("words");
    std::string out;
    for (const BiasTest& test : IG_TRY(from_flags(measure_bias(model_, files_[0], {}, nullptr, program.context)))) {
      rows.push_back({test.name});
      for (const std::string& column : columns) {
        const double value = column == "effect" ? test.effect
                             : column == "p"    ? test.p
                             : column == "rnsb" ? test.rnsb
                                                : test.mac;
        JsonWriter(out)
            .begin_object()
            .field("test", test.name)
            .field("metric", column)
            .field("value", value)
            .end_object();
        out += '\n';
        rows.back().push_back(value != value ? "undefined" : fixed(value, 4));
      }
      rows.back().push_back(std::to_string(test.found) + "/" + std::to_string(test.asked));
    }
    program.out(program.flags.json ? out : format_table(rows));
    return kDone;
  }

  // bleu, chrf and ter.
  Result<int> score(Program& program, std::span<const std::string> hypotheses, References references) {
    if (metric_ == "chrf") {
      const double value = IG_TRY(from_flags(chrf(hypotheses, references, chrf_)));
      const std::string name = "chrF" + std::to_string(static_cast<int>(chrf_.beta)) +
                               std::string(std::min<std::size_t>(chrf_.word_order, 2), '+');
      print_score(program, name, value, chrf_signature(chrf_, references.size()), "");
      return kDone;
    }
    if (metric_ == "ter") {
      const double value = IG_TRY(from_flags(ter(hypotheses, references, ter_)));
      print_score(program, "TER", value, ter_signature(ter_, references.size()), "");
      return kDone;
    }
    const BleuScore s = IG_TRY(from_flags(bleu(hypotheses, references, bleu_)));
    std::string more;
    for (const double p : s.precisions) more += (more.empty() ? " " : "/") + fixed(p, 1);
    const double length = static_cast<double>(s.hypothesis_length), reference = static_cast<double>(s.reference_length);
    more += " (BP = " + fixed(s.brevity_penalty, 3) + " ratio = " + fixed(reference > 0 ? length / reference : 0, 3) +
            " hyp_len = " + std::to_string(s.hypothesis_length) + " ref_len = " + std::to_string(s.reference_length) +
            ")";
    print_score(program, "BLEU", s.score, bleu_signature(bleu_, references.size()), more);
    return kDone;
  }

  void print_score(Program& program, const std::string& name, double value, const std::string& signature,
                   const std::string& more) const {
    if (!program.flags.json) {
      program.line(name + "|" + signature + " = " + fixed(value, 2) + more);
      return;
    }
    std::string out;
    JsonWriter(out)
        .begin_object()
        .field("metric", metric_)
        .field("value", value / 100)
        .field("signature", signature)
        .end_object();
    program.line(out);
  }

  Result<int> run_rouge(Program& program, std::span<const std::string> hypotheses, References references) {
    std::vector<RougeScores> scores = IG_TRY(from_flags(rouge(hypotheses, references, rouge_)));
    if (!lines_) {
      RougeScores mean{};
      for (const RougeScores& one : scores) {
        for (std::size_t t = 0; t < one.size(); ++t) {
          mean[t].precision += one[t].precision / static_cast<double>(scores.size());
          mean[t].recall += one[t].recall / static_cast<double>(scores.size());
          mean[t].f += one[t].f / static_cast<double>(scores.size());
        }
      }
      scores = {mean};
    }
    std::vector<std::vector<std::string>> rows{{"metric", "precision", "recall", "f"}};
    for (const RougeScores& one : scores) {
      for (std::size_t t = 0; t < one.size(); ++t) {
        if (program.flags.json) {
          std::string out;
          JsonWriter(out)
              .begin_object()
              .field("metric", kRougeTypes[t])
              .field("value", one[t].f)
              .field("precision", one[t].precision)
              .field("recall", one[t].recall)
              .field("signature", rouge_signature(rouge_, references.size()))
              .end_object();
          program.line(out);
        }
        rows.push_back({std::string(kRougeTypes[t]), fixed(100 * one[t].precision, 2), fixed(100 * one[t].recall, 2),
                        fixed(100 * one[t].f, 2)});
      }
    }
    if (program.flags.json) return kDone;
    program.out(format_table(rows));
    program.note(rouge_signature(rouge_, references.size()) + "; values x 100, means over the lines");
    return kDone;
  }

  std::string metric_;
  std::vector<std::string> words_;  // behind trec
  std::vector<std::string> files_, more_references_;
  bool lines_ = false, lowercase_ = false;
  BleuOptions bleu_;
  ChrfOptions chrf_;
  TerOptions ter_;
  RougeOptions rouge_;
  std::string separator_;
  ValueFlags values_;
  std::string model_;
};

}  // namespace

std::unique_ptr<Verb> make_metric_verb() { return std::make_unique<MetricVerb>(); }

}  // namespace isogloss::cli
