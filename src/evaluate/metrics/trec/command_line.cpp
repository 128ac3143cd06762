// SPDX-License-Identifier: Apache-2.0
#include "evaluate/metrics/trec/command_line.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "core/text.hpp"
#include "isogloss/options.hpp"

namespace isogloss::evaluation::trec {
namespace {

struct Option {
  char letter;
  std::string_view name;
  bool value;
};
constexpr Option kOptions[] = {{'h', "help", false},
                               {'v', "version", false},
                               {'q', "query_eval_wanted", false},
                               {'m', "measure", true},
                               {'c', "complete_rel_info_wanted", false},
                               {'l', "level_for_rel", true},
                               {'n', "nosummary", false},
                               {'D', "Debug_level", true},
                               {'J', "Judged_docs_only", false},
                               {'N', "Number_docs_in_coll", true},
                               {'M', "Max_retrieved_per_topic", true},
                               {'R', "Rel_info_format", true},
                               {'T', "Results_format", true},
                               {'o', "Output_old_results_format", false},
                               {'Z', "Zscore", true}};

std::unexpected<Error> wrong(std::string message) { return fail(Code::invalid_argument, std::move(message)); }

// What stands behind -m, in order.
using Asked = std::vector<std::pair<std::string, std::string>>;  // name, parameters

Result<std::int64_t> whole(char letter, std::string_view text, std::int64_t least) {
  std::int64_t value = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
  if (r.ec != std::errc() || r.ptr != text.data() + text.size() || value < least) {
    return wrong(std::string("trec_eval's -") + letter + " takes a whole number of " + std::to_string(least) +
                 " or more, not '" + std::string(text) + "'.");
  }
  return value;
}

Status mark(Asked& asked, std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string name(text.substr(0, dot));
  const std::string parameters(dot == std::string_view::npos ? "" : text.substr(dot + 1));
  std::vector<std::string> known(measure_sets().begin(), measure_sets().end());
  bool found = std::ranges::find(known, name) != known.end();
  for (const Measure* measure : measures()) {
    found = found || measure->name == name;
    known.emplace_back(measure->name);
  }
  if (!found) {
    const std::string nearest = nearest_name(name, known);
    return wrong("trec_eval has no measure '" + name + "'." +
                 (nearest.empty() ? "" : " Did you mean '" + nearest + "'?") + " All of them: isogloss metric trec -h");
  }
  if (dot != std::string_view::npos && parameters.empty()) {
    return wrong("measure '" + std::string(text) + "' ends in a dot; parameters follow it, as in P.5,10.");
  }
  asked.emplace_back(name, parameters);
  return {};
}

Status apply(CommandLine& line, Asked& asked, char letter, const std::string& value) {
  switch (letter) {
    case 'h':
      line.help = true;
      break;
    case 'v':
      line.version = true;
      break;
    case 'q':
      line.queries = true;
      break;
    case 'n':
      line.summary = false;
      break;
    case 'c':
      line.settings.complete = true;
      break;
    case 'J':
      line.settings.judged_only = true;
      break;
    case 'o':
      break;  // obsolete: without effect in trec_eval too
    case 'm':
      return mark(asked, value);
    case 'l':
      line.settings.level = IG_TRY(whole('l', value, 0));
      break;
    case 'N':
      line.settings.documents_in_collection = IG_TRY(whole('N', value, 0));
      break;
    case 'M':
      line.settings.most = IG_TRY(whole('M', value, 0));
      break;
    case 'Z':
      line.zscores = value;
      break;
    case 'D':
      if (value.find('.') != std::string::npos) line.only_query = value.substr(value.find('.') + 1);
      break;
    case 'R':
      if (value == "qrels") {
        line.format = Format::judgments;
      } else if (value == "qrels_jg") {
        line.format = Format::groups;
      } else if (value == "prefs") {
        line.format = Format::preferences;
      } else if (value == "qrels_prefs") {
        line.format = Format::judgment_preferences;
      } else {
        return wrong("trec_eval's -R takes qrels, qrels_jg, prefs or qrels_prefs, not '" + value + "'.");
      }
      break;
    default:
      if (value != "trec_results") return wrong("trec_eval's -T takes trec_results, not '" + value + "'.");
  }
  return {};
}

Result<const Option*> long_option(std::string_view name) {
  const Option* found = nullptr;
  for (const Option& option : kOptions) {
    if (option.name == name) return &option;
    if (!option.name.starts_with(name)) continue;
    if (found != nullptr) return wrong("--" + std::string(name) + " could be several options of trec_eval.");
    found = &option;
  }
  if (found == nullptr) return wrong("trec_eval has no option --" + std::string(name) + ".");
  return found;
}

std::vector<std::string_view> commas(std::string_view text) { return split(text, ','); }

Result<double> number(std::string_view text, std::string_view measure) {
  double value = 0;
  const auto r = std::from_chars(text.data(), text.data() + text.size(), value);
  if (r.ec != std::errc() || r.ptr != text.data() + text.size()) {
    return wrong("'" + std::string(text) + "' in the parameters of " + std::string(measure) + " is no number.");
  }
  return value;
}

Status read_parameters(Chosen& chosen, std::string_view text) {
  const Measure& measure = *chosen.measure;
  chosen.parameters.printed = text;
  for (const std::string_view piece : commas(text)) {
    const std::size_t equals = piece.find('=');
    if (measure.takes == Takes::pairs) {
      if (equals == std::string_view::npos) {
        return wrong("parameters of " + std::string(measure.name) + " are pairs, as in 1=3.5,2=9, not '" +
                     std::string(text) + "'.");
      }
      chosen.parameters.pairs.emplace_back(piece.substr(0, equals),
                                           IG_TRY(number(piece.substr(equals + 1), measure.name)));
      continue;
    }
    double value = IG_TRY(number(piece, measure.name));
    if (measure.takes == Takes::cuts) {
      if (!(value >= 1 && value <= 1e15)) {
        return wrong("a cut of " + std::string(measure.name) + " is 1 or more, not '" + std::string(piece) + "'.");
      }
      value = static_cast<double>(static_cast<std::int64_t>(value));  // 23.4 is 23, as in trec_eval
    }
    chosen.parameters.numbers.push_back(value);
  }
  if (measure.takes != Takes::cuts && measure.takes != Takes::shares) return {};
  auto& numbers = chosen.parameters.numbers;
  std::ranges::sort(numbers);
  if (std::ranges::adjacent_find(numbers) != numbers.end()) {
    return wrong("parameters of " + std::string(measure.name) + " have a number twice: '" + std::string(text) + "'.");
  }
  return {};
}

Result<Chosen> choose(const Measure& measure, const Asked& asked) {
  Chosen chosen{&measure, {}, {}};
  // The first parameters win, and those of measures that take none go unread, as in trec_eval.
  const auto given =
      std::ranges::find_if(asked, [&](const auto& a) { return a.first == measure.name && !a.second.empty(); });
  if (given != asked.end() && measure.takes != Takes::nothing) {
    IG_TRY(read_parameters(chosen, given->second));
  } else {
    chosen.parameters.numbers.assign(measure.defaults.begin(), measure.defaults.end());
  }
  if (measure.name == "utility" && chosen.parameters.numbers.size() != 4) {
    return wrong("utility takes four numbers, as in utility.1,-1,0,0.");
  }
  const std::string name(measure.name);
  char buffer[64];
  if (measure.takes == Takes::cuts || measure.takes == Takes::shares) {
    for (const double value : chosen.parameters.numbers) {
      std::snprintf(buffer, sizeof buffer, measure.takes == Takes::cuts ? "_%.0f" : "_%3.2f", value);
      chosen.names.push_back(name + buffer);
    }
  } else {
    const std::string& printed = chosen.parameters.printed;
    chosen.names.push_back(printed.empty() ? name : name + "_" + printed);
  }
  return chosen;
}

}  // namespace

Result<CommandLine> parse_command_line(std::span<const std::string> words) {
  CommandLine line;
  Asked asked;
  std::vector<std::string> files;
  bool options_end = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (options_end || word.size() < 2 || word[0] != '-') {
      files.push_back(word);
    } else if (word == "--") {
      options_end = true;
    } else if (word[1] == '-') {
      const std::size_t equals = word.find('=');
      const Option* option =
          IG_TRY(long_option(std::string_view(word).substr(2, equals == std::string::npos ? equals : equals - 2)));
      if (option->value && equals == std::string::npos && ++i == words.size())
        return wrong("'" + word + "' needs a value.");
      IG_TRY(apply(line, asked, option->letter,
                   !option->value                ? ""
                   : equals == std::string::npos ? words[i]
                                                 : word.substr(equals + 1)));
    } else {
      for (std::size_t at = 1; at < word.size(); ++at) {
        const auto option = std::ranges::find(kOptions, word[at], &Option::letter);
        if (option == std::end(kOptions))
          return wrong(std::string("trec_eval has no option -") + word[at] + "; see isogloss metric trec -h");
        if (!option->value) {
          IG_TRY(apply(line, asked, option->letter, ""));
          continue;
        }
        const bool here = at + 1 < word.size();
        if (!here && ++i == words.size()) return wrong("'" + word + "' needs a value.");
        IG_TRY(apply(line, asked, option->letter, here ? word.substr(at + 1) : words[i]));
        break;
      }
    }
  }
  if (line.help || line.version) return line;
  if (files.size() != 2) {
    return wrong("trec_eval takes two files, judgments and run: isogloss metric trec [options] QRELS RUN; this has " +
                 std::to_string(files.size()) + ".");
  }
  line.judgments = files[0];
  line.run = files[1];
  if (asked.empty()) asked.emplace_back("official", "");
  for (const Measure* measure : measures()) {
    const bool wanted = std::ranges::any_of(
        asked, [&](const auto& a) { return a.first == measure->name || in_set(measure->name, a.first); });
    if (wanted) line.chosen.push_back(IG_TRY(choose(*measure, asked)));
  }
  return line;
}

