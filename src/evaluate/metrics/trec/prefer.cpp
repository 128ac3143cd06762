// SPDX-License-Identifier: Apache-2.0
// A ranking meets preferences (trec_eval's form_prefs_counts). Documents in preferences get a number: the retrieved
// ones by rank, where ties go to the *smaller* document id, unlike everywhere else in trec_eval; then the others by id.
// A group without subgroups is a list of classes of equal level. A group with subgroups is a matrix: a before b in some
// subgroup, and all that follows from it.
#include <algorithm>
#include <map>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {
namespace {

// Matrices of documents by documents are kept; closing one takes the cube of it.
constexpr std::size_t kMostDocuments = 20'000, kMostWithSubgroups = 4'000;

struct Line {
  std::string_view group, subgroup;
  double level = 0;
  std::uint32_t document = 0;
};

std::map<std::string_view, std::uint32_t> numbered(const RunQuery& run, std::span<const Judgment> judgments,
                                                   const Settings& settings, Preferences& out) {
  std::map<std::string_view, std::uint32_t> numbers;
  for (const Judgment& j : judgments) numbers[j.document] = UINT32_MAX;
  std::vector<RunDocument> ranking = run.documents;
  std::ranges::sort(ranking, [](const RunDocument& a, const RunDocument& b) {
    return a.score != b.score ? a.score > b.score : a.document < b.document;
  });
  ranking.resize(std::min<std::size_t>(ranking.size(), static_cast<std::size_t>(settings.most)));
  std::uint32_t next = 0;
  for (const RunDocument& d : ranking) {
    const auto at = numbers.find(d.document);
    if (at != numbers.end()) at->second = next++;
  }
  out.retrieved = next;
  for (auto& [document, number] : numbers) {
    if (number == UINT32_MAX) number = next++;
  }
  out.judged = next;
  return numbers;
}

std::unexpected<Error> contradiction(const RunQuery& run, const Line& line, std::string_view what) {
  return fail(Code::corrupt_data, "preferences of query '" + std::string(run.id) + "', group '" +
                                      std::string(line.group) + "' " + std::string(what) +
                                      "; a group must not contradict itself.");
}

// A preference for a over b, into the counts of the group.
void count(PreferenceGroup& group, std::size_t a, std::size_t b, std::size_t retrieved) {
  const bool both = a < retrieved && b < retrieved;
  const bool one = a < retrieved || b < retrieved;
  if (!one) {
    ++group.not_retrieved;
  } else {
    ++(both ? group.possible : group.implied_possible);
    if (a < b) ++(both ? group.fulfilled : group.implied_fulfilled);
  }
}

Status add_classes(const RunQuery& run, std::span<const Line> lines, Preferences& out, PreferenceGroup& group) {
  for (const Line& line : lines) {
    if (group.classes.empty() || group.classes.back().level != line.level) group.classes.push_back({line.level, {}});
    group.classes.back().documents.push_back(line.document);
    const bool retrieved = line.document < out.retrieved;
    ++(line.level > 0 ? group.relevant : group.other);
    if (retrieved) ++(line.level > 0 ? group.relevant_retrieved : group.other_retrieved);
  }
  for (std::size_t better = 0; better < group.classes.size(); ++better) {
    for (std::size_t worse = better + 1; worse < group.classes.size(); ++worse) {
      for (const std::uint32_t a : group.classes[better].documents) {
        for (const std::uint32_t b : group.classes[worse].documents) {
          if (a == b) return contradiction(run, lines[0], "have a document at two levels");
          ++out.counts[a * out.judged + b];
          count(group, a, b, out.retrieved);
        }
      }
    }
  }
  return {};
}

// Warshall's closure: row i takes over row k when i is before k.
void close(std::vector<std::uint8_t>& before, std::size_t n) {
  for (std::size_t k = 0; k < n; ++k) {
    for (std::size_t i = 0; i < n; ++i) {
      if (before[i * n + k] == 0) continue;
      for (std::size_t j = 0; j < n; ++j) before[i * n + j] |= before[k * n + j];
    }
  }
}

Status add_matrix(const RunQuery& run, std::span<const Line> lines, Preferences& out, PreferenceGroup& group) {
  const std::size_t n = out.judged;
  if (n > kMostWithSubgroups) {
    return fail(Code::too_long, "query '" + std::string(run.id) + "' has preferences with subgroups of " +
                                    std::to_string(n) + " documents; 4000 is the most.");
  }
  group.preferred.assign(n * n, 0);
  group.level.assign(n, -1.0);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    double& level = group.level[lines[i].document];
    if ((level > 0 && lines[i].level == 0) || (level == 0 && lines[i].level > 0)) {
      return contradiction(run, lines[i], "have a document at level 0 and above it");
    }
    level = lines[i].level;
    for (std::size_t j = i + 1; j < lines.size() && lines[j].subgroup == lines[i].subgroup; ++j) {
      if (lines[j].level != lines[i].level) group.preferred[lines[i].document * n + lines[j].document] = 1;
    }
  }
  close(group.preferred, n);
  for (std::size_t a = 0; a < n; ++a) {
    if (group.level[a] >= 0) {
      ++(group.level[a] > 0 ? group.relevant : group.other);
      if (a < out.retrieved) ++(group.level[a] > 0 ? group.relevant_retrieved : group.other_retrieved);
    }
    for (std::size_t b = 0; b < n; ++b) {
      if (group.preferred[a * n + b] == 0) continue;
      if (group.preferred[b * n + a] != 0) return contradiction(run, lines[0], "prefer two documents to each other");
      ++out.counts[a * n + b];
      count(group, a, b, out.retrieved);
    }
  }
  return {};
}

}  // namespace

Result<Preferences> prefer(const RunQuery& run, std::span<const Judgment> judgments, const Settings& settings) {
  Preferences out;
  const auto numbers = numbered(run, judgments, settings, out);
  if (out.judged > kMostDocuments) {
    return fail(Code::too_long, "query '" + std::string(run.id) + "' has preferences of " + std::to_string(out.judged) +
                                    " documents; 20000 is the most.");
  }
  out.counts.assign(out.judged * out.judged, 0);
  std::vector<Line> lines;
  for (const Judgment& j : judgments) lines.push_back({j.group, j.subgroup, j.level, numbers.at(j.document)});
  std::ranges::stable_sort(lines, [](const Line& a, const Line& b) {
    if (a.group != b.group) return a.group < b.group;
    if (a.subgroup != b.subgroup) return a.subgroup < b.subgroup;
    return a.level != b.level ? a.level > b.level : a.document < b.document;
  });
  for (std::size_t begin = 0; begin < lines.size();) {
    std::size_t end = begin;
    bool subgroups = false;
    for (; end < lines.size() && lines[end].group == lines[begin].group; ++end) {
      subgroups = subgroups || lines[end].subgroup != lines[begin].subgroup;
    }
    const std::span<const Line> part(lines.data() + begin, end - begin);
    PreferenceGroup& group = out.groups.emplace_back();
    IG_TRY(subgroups ? add_matrix(run, part, out, group) : add_classes(run, part, out, group));
    begin = end;
  }
  return out;
}

}  // namespace isogloss::evaluation::trec
