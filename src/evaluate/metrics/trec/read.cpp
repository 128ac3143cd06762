// SPDX-License-Identifier: Apache-2.0
// Reading runs, judgments and z scores. Stricter than trec_eval 10.0 where it would go on with a wrong number: it reads
// "abc" and "1.5" by atof and atol as 0 and 1, and sorts NaN anywhere; here these are errors that name the line.
#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <unordered_map>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

// A counter for every level is kept per query.
constexpr double kHighestRelevance = 100'000;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Columns of the line that ends at `end`; as many as fit, and how many there are.
std::size_t columns_of(std::string_view line, std::span<std::string_view> cells) {
  std::size_t found = 0;
  for (std::size_t at = 0; at < line.size();) {
    while (at < line.size() && is_space(line[at])) ++at;
    const std::size_t begin = at;
    while (at < line.size() && !is_space(line[at])) ++at;
    if (at == begin) break;
    if (found < cells.size()) cells[found] = line.substr(begin, at - begin);
    ++found;
  }
  return found;
}

bool parse_number(std::string_view text, double& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
  if (r.ptr != text.data() + text.size()) return false;
  if (r.ec == std::errc::result_out_of_range) value = std::strtod(std::string(text).c_str(), nullptr);
  return r.ec == std::errc() || r.ec == std::errc::result_out_of_range;
}

std::unexpected<Error> wrong_line(std::string_view where, std::size_t number, std::string what) {
  return fail(Code::corrupt_data, "'" + std::string(where) + "' line " + std::to_string(number) + ": " + what);
}

// visit(line, number) of every line with content.
template <class Visit>
Status each_row(std::string_view text, Visit&& visit) {
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.starts_with('#') || std::ranges::all_of(line, is_space)) continue;
    IG_TRY(visit(line, number));
  }
  return {};
}

// Index of a query in `queries`, made when it is new. Lines of a query mostly follow each other.
template <class T>
class QueryIndex {
 public:
  explicit QueryIndex(std::vector<T>& queries) : queries_(queries) {}
  T& operator[](std::string_view id) {
    if (queries_.empty() || queries_[last_].id != id) {
      last_ = places_.try_emplace(id, queries_.size()).first->second;
      if (last_ == queries_.size()) queries_.push_back({id, {}});
    }
    return queries_[last_];
  }

 private:
  std::vector<T>& queries_;
  std::unordered_map<std::string_view, std::size_t> places_;
  std::size_t last_ = 0;
};

std::unexpected<Error> twice(std::string_view where, std::string_view query, std::string_view document,
                             std::string_view what) {
  return fail(Code::corrupt_data, "'" + std::string(where) + "' has document '" + std::string(document) + "' " +
                                      std::string(what) + " twice in query '" + std::string(query) +
                                      "'; leave one of the lines out.");
}

// The first eight bytes as one number whose order is that of the bytes: most comparisons end there.
std::uint64_t prefix_of(std::string_view id) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value = value << 8 | (i < id.size() ? static_cast<unsigned char>(id[i]) : 0U);
  }
  return value;
}

// A document that is in the query twice. Open addressing: sorting the ids took a third of the time of a whole
// evaluation.
const RunDocument* doubled(const RunQuery& query, std::vector<std::uint32_t>& slots) {
  const std::size_t mask = std::bit_ceil(2 * query.documents.size() + 1) - 1;
  slots.assign(mask + 1, 0);
  for (std::uint32_t i = 0; i < query.documents.size(); ++i) {
    const std::string_view id = query.documents[i].document;
    std::size_t at = std::hash<std::string_view>{}(id)&mask;
    for (; slots[at] != 0; at = (at + 1) & mask) {
      if (query.documents[slots[at] - 1].document == id) return &query.documents[i];
    }
    slots[at] = i + 1;
  }
  return nullptr;
}

}  // namespace

const RunQuery* Run::find(std::string_view id) const {
  const auto at = std::ranges::lower_bound(queries, id, {}, &RunQuery::id);
  return at != queries.end() && at->id == id ? &*at : nullptr;
}

