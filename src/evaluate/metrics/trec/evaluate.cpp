// SPDX-License-Identifier: Apache-2.0
// One run of trec_eval: files in, lines out. Queries go by id; sums are in that order, so that means have its bits.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "core/file.hpp"
#include "evaluate/metrics/trec/command_line.hpp"
#include "isogloss/metrics.hpp"

namespace isogloss::evaluation::trec {
namespace {

constexpr double kMissingZScore = -1'000'000;
constexpr double kLeastGeometric = 0.00001;

// A query of the judgments that the run has not is scored, with -c, as one that found this document.
constexpr std::string_view kNoDocument = "ceci_nest_pas_un_docno";

Result<std::string> read_all(const std::string& file) {
  if (file != "-") return read_file(file);
  std::string text;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
    if (n < 0) return fail(Code::io, "cannot read standard input.");
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
  }
}

void print(std::string& out, std::string_view name, std::string_view query, std::string_view value) {
  out += name;
  if (name.size() < 22) out.append(22 - name.size(), ' ');
  out += '\t';
  out += query;
  out += '\t';
  out += value;
  out += '\n';
}

void print(std::string& out, std::string_view name, std::string_view query, double value, bool count, bool z) {
  char buffer[400];
  if (count && !z) {
    std::snprintf(buffer, sizeof buffer, "%lld", static_cast<long long>(value));
  } else {
    std::snprintf(buffer, sizeof buffer, "%6.4f", value);
  }
  if (z) out += 'Z';
  print(out, name, query, buffer);
}

std::string relevance_string(const Judged& judged, double length) {
  std::string out = "'";
  const double most = std::clamp(length, 0.0, static_cast<double>(judged.retrieved()));
  for (std::size_t i = 0; i < static_cast<std::size_t>(most); ++i) {
    const std::int64_t r = judged.relevance[i];
    out += r == kNotInPool ? '-' : r == kNotJudged ? '.' : r > 9 ? '>' : static_cast<char>('0' + r);
  }
  return out + "'";
}

class Evaluation {
 public:
  Evaluation(const CommandLine& line, const Run& run, const std::vector<JudgedQuery>& judgments, const ZScores& zscores)
      : line_(line), run_(run), judgments_(judgments), zscores_(zscores) {
    std::size_t n = 0;
    for (const Chosen& c : line.chosen) n += c.names.size();
    sums_.assign(n, 0.0);
  }

  Result<std::string> lines() {
    IG_TRY(check_formats());
    for (const JudgedQuery& judged : judgments_) {
      if (!line_.only_query.empty() && judged.id != line_.only_query) continue;
      IG_TRY(add(judged));
    }
    if (queries_ == 0) {
      return fail(Code::not_found, "no query is in both '" + line_.judgments + "' and '" + line_.run +
                                       "'; their first columns have to agree.");
    }
    average();
    if (line_.summary) print_summary();
    return std::move(out_);
  }

 private:
  Status check_formats() const {
    for (const Chosen& c : line_.chosen) {
      const Needs needs = c.measure->needs;
      const bool right = needs == Needs::nothing || (needs == Needs::judged && line_.format == Format::judgments) ||
                         (needs == Needs::groups && line_.format == Format::groups) ||
                         (needs == Needs::preferences && line_.format >= Format::preferences);
      if (right) continue;
      return fail(Code::invalid_argument, "measure '" + std::string(c.measure->name) + "' needs " +
                                              (needs == Needs::judged   ? "judgments: -R qrels, the default."
                                               : needs == Needs::groups ? "judgment groups: -R qrels_jg."
                                                                        : "preferences: -R prefs or -R qrels_prefs."));
    }
    return {};
  }

  Result<Query> query_of(const RunQuery& ranked, const JudgedQuery& judged) const {
    Query query{&line_.settings, {}, {}, {}};
    const std::span<const Judgment> all(judged.judgments);
    if (line_.format == Format::judgments) {
      query.judged = judge(ranked, all, line_.settings);
    } else if (line_.format == Format::groups) {
      for (std::size_t begin = 0; begin < all.size();) {
        std::size_t end = begin;
        while (end < all.size() && all[end].group == all[begin].group) ++end;
        query.groups.push_back(judge(ranked, all.subspan(begin, end - begin), line_.settings));
        begin = end;
      }
    } else {
      query.preferences = IG_TRY(prefer(ranked, all, line_.settings));
    }
    return query;
  }

  Status add(const JudgedQuery& judged) {
    const RunQuery none{judged.id, {{kNoDocument, 1.0}}};
    const RunQuery* ranked = run_.find(judged.id);
    const bool missing = ranked == nullptr;
    if (missing && !line_.settings.complete) {
      return fail(Code::not_found, "query '" + std::string(judged.id) + "' of '" + line_.judgments +
                                       "' is not in the run; -c counts such queries as 0, or leave its judgments out.");
    }
    const Query query = IG_TRY(query_of(missing ? none : *ranked, judged));
    std::vector<double> values(sums_.size(), 0.0);
    std::size_t at = 0;
    for (const Chosen& c : line_.chosen) {
      c.measure->value(query, c.parameters, std::span(values).subspan(at, c.names.size()));
      if (missing && is_cleared(c)) std::fill_n(values.begin() + static_cast<std::ptrdiff_t>(at), c.names.size(), 0.0);
      at += c.names.size();
    }
    if (!line_.zscores.empty()) convert(judged.id, values);
    for (std::size_t i = 0; i < values.size(); ++i) sums_[i] += values[i];
    if (line_.queries) print_query(judged.id, query, values, missing);
    ++queries_;
    return {};
  }

