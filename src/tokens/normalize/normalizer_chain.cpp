// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "tokens/normalize/normalizer.hpp"

namespace isogloss::tokens {

AsciiMap identity_map() {
  AsciiMap map;
  for (std::size_t i = 0; i < map.size(); ++i) map[i] = static_cast<std::uint8_t>(i);
  return map;
}

NormalizerChain::NormalizerChain(std::vector<NormalizerPtr> rules, std::string owner) : owner_(std::move(owner)) {
  for (NormalizerPtr& rule : rules) {
    AsciiMap map;
    const bool local = rule->local(map);
    if (!local || groups_.empty() || !groups_.back().local) {
      groups_.emplace_back();
      groups_.back().local = local;
      groups_.back().map = identity_map();
    }
    Group& group = groups_.back();
    group.rules.push_back(std::move(rule));
    if (!local) continue;
    for (std::uint8_t& c : group.map) c = c == kComplex ? kComplex : map[c];
    group.changes_ascii = group.map != identity_map();
  }
}

namespace {

bool is_ascii_byte(char c) { return static_cast<unsigned char>(c) < 0x80; }

// Whether a rule must see this byte.
bool must_see(const AsciiMap& map, char c) {
  return !is_ascii_byte(c) || map[static_cast<unsigned char>(c)] == kComplex;
}

}  // namespace

bool NormalizerChain::merely_mapped(const Group& group, std::string_view text) {
  std::uint8_t complex = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    complex |= static_cast<std::uint8_t>(byte | (group.map[byte & 0x7F] & 0x80));
  }
  return (complex & 0x80) == 0;
}

// Text between must-see bytes is mapped; a must-see run is widened by one character on both sides, because a mark after
// it or a prepended sign before it can join with an ASCII character.
Status NormalizerChain::apply_local(const Group& group, const AlignedText& from, AlignedText& to,
                                    AlignedText (&parts)[2]) const {
  const std::string_view text = from.bytes();
  Rewriter out(from, to);
  std::size_t at = 0;
  while (at < text.size()) {
    std::size_t begin = at;
    while (begin < text.size() && !must_see(group.map, text[begin])) ++begin;
    if (begin == text.size()) {
      out.map_ascii_to(begin, group.map.data());
      break;
    }
    std::size_t end = begin;
    // Two mapped characters in a row end the run; the first of them still belongs to it.
    while (end < text.size() &&
           (must_see(group.map, text[end]) || (end + 1 < text.size() && must_see(group.map, text[end + 1])))) {
      ++end;
    }
    if (end < text.size()) ++end;
    if (begin > at) --begin;
    out.map_ascii_to(begin, group.map.data());
    parts[0].view(from, begin, end);
    std::size_t now = 0;
    for (const NormalizerPtr& rule : group.rules) {
      IG_TRY(rule->apply(parts[now], parts[1 - now]));
      if (parts[1 - now].overflowed()) return too_much();
      now = 1 - now;
    }
    out.append(parts[now], end);
    at = end;
  }
  out.finish();
  return {};
}

std::unexpected<Error> NormalizerChain::too_much() const {
  return fail(Code::too_long, "the normaliser" + (owner_.empty() ? "" : " (" + owner_ + ")") + " makes more than " +
                                  std::to_string(AlignedText::kMaxGrowth) +
                                  " times as many bytes as the text has; no tokenizer needs that.");
}

Result<const AlignedText*> NormalizerChain::apply(const AlignedText& from, NormalizeScratch& scratch) const {
  const AlignedText* now = &from;
  std::size_t next = 0;
  for (const Group& group : groups_) {
    AlignedText& to = scratch.whole[next];
    if (!group.local) {
      IG_TRY(group.rules.front()->apply(*now, to));
    } else if (merely_mapped(group, now->bytes())) {
      if (!group.changes_ascii) continue;
      Rewriter out(*now, to);
      out.map_ascii_to(now->size(), group.map.data());
      out.finish();
    } else {
      IG_TRY(apply_local(group, *now, to, scratch.part));
    }
    if (to.overflowed()) return too_much();
    now = &to;
    next = 1 - next;
  }
  return now;
}

Result<std::string> NormalizerChain::apply(std::string_view text) const {
  NormalizeScratch scratch;
  AlignedText whole;
  whole.view(text, 0);
  return std::string(IG_TRY(apply(whole, scratch))->bytes());
}

}  // namespace isogloss::tokens
