// SPDX-License-Identifier: Apache-2.0
// Prompts that model cards ask for and folders leave out. Sources: the cards of the models named.
#include <algorithm>
#include <array>
#include <cctype>

#include "model/transformer/sentence_modules.hpp"

namespace isogloss::model {
namespace {

struct Row {
  std::string_view in_name;  // lower case
  std::string_view query;
  std::string_view document;
};

constexpr std::array kRows = {
    Row{"e5-small", "query: ", "passage: "},
    Row{"e5-base", "query: ", "passage: "},
    Row{"e5-large", "query: ", "passage: "},
    Row{"bge-small-en", "Represent this sentence for searching relevant passages: ", ""},
    Row{"bge-base-en", "Represent this sentence for searching relevant passages: ", ""},
    Row{"bge-large-en", "Represent this sentence for searching relevant passages: ", ""},
    Row{"arctic-embed", "Represent this sentence for searching relevant passages: ", ""},
    Row{"mxbai-embed-large", "Represent this sentence for searching relevant passages: ", ""},
    Row{"nomic-embed-text", "search_query: ", "search_document: "},
};

}  // namespace

std::map<std::string, std::string> known_prompts(std::string_view model_name) {
  std::string name(model_name);
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::map<std::string, std::string> prompts;
  for (const Row& row : kRows) {
    if (name.find(row.in_name) == std::string::npos || name.find("instruct") != std::string::npos) continue;
    prompts["query"] = row.query;
    if (!row.document.empty()) prompts["document"] = row.document;
    return prompts;
  }
  return prompts;
}

}  // namespace isogloss::model
