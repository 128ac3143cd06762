// SPDX-License-Identifier: Apache-2.0
// The character map that SentencePiece models carry: a double-array trie of byte strings (darts-clone's layout, 32-bit
// units) followed by the zero-terminated texts that replace them. The Hugging Face library asks it about a whole
// grapheme cluster of up to five bytes first and takes what the *shortest* key in front of it gives; then about each
// code point.
#include "core/utf8.hpp"

#include "tokens/normalize/charsmap.hpp"
#include "tokens/normalize/normalizer.hpp"

namespace isogloss::tokens {
namespace {

class PrecompiledNormalizer final : public Normalizer {
 public:
  explicit PrecompiledNormalizer(Charsmap map) : map_(std::move(map)) {
    ascii_ = identity_map();
    for (std::uint8_t c = 0; c < 128; ++c) {
      const char text = static_cast<char>(c);
      const auto by = map_.shortest({&text, 1});
      if (!by) continue;
      ascii_[c] = by->size() == 1 && (by->front() & 0x80) == 0 ? static_cast<std::uint8_t>(by->front()) : kComplex;
    }
    ascii_['\r'] = kComplex;  // one cluster with a line feed behind it
  }

  Status apply(const AlignedText& from, AlignedText& to) const override {
    Rewriter out(from, to);
    const std::string_view text = from.bytes();
    while (out.position() < text.size()) {
      const std::size_t begin = out.position();
      const std::size_t end = begin + cluster_size(text.substr(begin));
      const auto by = end - begin < 6 ? map_.shortest(text.substr(begin, end - begin)) : std::nullopt;
      if (by) {
        put(out, text.substr(begin, end - begin), *by);
        continue;
      }
      while (out.position() < end) {
        const std::string_view one = text.substr(out.position(), sequence_size(text[out.position()]));
        if (const auto single = map_.shortest(one)) {
          put(out, one, *single);
        } else {
          out.keep_to(out.position() + one.size());
        }
      }
    }
    out.finish();
    return {};
  }

  bool local(AsciiMap& map) const override {
    map = ascii_;
    return true;
  }

 private:
  // Characters replace characters one by one; what is left over on one side is added or swallowed at the end.
  static void put(Rewriter& out, std::string_view old, std::string_view by) {
    std::size_t old_left = utf8_count(old);
    std::size_t new_left = utf8_count(by);
    if (by.empty()) out.drop(old_left);
    for (std::size_t at = 0; at < by.size(); at += sequence_size(by[at])) {
      const char32_t c = read_code_point(by.data() + at);
      if (old_left == 0) {
        out.add(c);
      } else {
        --old_left;
        --new_left;
        out.replace(c, new_left == 0 ? old_left : 0);
      }
    }
  }

  Charsmap map_;
  AsciiMap ascii_;
};

}  // namespace

Result<NormalizerPtr> precompiled_normalizer(std::string_view charsmap) {
  return NormalizerPtr(std::make_unique<PrecompiledNormalizer>(IG_TRY(Charsmap::read(charsmap))));
}

}  // namespace isogloss::tokens