  // What the document that stands for none must not be counted in; with parameters trec_eval does count it.
  static bool is_cleared(const Chosen& c) {
    const std::string_view name = c.names.front();
    return name == "num_ret" || name == "utility" || name == "rbp_resid" || name.starts_with("unj");
  }

  void convert(std::string_view query, std::vector<double>& values) const {
    std::size_t at = 0;
    for (const Chosen& c : line_.chosen) {
      for (const std::string& name : c.names) {
        const std::pair<std::string_view, std::string_view> key(query, name);
        const auto known = std::ranges::lower_bound(zscores_, key, {}, &ZScores::value_type::first);
        double& value = values[at++];
        if (known == zscores_.end() || known->first != key) {
          value = kMissingZScore;
        } else if (known->second.deviation != 0) {
          value = (value - known->second.mean) / known->second.deviation;
        } else {
          value = value == known->second.mean ? 0 : kMissingZScore;
        }
      }
    }
  }

  void print_query(std::string_view id, const Query& query, const std::vector<double>& values, bool missing) {
    const bool z = !line_.zscores.empty();
    std::size_t at = 0;
    for (const Chosen& c : line_.chosen) {
      const std::size_t first = at;
      at += c.names.size();
      const Shown shown = c.measure->shown;
      if (shown == Shown::ranking) {
        const bool nothing = missing && c.parameters.printed.empty();
        print(out_, c.names[0], id, nothing ? "''" : relevance_string(*query.judged, c.parameters.numbers[0]));
      } else if ((shown == Shown::number || shown == Shown::count) && c.measure->name != "num_q") {
        for (std::size_t i = 0; i < c.names.size(); ++i) {
          print(out_, c.names[i], id, values[first + i], shown == Shown::count, z);
        }
      }
    }
  }

  void average() {
    const auto n = static_cast<double>(line_.settings.complete ? judgments_.size() : queries_);
    std::size_t at = 0;
    for (const Chosen& c : line_.chosen) {
      for (std::size_t i = 0; i < c.names.size(); ++i) {
        double& sum = sums_[at++];
        switch (c.measure->total) {
          case Total::mean:
            sum /= n;
            break;
          case Total::geometric:
            // Queries that were left out count as the least value.
            if (line_.settings.complete) sum += (n - static_cast<double>(queries_)) * std::log(kLeastGeometric);
            sum = std::exp(sum / n);
            break;
          case Total::queries:
            sum = n;  // never as a z score
            break;
          case Total::relevant:
            if (line_.settings.complete) sum = all_relevant();
            break;
          default:
            break;
        }
      }
    }
  }

  // Judgments above 0, whatever -l says, as trec_eval.
  double all_relevant() const {
    double n = 0;
    for (const JudgedQuery& q : judgments_) {
      n += static_cast<double>(std::ranges::count_if(q.judgments, [](const Judgment& j) { return j.level > 0; }));
    }
    return n;
  }

  void print_summary() {
    std::size_t at = 0;
    for (const Chosen& c : line_.chosen) {
      const std::size_t first = at;
      at += c.names.size();
      if (c.measure->shown == Shown::tag) print(out_, "runid", "all", run_.tag);
      if (c.measure->shown == Shown::tag || c.measure->shown == Shown::ranking) continue;
      for (std::size_t i = 0; i < c.names.size(); ++i) {
        print(out_, c.names[i], "all", sums_[first + i], c.measure->shown == Shown::count, !line_.zscores.empty());
      }
    }
  }

  const CommandLine& line_;
  const Run& run_;
  const std::vector<JudgedQuery>& judgments_;
  const ZScores& zscores_;
  std::vector<double> sums_;  // (values)
  std::size_t queries_ = 0;
  std::string out_;
};

}  // namespace
}  // namespace isogloss::evaluation::trec

namespace isogloss {

Result<std::string> trec_eval(std::span<const std::string> words) {
  using namespace evaluation::trec;
  const CommandLine line = IG_TRY(parse_command_line(words));
  if (line.help) return help_text();
  if (line.version) return std::string("trec_eval version 10.0 (isogloss)\n");
  const std::string judged_text = IG_TRY(read_all(line.judgments));
  const std::string run_text = IG_TRY(read_all(line.run));
  const std::string zscore_text = line.zscores.empty() ? std::string() : IG_TRY(read_all(line.zscores));
  const auto judgments = IG_TRY(parse_judgments(judged_text, line.judgments, line.format));
  const Run run = IG_TRY(parse_run(run_text, line.run));
  const ZScores zscores = IG_TRY(parse_zscores(zscore_text, line.zscores));
  const bool shared =
      std::ranges::any_of(judgments, [&](const JudgedQuery& query) { return run.find(query.id) != nullptr; });
  if (!shared) {  // with -c all would be 0
    return fail(Code::not_found, "no query is in both '" + line.judgments + "' and '" + line.run +
                                     "'; their first columns have to agree.");
  }
  return Evaluation(line, run, judgments, zscores).lines();
}

}  // namespace isogloss
