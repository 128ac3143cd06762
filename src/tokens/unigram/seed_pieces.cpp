// SPDX-License-Identifier: Apache-2.0
// Frequent substrings by a sorted list of suffixes (Kudo 2018, section 3.2, takes an enhanced suffix array).
//
// The distinct words stand one behind the other as numbers of characters with 0 behind each; the 0 is a character like
// any other, as in the reference. A substring matters only up to 16 characters and inside a word, so the suffixes are
// sorted by so many characters at most, by three-way radix quicksort (Bentley and Sedgewick 1997), one task per first
// character: of 600,000 English words that takes a quarter of what a full suffix array would, and no further memory.
// Neighbours in that order share a prefix; the intervals over which the shared length does not fall are the inner nodes
// of the suffix tree: substrings that branch. They are read off with a stack (Abouelhoda, Kurtz and Ohlebusch 2004,
// algorithm 4.4).
#include "tokens/unigram/seed_pieces.hpp"

#include <algorithm>
#include <cmath>

#include "core/parallel.hpp"
#include "core/utf8.hpp"
#include "tokens/pipeline/aligned_text.hpp"

namespace isogloss::tokens {
namespace {

// The words as numbers: characters by code point from 1, 0 behind every word.
struct FlatWords {
  std::vector<std::uint32_t> text;       // (characters + words)
  std::vector<char32_t> characters;      // (alphabet) of number i + 1
  std::vector<std::uint64_t> frequency;  // (alphabet) in the corpus
};

FlatWords flatten(const WordCounts& words, std::span<const std::uint32_t> order) {
  FlatWords flat;
  std::vector<std::uint64_t> seen(0x110000, 0);
  for (const std::uint32_t w : order) {
    const std::string_view word = words.word(w);
    for (std::size_t at = 0; at < word.size(); at += sequence_size(word[at])) {
      const char32_t c = read_code_point(word.data() + at);
      seen[c] += words.count(w);
      flat.text.push_back(c);
    }
    flat.text.push_back(0);
  }
  std::vector<std::uint32_t> number(seen.size(), 0);
  for (char32_t c = 1; c < seen.size(); ++c) {
    if (seen[c] == 0) continue;
    flat.characters.push_back(c);
    flat.frequency.push_back(seen[c]);
    number[c] = static_cast<std::uint32_t>(flat.characters.size());
  }
  for (std::uint32_t& c : flat.text) c = number[c];
  return flat;
}

// A substring by a place where it stands.
struct Substring {
  std::uint32_t place;
  std::uint32_t length;
  std::uint64_t score;  // places times length
};

class SuffixList {
 public:
  SuffixList(const FlatWords& flat, std::size_t longest)
      : flat_(flat), depth_(static_cast<std::uint32_t>(longest + 1)) {}

  std::vector<Substring> branching(const Context& context) {
    // By first character; suffixes that begin with a 0 are of no use.
    std::vector<std::size_t> begin(flat_.characters.size() + 2, 0);
    for (const std::uint32_t c : flat_.text) begin[c + (c == 0 ? 0 : 1)] += c == 0 ? 0 : 1;
    for (std::size_t c = 1; c < begin.size(); ++c) begin[c] += begin[c - 1];
    places_.resize(begin.back());
    std::vector<std::size_t> cursor(begin);
    for (std::size_t i = 0; i < flat_.text.size(); ++i) {
      if (flat_.text[i] != 0) places_[cursor[flat_.text[i]]++] = static_cast<std::uint32_t>(i);
    }
    std::vector<std::vector<Substring>> found(begin.size());
    parallel_for(context, begin.size() - 1, 1, [&](std::size_t first, std::size_t last) {
      for (std::size_t c = first; c < last; ++c) {
        sort(begin[c], begin[c + 1], 1);
        scan(begin[c], begin[c + 1], found[c]);
      }
    });
    std::vector<Substring> all;
    for (auto& part : found) all.insert(all.end(), part.begin(), part.end());
    return all;
  }

 private:
  // Sorts places_[first, last), which agree in `depth` characters, none of them 0.
  void sort(std::size_t first, std::size_t last, std::uint32_t depth) {
    while (last - first > 1 && depth < depth_) {
      const auto at = [&](std::size_t i) { return flat_.text[places_[i] + depth]; };
      const std::uint32_t a = at(first), b = at(first + (last - first) / 2), c = at(last - 1);
      const std::uint32_t pivot = std::max(std::min(a, b), std::min(std::max(a, b), c));
      std::size_t less = first, more = last;
      for (std::size_t i = first; i < more;) {
        const std::uint32_t here = at(i);
        if (here < pivot) {
          std::swap(places_[less++], places_[i++]);
        } else if (here > pivot) {
          std::swap(places_[i], places_[--more]);
        } else {
          ++i;
        }
      }
      sort(first, less, depth);
      sort(more, last, depth);
      if (pivot == 0) return;  // whole words are equal in all that matters
      first = less;
      last = more;
      ++depth;
    }
  }

