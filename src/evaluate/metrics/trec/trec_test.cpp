// SPDX-License-Identifier: Apache-2.0
#include "evaluate/metrics/trec/trec.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace isogloss::evaluation::trec {
namespace {

double value(std::string_view name, const Query& query, Parameters parameters = {}) {
  for (const Measure* measure : measures()) {
    if (measure->name != name) continue;
    if (parameters.numbers.empty()) parameters.numbers.assign(measure->defaults.begin(), measure->defaults.end());
    std::vector<double> values(std::max<std::size_t>(1, parameters.numbers.size()), 0.0);
    measure->value(query, parameters, values);
    return values[0];
  }
  return std::nan("");
}

// Ranks: not relevant, relevant (2), not in the pool, relevant (1); a third relevant document (1) was not found.
Query sample(const Settings& settings) {
  static const auto judgments =
      parse_judgments("q 0 a 0\nq 0 b 2\nq 0 d 1\nq 0 e 1\nq 0 f -1\n", "qrels", Format::judgments).value();
  static const trec::Run run = parse_run("q Q0 a 1 4 t\nq Q0 b 1 3 t\nq Q0 c 1 2 t\nq Q0 d 1 1 t\n", "run").value();
  Query query{&settings, {}, {}, {}};
  query.judged = judge(run.queries[0], judgments[0].judgments, settings);
  return query;
}

TEST(TrecEval, MeasuresMatchHandComputedValues) {
  const Settings settings;
  const Query q = sample(settings);
  EXPECT_DOUBLE_EQ(value("map", q), (1 / 2.0 + 2 / 4.0) / 3);
  EXPECT_DOUBLE_EQ(value("recip_rank", q), 0.5);
  EXPECT_DOUBLE_EQ(value("Rprec", q), 1 / 3.0);
  EXPECT_DOUBLE_EQ(value("P", q), 2 / 5.0);
  EXPECT_DOUBLE_EQ(value("set_F", q), 2 * 0.5 * (2 / 3.0) / (0.5 + 2 / 3.0));
  // One judged document that is not relevant is above both, of min(1, 3).
  EXPECT_DOUBLE_EQ(value("bpref", q), 0.0);
  const double got = 2 / std::log2(3.0) + 1 / std::log2(5.0);
  EXPECT_DOUBLE_EQ(value("ndcg", q), got / (2 + 1 / std::log2(3.0) + 1 / std::log2(4.0)));
  // Gains 0, 2, 0, 1 over the highest, 2.
  EXPECT_DOUBLE_EQ(value("rbp", q), (1.0 - 0.9) * (0.9 + 0.5 * 0.9 * 0.9 * 0.9));
  EXPECT_DOUBLE_EQ(value("num_nonrel_judged_ret", q), 1);
}

TEST(TrecEval, ALevelDecidesWhatIsRelevantButNotWhatAGainIs) {
  Settings settings;
  settings.level = 2;
  const Query q = sample(settings);
  EXPECT_DOUBLE_EQ(value("num_rel", q), 1);
  EXPECT_DOUBLE_EQ(value("map", q), 0.5);
  EXPECT_DOUBLE_EQ(value("ndcg_cut", q, {{2}, {}, {}}), 2 / std::log2(3.0) / (2 + 1 / std::log2(3.0)));
}

TEST(TrecEval, JudgedOnlyDropsDocumentsWithoutJudgment) {
  Settings settings;
  settings.judged_only = true;
  EXPECT_DOUBLE_EQ(value("map", sample(settings)), (1 / 2.0 + 2 / 3.0) / 3);
}

TEST(TrecEval, PreferencesAreCountedByWhatWasRetrieved) {
  const Settings settings;
  // a > b > c by two subgroups; only a and b are retrieved, b first.
  const auto judgments =
      parse_judgments("q 1 x a 2\nq 1 x b 1\nq 1 y b 3\nq 1 y c 1\n", "prefs", Format::preferences).value();
  const trec::Run run = parse_run("q Q0 b 1 2 t\nq Q0 a 1 1 t\n", "run").value();
  const Preferences p = prefer(run.queries[0], judgments[0].judgments, settings).value();
  EXPECT_EQ(p.judged, 3U);
  EXPECT_EQ(p.groups[0].possible, 1);
  EXPECT_EQ(p.groups[0].fulfilled, 0);
  EXPECT_EQ(p.groups[0].implied_fulfilled, 2);  // b before c, and so a before c
}

TEST(TrecEval, ContradictingPreferencesAreAnError) {
  const auto judgments =
      parse_judgments("q 1 x a 2\nq 1 x b 1\nq 1 y b 3\nq 1 y a 1\n", "prefs", Format::preferences).value();
  EXPECT_FALSE(prefer(RunQuery{"q", {}}, judgments[0].judgments, Settings{}));
}

TEST(TrecEval, ReadersNameTheLine) {
  const auto run = parse_run("# comment\n\nq Q0 a 1 x t\n", "r");
  EXPECT_NE(run.error().message.find("'r' line 3"), std::string::npos);
  EXPECT_FALSE(parse_judgments("q 0 a 1 more\n", "j", Format::judgments));
  EXPECT_FALSE(parse_judgments("q 0 a 200000\n", "j", Format::judgments));
}

TEST(TrecEval, NamesOfMeasuresAreAllKnown) {
  for (const Measure* measure : measures()) ASSERT_NE(measure, nullptr);
}

}  // namespace
}  // namespace isogloss::evaluation::trec
