// SPDX-License-Identifier: Apache-2.0
// trec_eval 10.0 (github.com/usnistgov/trec_eval f425365): its measures, its rules, its output. A measure is a pure
// function of one query; measures.cpp is the only list.
//
//   run, judgments --read--> queries --judged--> Query --measures--> values --evaluate--> lines
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::evaluation::trec {

// Files. All views point into the text that was parsed.

struct RunDocument {
  std::string_view document;
  double score = 0;
};
struct RunQuery {
  std::string_view id;
  std::vector<RunDocument> documents;  // best first: score descending, ties by document id descending
};
struct Run {
  std::vector<RunQuery> queries;  // by id
  std::string_view tag;           // that of the last line, as trec_eval
  const RunQuery* find(std::string_view id) const;
};
// Lines "query Q0 document rank score tag"; the rank is not read. Empty lines and lines that begin with # are left out.
// Error{corrupt_data} names the line: too few columns, a score that is no number, a document twice in a query.
Result<Run> parse_run(std::string_view text, std::string_view where);

enum class Format { judgments, groups, preferences, judgment_preferences };

struct Judgment {
  std::string_view group, subgroup;  // judgment groups and preferences; else empty
  std::string_view document;
  double level = 0;  // a whole number but in preferences; below 0 = in the pool, not judged
};
struct JudgedQuery {
  std::string_view id;
  std::vector<Judgment> judgments;  // by group, then document
};
// Lines "query iteration document relevance"; with Format::preferences "query group subgroup document level".
// Error{corrupt_data} names the line: columns, a relevance that is no number or out of range, a document judged twice.
Result<std::vector<JudgedQuery>> parse_judgments(std::string_view text, std::string_view where, Format format);

struct ZScore {
  double mean = 0, deviation = 0;
};
using ZScores = std::vector<std::pair<std::pair<std::string_view, std::string_view>, ZScore>>;  // by (query, measure)
Result<ZScores> parse_zscores(std::string_view text, std::string_view where);

// What a measure sees.

struct Settings {
  std::int64_t level = 1;  // relevance from which a document is relevant
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::int64_t documents_in_collection = 0;
  bool judged_only = false;
  bool complete = false;
};

constexpr std::int64_t kNotInPool = -1, kNotJudged = -2;

// A ranking with its judgments.
struct Judged {
  std::int64_t level = 1;               // as in Settings
  std::vector<std::int64_t> relevance;  // (retrieved) best first; kNotInPool, kNotJudged, or 0 and more
  std::vector<std::int64_t> levels;     // (highest level + 1) number of documents judged so
  std::int64_t relevant_retrieved = 0, not_in_pool = 0, not_judged = 0, relevant = 0;

  std::int64_t retrieved() const { return static_cast<std::int64_t>(relevance.size()); }
  bool is_relevant(std::size_t rank) const { return relevance[rank] >= level; }
};
Judged judge(const RunQuery& run, std::span<const Judgment> judgments, const Settings& settings);

// Preferences of one judgment group. Documents are numbered: those retrieved by rank, then the others by id.
struct PreferenceGroup {
  struct Class {
    double level = 0;
    std::vector<std::uint32_t> documents;  // ascending
  };
  std::vector<Class> classes;                // best first, of a group without subgroups; else empty and
  std::vector<std::uint8_t> preferred;       // (judged, judged) row before column, closed under "and so"
  std::vector<double> level;                 // (judged) -1 = not in this group
  std::int64_t fulfilled = 0, possible = 0;  // both documents retrieved
  std::int64_t implied_fulfilled = 0, implied_possible = 0;  // one of them
  std::int64_t not_retrieved = 0;                            // none of them
  std::int64_t relevant = 0, relevant_retrieved = 0, other = 0, other_retrieved = 0;
};
struct Preferences {
  std::size_t judged = 0, retrieved = 0;  // documents in preferences; those of them that were retrieved
  std::vector<PreferenceGroup> groups;
  std::vector<std::uint16_t> counts;  // (judged, judged) groups that prefer row to column
};
// Error{corrupt_data}: preferences that contradict each other. Error{too_long}: too many documents.
Result<Preferences> prefer(const RunQuery& run, std::span<const Judgment> judgments, const Settings& settings);

struct Query {
  const Settings* settings = nullptr;
  std::optional<Judged> judged;
  std::vector<Judged> groups;
  std::optional<Preferences> preferences;
};

// Measures.

struct Parameters {
  std::vector<double> numbers;
  std::vector<std::pair<std::string, double>> pairs;
  std::string printed;  // as given, part of the name; empty = defaults
};
enum class Takes { nothing, cuts, shares, numbers, pairs };
enum class Needs { nothing, judged, groups, preferences };
enum class Total { mean, sum, geometric, queries, relevant, none };
enum class Shown { number, count, summary, ranking, tag };

struct Measure {
  std::string_view name;
  std::string_view summary;
  Needs needs = Needs::judged;
  void (*value)(const Query& query, const Parameters& parameters, std::span<double> values) = nullptr;
  Total total = Total::mean;
  Shown shown = Shown::number;
  Takes takes = Takes::nothing;
  std::span<const double> defaults{};
};
std::span<const Measure* const> measures();
// Names of sets of measures: "official", "all_trec" ...
std::span<const std::string_view> measure_sets();
bool in_set(std::string_view measure, std::string_view set);

// Groups of measures; their files list them.
std::span<const Measure> count_measures();
std::span<const Measure> set_measures();
std::span<const Measure> precision_measures();
std::span<const Measure> average_precision_measures();
std::span<const Measure> gain_measures();
std::span<const Measure> persistence_measures();
std::span<const Measure> group_measures();
std::span<const Measure> preference_measures();

// Sum of precisions at the relevant ranks before `cut`.
double precision_sum(const Judged& judged, std::size_t cut = std::numeric_limits<std::size_t>::max());
// P at each of ascending cuts, added to the values.
void add_precisions(const Judged& judged, std::span<const double> cuts, std::span<double> values);
// R-precision at multiples of R, added to the values.
void add_multiple_r_precisions(const Judged& judged, std::span<const double> shares, std::span<double> values);

inline constexpr double kCuts[] = {5, 10, 15, 20, 30, 100, 200, 500, 1000};
inline constexpr double kRShares[] = {.2, .4, .6, .8, 1, 1.2, 1.4, 1.6, 1.8, 2};

// How often a gain is earned at the best: gains of the levels, ascending. Levels without a given gain earn their
// number.
struct Gain {
  std::int64_t level = 0, documents = 0;
  double gain = 0;
};
class Gains {
 public:
  Gains(const Judged& judged, const Parameters& parameters);
  double of(std::int64_t level) const;  // 0 for what was not judged, unless it was given a gain
  std::span<const Gain> ascending() const { return gains_; }

 private:
  std::vector<Gain> gains_;
  std::vector<double> table_;                            // (levels) gain of level 0, 1, 2 ...
  std::vector<std::pair<std::int64_t, double>> others_;  // of levels outside of it
};

}  // namespace isogloss::evaluation::trec