  // Shared characters of two places, the 0 included, counted up to depth_.
  std::uint32_t shared(std::uint32_t a, std::uint32_t b) const {
    std::uint32_t n = 0;
    while (n < depth_ && flat_.text[a + n] == flat_.text[b + n]) {
      if (flat_.text[a + n++] == 0) break;
    }
    return n;
  }

  void scan(std::size_t first, std::size_t last, std::vector<Substring>& out) const {
    struct Open {
      std::uint32_t length;
      std::size_t from;
    };
    std::vector<Open> open;
    for (std::size_t i = first + 1; i <= last; ++i) {
      const std::uint32_t length = i < last ? shared(places_[i - 1], places_[i]) : 0;
      std::size_t from = i - 1;
      while (!open.empty() && open.back().length > length) {
        emit(open.back().length, open.back().from, i, out);
        from = open.back().from;
        open.pop_back();
      }
      if (length > 0 && (open.empty() || open.back().length < length)) open.push_back({length, from});
    }
  }

  void emit(std::uint32_t length, std::size_t from, std::size_t to, std::vector<Substring>& out) const {
    const std::uint32_t place = places_[from];
    if (length < 2 || length >= depth_ || flat_.text[place + length - 1] == 0) return;
    out.push_back({place, length, static_cast<std::uint64_t>(to - from) * length});
  }

  const FlatWords& flat_;
  std::uint32_t depth_;                // characters that are looked at
  std::vector<std::uint32_t> places_;  // (characters) suffixes
};

void to_log_probabilities(ScoredPieces& pieces) {
  double sum = 0;
  for (const auto& [piece, count] : pieces) sum += count;
  for (auto& [piece, count] : pieces) count = std::log(count) - std::log(sum);
}

}  // namespace

ScoredPieces seed_pieces(const WordCounts& words, std::span<const std::uint32_t> order, const UnigramTraining& training,
                         const Context& context) {
  const FlatWords flat = flatten(words, order);
  std::vector<Substring> found = SuffixList(flat, training.max_characters).branching(context);
  const auto text = [&](const Substring& s) { return std::span(flat.text).subspan(s.place, s.length); };
  // By score; of equal ones the later in the order of code points comes first, as in the reference.
  const auto before = [&](const Substring& a, const Substring& b) {
    return a.score != b.score ? a.score > b.score : std::ranges::lexicographical_compare(text(b), text(a));
  };
  std::vector<std::uint32_t> letters(flat.characters.size());
  for (std::uint32_t i = 0; i < letters.size(); ++i) letters[i] = i;
  std::ranges::sort(letters, [&](std::uint32_t a, std::uint32_t b) {
    return flat.frequency[a] != flat.frequency[b] ? flat.frequency[a] > flat.frequency[b] : a > b;
  });
  const std::size_t room = training.seed_size > letters.size() ? training.seed_size - letters.size() : 0;
  const std::size_t taken = std::min(room, found.size());
  std::ranges::partial_sort(found, found.begin() + static_cast<std::ptrdiff_t>(taken), before);
  found.resize(taken);

  ScoredPieces pieces;
  pieces.reserve(letters.size() + taken);
  for (const std::uint32_t i : letters) {
    pieces.emplace_back(std::string(), static_cast<double>(flat.frequency[i]));
    utf8_append(pieces.back().first, flat.characters[i]);
  }
  for (const Substring& s : found) {
    pieces.emplace_back(std::string(), static_cast<double>(s.score));
    for (const std::uint32_t c : text(s)) utf8_append(pieces.back().first, flat.characters[c - 1]);
  }
  to_log_probabilities(pieces);
  return pieces;
}

double digamma(double x) {
  double sum = 0;
  for (; x < 7; x += 1) sum -= 1 / x;
  x -= 0.5;
  const double y = 1 / (x * x);
  return sum + std::log(x) + y * (1.0 / 24 - y * (7.0 / 960 - y * (31.0 / 8064 - y * 127.0 / 30720)));
}

}  // namespace isogloss::tokens