Result<Run> parse_run(std::string_view text, std::string_view where) {
  Run run;
  QueryIndex<RunQuery> queries(run.queries);
  IG_TRY(each_row(text, [&](std::string_view line, std::size_t number) -> Status {
    std::string_view cells[6];
    const std::size_t found = columns_of(line, cells);
    if (found < 6) {
      return wrong_line(
          where, number,
          "a line of a run has six columns, query Q0 document rank score tag; this has " + std::to_string(found) + ".");
    }
    RunDocument document{cells[2], 0};
    if (!parse_number(cells[4], document.score) || std::isnan(document.score)) {
      return wrong_line(where, number, "the score '" + std::string(cells[4]) + "' is no number to sort by.");
    }
    queries[cells[0]].documents.push_back(document);
    run.tag = cells[5];
    return {};
  }));
  std::ranges::sort(run.queries, {}, &RunQuery::id);
  std::vector<std::uint32_t> slots;
  for (RunQuery& query : run.queries) {
    if (const RunDocument* again = doubled(query, slots)) return twice(where, query.id, again->document, "ranked");
    std::ranges::sort(query.documents, [](const RunDocument& a, const RunDocument& b) {
      return a.score != b.score ? a.score > b.score : a.document > b.document;
    });
  }
  return run;
}

Result<std::vector<JudgedQuery>> parse_judgments(std::string_view text, std::string_view where, Format format) {
  const bool preferences = format == Format::preferences || format == Format::judgment_preferences;
  const std::size_t columns = format == Format::preferences ? 5 : 4;
  std::vector<JudgedQuery> found;
  QueryIndex<JudgedQuery> queries(found);
  IG_TRY(each_row(text, [&](std::string_view line, std::size_t number) -> Status {
    std::string_view cells[5];
    if (const std::size_t n = columns_of(line, cells); n != columns) {
      return wrong_line(where, number,
                        columns == 5 ? "a preference has five columns, query group subgroup document level; this has " +
                                           std::to_string(n) + "."
                                     : "a judgment has four columns, query iteration document relevance; this has " +
                                           std::to_string(n) + ".");
    }
    Judgment judgment{{}, {}, cells[columns - 2], 0};
    if (format != Format::judgments) judgment.group = cells[1];
    if (format == Format::preferences) judgment.subgroup = cells[2];
    const std::string_view level = cells[columns - 1];
    if (!parse_number(level, judgment.level) || !std::isfinite(judgment.level) ||
        (!preferences &&
         (judgment.level != std::floor(judgment.level) || std::abs(judgment.level) > kHighestRelevance))) {
      return wrong_line(where, number,
                        "the relevance '" + std::string(level) + "' is not " +
                            (preferences ? "a number." : "a whole number up to 100000."));
    }
    queries[cells[0]].judgments.push_back(judgment);
    return {};
  }));
  std::ranges::sort(found, {}, &JudgedQuery::id);
  for (JudgedQuery& query : found) {
    std::vector<std::pair<std::uint64_t, Judgment>> keyed;
    keyed.reserve(query.judgments.size());
    for (const Judgment& j : query.judgments) keyed.emplace_back(prefix_of(j.document), j);
    std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) {
      if (a.second.group != b.second.group) return a.second.group < b.second.group;
      return a.first != b.first ? a.first < b.first : a.second.document < b.second.document;
    });
    for (std::size_t i = 0; i < keyed.size(); ++i) {
      query.judgments[i] = keyed[i].second;
      if (i == 0 || preferences || keyed[i - 1].second.document != keyed[i].second.document ||
          keyed[i - 1].second.group != keyed[i].second.group) {
        continue;
      }
      return twice(where, query.id, keyed[i].second.document, "judged");
    }
  }
  return found;
}

Result<ZScores> parse_zscores(std::string_view text, std::string_view where) {
  ZScores scores;
  IG_TRY(each_row(text, [&](std::string_view line, std::size_t number) -> Status {
    std::string_view cells[4];
    ZScore score;
    if (columns_of(line, cells) != 4 || !parse_number(cells[2], score.mean) ||
        !parse_number(cells[3], score.deviation)) {
      return wrong_line(where, number, "a line of z scores is: query measure mean deviation.");
    }
    scores.push_back({{cells[0], cells[1]}, score});
    return {};
  }));
  std::ranges::stable_sort(scores, {}, &ZScores::value_type::first);
  return scores;
}

}  // namespace isogloss::evaluation::trec
