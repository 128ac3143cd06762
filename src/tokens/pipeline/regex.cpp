// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "tokens/pipeline/regex.hpp"

#include <pcre2.h>

#include <array>
#include <string>

#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {

struct Regex::Compiled {
  pcre2_code* code = nullptr;
  pcre2_match_context* limits = nullptr;
  ~Compiled() {
    pcre2_match_context_free(limits);
    pcre2_code_free(code);
  }
};

Regex::Regex(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Regex::~Regex() = default;

Result<std::shared_ptr<const Regex>> Regex::compile(std::string_view pattern) {
  constexpr std::size_t kMaxPattern = 64 * 1024;
  if (pattern.size() > kMaxPattern) {
    return fail(Code::invalid_argument, "the regular expression has " + std::to_string(pattern.size()) +
                                            " bytes; at most " + std::to_string(kMaxPattern) + " are allowed.");
  }
  int error = 0;
  PCRE2_SIZE place = 0;
  auto compiled = std::make_unique<Compiled>();
  compiled->code = pcre2_compile(static_cast<PCRE2_SPTR>(static_cast<const void*>(pattern.data())), pattern.size(),
                                 PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &place, nullptr);
  if (compiled->code == nullptr) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    const auto* words = static_cast<const char*>(static_cast<const void*>(message.data()));
    return fail(Code::invalid_argument, "'" + std::string(pattern) + "' is no regular expression: " + words +
                                            " at character " + std::to_string(place) + ".");
  }
  compiled->limits = pcre2_match_context_create(nullptr);
  if (compiled->limits == nullptr) return fail(Code::out_of_memory, "Not enough memory for a regular expression.");
  pcre2_set_match_limit(compiled->limits, 10'000'000);
  pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);  // without it matching is slower, not different
  return std::shared_ptr<const Regex>(new Regex(std::move(compiled)));
}

Regex::Match::Match(const Regex& owner)
    : regex(owner), data(pcre2_match_data_create_from_pattern(owner.compiled_->code, nullptr)) {}
Regex::Match::~Match() { pcre2_match_data_free(static_cast<pcre2_match_data*>(data)); }

bool Regex::Match::next(std::string_view text) {
  auto* const match = static_cast<pcre2_match_data*>(data);
  if (match == nullptr) return false;
  const PCRE2_SIZE* const places = pcre2_get_ovector_pointer(match);
  std::size_t at = end;
  if (started && begin == end) {  // behind an empty match: the next character
    if (at >= text.size()) return false;
    at += sequence_size(text[at]);
  }
  started = true;
  if (at > text.size()) return false;
  const int found = pcre2_match(regex.compiled_->code, static_cast<PCRE2_SPTR>(static_cast<const void*>(text.data())),
                                text.size(), at, PCRE2_NO_UTF_CHECK, match, regex.compiled_->limits);
  if (found < 0) return false;
  begin = places[0];
  end = places[1];
  return true;
}

}  // namespace isogloss::tokens
