// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/added_tokens.hpp"

#include <algorithm>
#include <cstring>

#include "core/utf8.hpp"
#include "tokens/normalize/reference_unicode.hpp"
#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {
namespace {

// \w of Rust's regular expressions, as far as single words are concerned.
bool is_word_character(char32_t c) {
  const Category category = reference_category(c);
  return is_reference_letter(c) || (category >= Category::mn && category <= Category::me) || category == Category::nd ||
         category == Category::nl || category == Category::pc;
}

char32_t last_character(std::string_view text) {
  std::size_t at = text.size() - 1;
  while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80) --at;
  return read_code_point(text.data() + at);
}

}  // namespace

TokenFinder::TokenFinder(std::vector<Entry> entries) : entries_(std::move(entries)) {
  std::vector<std::pair<std::string_view, std::uint32_t>> keys;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].text.empty()) continue;
    keys.emplace_back(entries_[i].text, i);
    begins_[static_cast<unsigned char>(entries_[i].text[0])] = true;
  }
  trie_ = DoubleArray(std::move(keys));
  one_first_ = std::count(std::begin(begins_), std::end(begins_), true) == 1;
  only_first_ = static_cast<unsigned char>(std::find(std::begin(begins_), std::end(begins_), true) - std::begin(begins_));
}

bool TokenFinder::accepts(std::string_view text, const Found& found) const {
  if (!found.token->single_word) return true;
  const bool free_before = found.begin == 0 || !is_word_character(last_character(text.substr(0, found.begin)));
  const bool free_behind = found.end == text.size() || !is_word_character(read_code_point(text.data() + found.end));
  return free_before && free_behind;
}

void TokenFinder::find(std::string_view text, std::vector<Found>& out) const {
  out.clear();
  if (trie_.empty()) return;
  std::size_t settled = 0;  // end of the last token
  for (std::size_t at = 0; at < text.size();) {
    if (one_first_) {
      const void* const next = std::memchr(text.data() + at, only_first_, text.size() - at);
      if (next == nullptr) return;
      at = static_cast<std::size_t>(static_cast<const char*>(next) - text.data());
    } else if (!begins_[static_cast<unsigned char>(text[at])]) {
      ++at;
      continue;
    }
    DoubleArray::Cursor cursor(trie_);
    Found found{at, at, nullptr};
    for (std::size_t end = at; end < text.size() && cursor.step(text[end]);) {
      ++end;
      if (cursor.has_value()) found = {at, end, &entries_[cursor.value()].token};
    }
    if (found.token == nullptr) {
      ++at;
      continue;
    }
    at = found.end;  // matches do not overlap, accepted or not
    if (!accepts(text, found)) continue;
    while (found.token->left_strip && found.begin > settled && is_reference_space(last_character(text.substr(0, found.begin)))) {
      do {
        --found.begin;
      } while ((static_cast<unsigned char>(text[found.begin]) & 0xC0) == 0x80);
    }
    while (found.token->right_strip && found.end < text.size() && is_reference_space(read_code_point(text.data() + found.end))) {
      found.end += sequence_size(text[found.end]);
    }
    settled = found.end;
    out.push_back(found);
  }
}

}  // namespace isogloss::tokens
