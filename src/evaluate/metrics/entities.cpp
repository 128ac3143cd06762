// SPDX-License-Identifier: Apache-2.0
// Entity F1. In the scheme conll an entity goes from B-X, S-X, or an I-X or E-X that continues nothing of type X, to
// before the next tag that does not continue it; E and S end it. Strict schemes begin at B (or S, U) alone, and those
// with an ending tag (E, L) drop what has none.
#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "isogloss/metrics.hpp"

namespace isogloss {
namespace {

using Entity = std::tuple<std::string, std::size_t, std::size_t>;  // type, first, last

struct Scheme {
  std::string_view name, prefixes;  // in the order begin, inside, end, single
  bool strict = false;
  bool ends() const { return prefixes.size() > 2; }
};
constexpr Scheme kSchemes[] = {
    {"conll", "BIES"}, {"iob2", "BI", true}, {"iobes", "BIES", true}, {"bilou", "BILU", true}};

Result<std::set<Entity>> entities_of(const std::vector<std::string>& tags, const Scheme& scheme, std::size_t sentence) {
  std::set<Entity> out;
  std::string type;
  std::size_t begin = 0;
  bool open = false;
  const auto close = [&](std::size_t end, bool complete) {
    if (open && complete) out.emplace(type, begin, end - 1);
    open = false;
  };
  const bool may_stop = !scheme.strict || !scheme.ends();  // without an ending tag
  for (std::size_t i = 0; i < tags.size(); ++i) {
    const std::string& tag = tags[i];
    if (tag == "O") {
      close(i, may_stop);
      continue;
    }
    const std::size_t part = tag.size() < 3 || tag[1] != '-' ? std::string_view::npos : scheme.prefixes.find(tag[0]);
    if (part == std::string_view::npos) {
      std::string known = "O";
      for (const char prefix : scheme.prefixes) known += std::string(", ") + prefix + "-TYPE";
      return fail(Code::invalid_argument, "sentence " + std::to_string(sentence + 1) + " has the tag '" + tag +
                                              "'; tags of the scheme " + std::string(scheme.name) + " are " + known +
                                              ".");
    }
    const bool goes_on = (part == 1 || part == 2) && open && std::string_view(tag).substr(2) == type;
    if (!goes_on) {
      close(i, may_stop);
      open = !scheme.strict || part == 0 || part == 3;
      type = tag.substr(2);
      begin = i;
    }
    if (part >= 2) close(i + 1, true);
  }
  close(tags.size(), may_stop);
  return out;
}

struct Counts {
  double right = 0, predicted = 0, there = 0;
};

ClassScores scores(std::string label, const Counts& c) {
  const auto ratio = [](double a, double b) { return b > 0 ? a / b : 0.0; };
  return {std::move(label), ratio(c.right, c.predicted), ratio(c.right, c.there),
          ratio(2 * c.right, c.predicted + c.there), static_cast<std::uint64_t>(c.there)};
}

}  // namespace

Result<Entities> entities(std::span<const std::vector<std::string>> truth,
                          std::span<const std::vector<std::string>> predicted, const EntityOptions& options) {
  const auto scheme = std::ranges::find(kSchemes, options.scheme, &Scheme::name);
  if (scheme == std::end(kSchemes)) {
    return fail(Code::invalid_argument,
                "there is no scheme of tags '" + options.scheme + "'; there are conll, iob2, iobes and bilou.");
  }
  if (truth.size() != predicted.size() || truth.empty()) {
    return fail(Code::invalid_argument, "there are " + std::to_string(truth.size()) + " sentences and " +
                                            std::to_string(predicted.size()) + " predicted ones; they must pair up.");
  }
  std::map<std::string, Counts> types;
  double tags = 0, right_tags = 0;
  for (std::size_t s = 0; s < truth.size(); ++s) {
    if (truth[s].size() != predicted[s].size()) {
      return fail(Code::invalid_argument, "sentence " + std::to_string(s + 1) + " has " +
                                              std::to_string(truth[s].size()) + " tags and " +
                                              std::to_string(predicted[s].size()) + " predicted ones.");
    }
    const std::set<Entity> there = IG_TRY(entities_of(truth[s], *scheme, s));
    for (const Entity& entity : there) ++types[std::get<0>(entity)].there;
    for (const Entity& entity : IG_TRY(entities_of(predicted[s], *scheme, s))) {
      Counts& counts = types[std::get<0>(entity)];
      ++counts.predicted;
      if (there.contains(entity)) ++counts.right;
    }
    for (std::size_t i = 0; i < truth[s].size(); ++i) right_tags += truth[s][i] == predicted[s][i] ? 1 : 0;
    tags += static_cast<double>(truth[s].size());
  }
  Entities out;
  Counts all;
  for (const auto& [type, counts] : types) {
    out.classes.push_back(scores(type, counts));
    const ClassScores& one = out.classes.back();
    out.macro.precision += one.precision / static_cast<double>(types.size());
    out.macro.recall += one.recall / static_cast<double>(types.size());
    out.macro.f1 += one.f1 / static_cast<double>(types.size());
    all.right += counts.right;
    all.predicted += counts.predicted;
    all.there += counts.there;
  }
  out.micro = scores("micro", all);
  if (types.empty()) {
    constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();
    for (ClassScores* mean : {&out.micro, &out.macro}) mean->precision = mean->recall = mean->f1 = kUndefined;
  }
  out.macro.label = "macro";
  out.macro.support = out.micro.support;
  out.tag_accuracy = tags > 0 ? right_tags / tags : 0;
  return out;
}

}  // namespace isogloss