std::string help_text() {
  std::string out =
      "isogloss metric trec [options] QRELS RUN      as trec_eval 10.0\n\n"
      "  -q          the values of every query too\n"
      "  -n          no values of all queries\n"
      "  -m NAME     a measure, with parameters behind a dot: P.5,10  ndcg_cut.10  ndcg.1=3,2=9; or a set of\n"
      "              measures: official (the default), all_trec, set, prefs, all_prefs, qrels_jg\n"
      "  -c          mean over all queries of QRELS; a query that RUN has not counts as 0\n"
      "  -l N        relevance from which a document is relevant (1)\n"
      "  -M N        only the first N documents of a query\n"
      "  -J          only documents with a judgment\n"
      "  -N N        documents in the collection (for utility)\n"
      "  -R FORMAT   of QRELS: qrels, qrels_jg, prefs, qrels_prefs\n"
      "  -Z FILE     z scores by means and deviations: query measure mean deviation\n"
      "  -D 0.QUERY  only this query\n\n"
      "QRELS: query iteration document relevance      RUN: query Q0 document rank score tag ('-': standard input)\n\n";
  for (const Measure* measure : measures()) {
    std::string name(measure->name);
    name.resize(std::max<std::size_t>(26, name.size()), ' ');
    out += "  " + name + std::string(measure->summary) + "\n";
  }
  return out;
}

}  // namespace isogloss::evaluation::trec
