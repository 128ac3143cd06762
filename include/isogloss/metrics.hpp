// SPDX-License-Identifier: Apache-2.0
// Metrics on files and values of the user's own, with the digits of the reference tools. No model is involved.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss {

// What trec_eval 10.0 prints for these words: "-m", "ndcg_cut.10", "QRELS", "RUN". Error{not_found} also when a judged
// query is not in the run and -c was not given; Error{corrupt_data} names the line of a file.
Result<std::string> trec_eval(std::span<const std::string> words);

// ---- Texts beside references. hypotheses (segments), references (references)(segments): a set may have several
// references of every segment. Error{invalid_argument}: no segment, no reference, or not as many of them.

using References = std::span<const std::vector<std::string>>;

// BLEU by the rules of sacreBLEU 2.6.0.
struct BleuOptions {
  std::string tokenize = "13a";        // none, char, intl, zh
  std::string smooth = "exp";          // floor, add-k, none
  std::optional<double> smooth_value;  // of floor (0.1) and add-k (1)
  bool lowercase = false;
  bool effective_order = false;  // stop at the last order with n-grams: for single sentences
};
constexpr std::size_t kBleuOrder = 4;
struct BleuScore {
  double score = 0;  // 0 to 100
  std::array<double, kBleuOrder> correct{}, total{}, precisions{};
  double brevity_penalty = 1;
  std::uint64_t hypothesis_length = 0, reference_length = 0;
};
Result<BleuScore> bleu(std::span<const std::string> hypotheses, References references, const BleuOptions& options);
// "nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:isogloss"
std::string bleu_signature(const BleuOptions& options, std::size_t references);

// chrF, and chrF++ with word_order 2, by the rules of sacreBLEU 2.6.0.
struct ChrfOptions {
  std::size_t char_order = 6, word_order = 0;
  double beta = 2;
  bool lowercase = false;
  bool whitespace = false;     // character n-grams go across blanks
  bool eps_smoothing = false;  // as chrF++.py
};
Result<double> chrf(std::span<const std::string> hypotheses, References references, const ChrfOptions& options);
std::string chrf_signature(const ChrfOptions& options, std::size_t references);

// Translation edit rate by the rules of sacreBLEU 2.6.0 (Tercom), in percent: less is better, above 100 is possible.
struct TerOptions {
  bool case_sensitive = false;
  bool normalized = false;     // entities read, symbols and punctuation words of their own
  bool no_punct = false;       // . , ? : ; ! " ( ) left out
  bool asian_support = false;  // the same for CJK: ideographs apart where normalized, punctuation out where no_punct
};
Result<double> ter(std::span<const std::string> hypotheses, References references, const TerOptions& options);
std::string ter_signature(const TerOptions& options, std::size_t references);

// ROUGE by the rules of rouge-score 0.1.2, of one document; the best reference by F decides.
struct RougeOptions {
  std::string tokens = "ascii";           // runs of a-z and 0-9; "unicode": runs of letters, marks and numbers
  bool stem = false;                      // Porter's, of tokens longer than 3
  std::string sentence_separator = "\n";  // of rougeLsum
};
struct RougeScore {
  double precision = 0, recall = 0, f = 0;
};
enum class RougeType { rouge1, rouge2, rougeL, rougeLsum };
constexpr std::array<std::string_view, 4> kRougeTypes{"rouge1", "rouge2", "rougeL", "rougeLsum"};
using RougeScores = std::array<RougeScore, 4>;  // in that order
// (documents) of scores.
Result<std::vector<RougeScores>> rouge(std::span<const std::string> hypotheses, References references,
                                       const RougeOptions& options);
std::string rouge_signature(const RougeOptions& options, std::size_t references);

// ---- Values and labels. A metric that is not defined for its input (one class, a constant side) is NaN: never a quiet
// 0. Results are those of SciPy 1.17 and scikit-learn 1.9.

struct Correlations {
  double spearman = 0, pearson = 0, kendall = 0;  // Kendall's tau-b
};
// x (n), y (n). Error{invalid_argument}: not the same number of values, fewer than 2, or one that is not finite.
Result<Correlations> correlations(std::span<const double> x, std::span<const double> y);

struct ClassScores {
  std::string label;                         // "macro", "weighted" and "micro" for the means
  double precision = 0, recall = 0, f1 = 0;  // 0 when nothing was predicted, or nothing there, as scikit-learn
  std::uint64_t support = 0;
};
struct Classification {
  double accuracy = 0, matthews = 0;
  std::vector<std::string> labels;                    // sorted by bytes
  std::vector<std::vector<std::uint64_t>> confusion;  // (true label, predicted label)
  std::vector<ClassScores> classes;                   // a label each
  ClassScores macro, weighted, micro;
};
// Error{invalid_argument}: not as many predictions as truths, or none.
Result<Classification> classification(std::span<const std::string> truth, std::span<const std::string> predicted);

struct BinaryRanking {
  double average_precision = 0, roc_auc = 0;  // NaN when there is one class only
};
// Scores of items; `positive` (n) says which are of the positive class. Ties are one step.
Result<BinaryRanking> binary_ranking(const std::vector<bool>& positive, std::span<const double> scores);

struct Clustering {
  double homogeneity = 0, completeness = 0, v_measure = 0;
  double nmi = 0;  // arithmetic mean, equal to v_measure
  double ami = 0, ari = 0, purity = 0;
};
// Error{invalid_argument}: not as many clusters as classes, or none.
Result<Clustering> clustering(std::span<const std::string> classes, std::span<const std::string> clusters);
// Mean silhouette by Euclidean distance; points (n, dimension). Error{invalid_argument}: not 2 to n - 1 clusters.
Result<double> silhouette(const std::vector<std::vector<double>>& points, std::span<const std::string> clusters);

// Entities of tags O and PREFIX-TYPE: an entity counts when its type and both ends are right.
struct EntityOptions {
  // conll: B I E S by the rules of conlleval and seqeval's default; a wrong I- begins an entity. iob2 (B I), iobes (B I
  // E S), bilou (B I L U): seqeval's strict mode; what is not begun and ended as the scheme has it is no entity.
  std::string scheme = "conll";
};
// classes: a type each. The means are NaN when there is no entity on either side.
struct Entities {
  std::vector<ClassScores> classes;
  ClassScores micro, macro;
  double tag_accuracy = 0;
};
// truth, predicted: (sentences)(tags). Error{invalid_argument} names the sentence whose tags do not pair up, the tag,
// or the scheme.
Result<Entities> entities(std::span<const std::vector<std::string>> truth,
                          std::span<const std::vector<std::string>> predicted, const EntityOptions& options = {});

// From natural logarithms of probabilities of tokens: exp(-mean), and bits per character when `characters` > 0, else
// NaN.
struct Perplexity {
  double perplexity = 0, bits_per_token = 0, bits_per_character = 0;
};
Result<Perplexity> perplexity(std::span<const double> log_probabilities, std::uint64_t characters);

}  // namespace isogloss
