// SPDX-License-Identifier: Apache-2.0
#define PCRE2_CODE_UNIT_WIDTH 8
#include "tokens/pipeline/regex.hpp"

#include <pcre2.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/text.hpp"
#include "tokens/pipeline/aligned_text.hpp"
#include "tokens/pipeline/regex_syntax.hpp"

namespace isogloss::tokens {

namespace {

constexpr std::size_t kShown = 200;  // bytes of an expression in a message

}  // namespace

struct Regex::Compiled {
  pcre2_code* code = nullptr;
  pcre2_match_context* limits = nullptr;
  std::string pattern;
  std::string owner;
  ~Compiled() {
    pcre2_match_context_free(limits);
    pcre2_code_free(code);
  }
};

Regex::Regex(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
Regex::~Regex() = default;

Result<std::shared_ptr<const Regex>> Regex::compile(std::string_view pattern, std::string_view owner) {
  constexpr std::size_t kMaxPattern = 64 * 1024;
  if (pattern.size() > kMaxPattern) {
    return fail(Code::invalid_argument, "the regular expression has " + std::to_string(pattern.size()) +
                                            " bytes; at most " + std::to_string(kMaxPattern) + " are allowed.");
  }
  auto translated = pcre_syntax(pattern);
  if (!translated) {
    return fail(translated.error().code,
                "'" + shortened(pattern, kShown) + "' cannot be used: " + translated.error().message);
  }
  int error = 0;
  PCRE2_SIZE place = 0;
  auto compiled = std::make_unique<Compiled>();
  compiled->pattern = pattern;
  compiled->owner = owner;
  compiled->code =
      pcre2_compile(static_cast<PCRE2_SPTR>(static_cast<const void*>(translated->data())), translated->size(),
                    PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &place, nullptr);
  if (compiled->code == nullptr) {
    std::array<PCRE2_UCHAR, 256> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    const auto* words = static_cast<const char*>(static_cast<const void*>(message.data()));
    return fail(Code::invalid_argument,
                "'" + shortened(pattern, kShown) + "' is no regular expression: " + words + " before '" +
                    shortened(translated->substr(std::min(place, translated->size())), 20) + "'.");
  }
  compiled->limits = pcre2_match_context_create(nullptr);
  if (compiled->limits == nullptr) return fail(Code::out_of_memory, "Not enough memory for a regular expression.");
  pcre2_set_match_limit(compiled->limits, kMaxSteps);
  pcre2_set_heap_limit(compiled->limits, kMaxMemory);
  pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE);  // without it matching is slower, not different
  return std::shared_ptr<const Regex>(new Regex(std::move(compiled)));
}

std::unexpected<Error> Regex::gave_up(std::size_t at, int code) const {
  const bool memory = code == PCRE2_ERROR_HEAPLIMIT || code == PCRE2_ERROR_NOMEMORY;
  const std::string limit =
      memory ? std::to_string(kMaxMemory / 1024) + " MiB of memory" : std::to_string(kMaxSteps) + " steps";
  return fail(Code::unsupported,
              "the regular expression '" + shortened(compiled_->pattern, kShown) + "' (" + compiled_->owner +
                  ") takes more than " + limit + " at byte " + std::to_string(at) +
                  " of the text. Cut the text into parts, or use a tokenizer file with a simpler expression.");
}

Regex::Match::Match(const Regex& owner)
    : regex(owner), data(pcre2_match_data_create_from_pattern(owner.compiled_->code, nullptr)) {}
Regex::Match::~Match() { pcre2_match_data_free(static_cast<pcre2_match_data*>(data)); }

Regex::Outcome Regex::Match::next(std::string_view text) {
  auto* const match = static_cast<pcre2_match_data*>(data);
  if (match == nullptr) {
    code = PCRE2_ERROR_NOMEMORY;
    return Outcome::gave_up;
  }
  const PCRE2_SIZE* const places = pcre2_get_ovector_pointer(match);
  std::size_t at = end;
  if (started && begin == end) {  // behind an empty match: the next character
    if (at >= text.size()) return Outcome::end;
    at += sequence_size(text[at]);
  }
  started = true;
  if (at > text.size()) return Outcome::end;
  const auto search = [&](std::uint32_t options) {
    return pcre2_match(regex.compiled_->code, static_cast<PCRE2_SPTR>(static_cast<const void*>(text.data())),
                       text.size(), at, PCRE2_NO_UTF_CHECK | options, match, regex.compiled_->limits);
  };
  code = search(0);
  // Compiled code has 32 KiB to remember where it may go back to; the interpreter takes memory as it needs it.
  if (code == PCRE2_ERROR_JIT_STACKLIMIT) code = search(PCRE2_NO_JIT);
  if (code == PCRE2_ERROR_NOMATCH) return Outcome::end;
  if (code < 0) {
    end = at;
    return Outcome::gave_up;
  }
  begin = places[0];
  end = places[1];
  return Outcome::match;
}

}  // namespace isogloss::tokens
