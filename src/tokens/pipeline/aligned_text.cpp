// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/aligned_text.hpp"

#include "core/utf8.hpp"

namespace isogloss::tokens {

void AlignedText::view(std::string_view bytes, std::uint32_t shift) {
  bytes_ = bytes;
  origins_ = nullptr;
  shift_ = shift;
  overflowed_ = false;
  limit_ = kMaxGrowth * bytes.size() + kFreeGrowth;
}

void AlignedText::repair(std::string_view bytes) {
  own_bytes_.clear();
  own_origins_.clear();
  const char* const end = bytes.data() + bytes.size();
  for (const char* p = bytes.data(); p < end;) {
    const Decoded d = utf8_decode(p, end);
    const auto at = static_cast<std::uint32_t>(p - bytes.data());
    const std::size_t before = own_bytes_.size();
    utf8_append(own_bytes_, d.code_point);
    own_origins_.insert(own_origins_.end(), own_bytes_.size() - before, PieceSpan{at, at + d.size});
    p += d.size;
  }
  bytes_ = own_bytes_;
  origins_ = own_origins_.data();
  shift_ = 0;
  overflowed_ = false;
  limit_ = kMaxGrowth * bytes.size() + kFreeGrowth;
}

void AlignedText::view(const AlignedText& from, std::size_t begin, std::size_t end) {
  bytes_ = from.bytes_.substr(begin, end - begin);
  overflowed_ = false;
  limit_ = from.limit_;
  origins_ = from.identity() ? nullptr : from.origins_ + begin;
  shift_ = from.identity() ? from.shift_ + static_cast<std::uint32_t>(begin)
                           : (begin < end ? from.origins_[begin].begin : from.shift_);
}

Rewriter::Rewriter(const AlignedText& from, AlignedText& to) : from_(from), to_(to) {
  to_.own_bytes_.clear();
  to_.own_origins_.clear();
  to_.shift_ = from.shift_;
  to_.overflowed_ = false;
  to_.limit_ = from.limit_;
  if (!from_.identity()) spread_ = true;
}

void Rewriter::spread() {
  if (spread_) return;
  spread_ = true;
  add_origins(0, to_.own_bytes_.size());
}

void Rewriter::add_origins(std::size_t begin, std::size_t end) {
  std::vector<PieceSpan>& origins = to_.own_origins_;
  if (!from_.identity()) {
    origins.insert(origins.end(), from_.origins_ + begin, from_.origins_ + end);
    return;
  }
  const std::size_t before = origins.size();
  origins.resize(before + (end - begin));
  PieceSpan* out = origins.data() + before;
  for (std::size_t i = begin; i < end;) {
    const std::size_t size = sequence_size(from_.bytes_[i]);
    const auto at = from_.shift_ + static_cast<std::uint32_t>(i);
    for (std::size_t k = 0; k < size && i < end; ++k, ++i) *out++ = {at, at + static_cast<std::uint32_t>(size)};
  }
}

void Rewriter::keep_to(std::size_t end) {
  if (!spread_ && !aligned()) spread();
  if (spread_) add_origins(at_, end);
  to_.own_bytes_.append(from_.bytes_.substr(at_, end - at_));
  at_ = end;
}

void Rewriter::map_ascii_to(std::size_t end, const std::uint8_t* map) {
  const std::size_t begin = to_.own_bytes_.size();
  keep_to(end);
  char* const out = to_.own_bytes_.data();
  for (std::size_t i = begin; i < to_.own_bytes_.size(); ++i) {
    out[i] = static_cast<char>(map[static_cast<unsigned char>(out[i])]);
  }
}

void Rewriter::replace(char32_t c, std::size_t swallowed) {
  const std::size_t size = sequence_size(from_.bytes_[at_]);
  char bytes[4];
  const std::size_t written = utf8_encode(c, bytes);
  if (written != size || swallowed != 0 || !aligned()) spread();
  if (spread_) to_.own_origins_.insert(to_.own_origins_.end(), written, from_.origin(at_, at_ + 1));
  to_.own_bytes_.append(bytes, written);
  at_ += size;
  drop(swallowed);
}

void Rewriter::add(char32_t c) {
  char bytes[4];
  add(std::string_view(bytes, utf8_encode(c, bytes)));
}

void Rewriter::add(std::string_view text) {
  add(text, at_ == 0 ? PieceSpan{from_.shift_, from_.shift_} : from_.origin(at_ - 1, at_));
}

void Rewriter::add(std::string_view text, PieceSpan origin) {
  if (is_full()) return;
  spread();
  for (std::size_t i = 0; i < text.size(); ++i) to_.own_origins_.push_back(origin);
  to_.own_bytes_.append(text);
}

void Rewriter::drop(std::size_t characters) {
  for (; characters > 0 && at_ < from_.size(); --characters) at_ += sequence_size(from_.bytes_[at_]);
}

void Rewriter::append(const AlignedText& part, std::size_t end) {
  if (is_full()) {
    at_ = end;
    return;
  }
  const bool in_place = part.identity() && part.size() == end - at_ && aligned();
  if (!in_place) spread();
  if (spread_) {
    if (part.identity()) {
      for (std::size_t i = 0; i < part.size(); ++i) to_.own_origins_.push_back(part.origin(i, i + 1));
    } else {
      to_.own_origins_.insert(to_.own_origins_.end(), part.origins_, part.origins_ + part.size());
    }
  }
  to_.own_bytes_.append(part.bytes_);
  at_ = end;
}

void Rewriter::finish() {
  to_.bytes_ = to_.own_bytes_;
  to_.origins_ = spread_ ? to_.own_origins_.data() : nullptr;
}

}  // namespace isogloss::tokens
