// SPDX-License-Identifier: Apache-2.0
// trec_eval's own words: options as getopt_long takes them, then two files.
#pragma once

#include <memory>

#include "evaluate/metrics/trec/trec.hpp"

namespace isogloss::evaluation::trec {

// A measure that was asked for, with its parameters and the names of its values.
struct Chosen {
  const Measure* measure = nullptr;
  Parameters parameters;
  std::vector<std::string> names;
};

struct CommandLine {
  Settings settings;
  std::vector<Chosen> chosen;  // in the order of measures()
  Format format = Format::judgments;
  std::string judgments, run, zscores;  // files; run "-" = standard input
  std::string only_query;               // of -D LEVEL.QUERY; nothing else of -D is done
  bool queries = false, summary = true, help = false, version = false;
};

// Error{invalid_argument} names the word.
Result<CommandLine> parse_command_line(std::span<const std::string> words);

std::string help_text();

}  // namespace isogloss::evaluation::trec
