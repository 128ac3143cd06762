// SPDX-License-Identifier: Apache-2.0
#include "tokens/pipeline/decoder.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "core/utf8.hpp"
#include "tokens/pipeline/aligned_text.hpp"
#include "tokens/pipeline/byte_alphabet.hpp"
#include "tokens/pipeline/regex.hpp"

namespace isogloss::tokens {
namespace {

void replace_all(std::string& text, std::string_view literal, std::string_view by) {
  if (literal.empty()) return;
  for (std::size_t at = text.find(literal); at != std::string::npos; at = text.find(literal, at + by.size())) {
    text.replace(at, literal.size(), by);
  }
}

// How many bytes a decoder may make of pieces of `bytes` bytes; rules of a hostile file make as many as they like.
std::size_t decoded_limit(std::size_t bytes) { return AlignedText::kMaxGrowth * bytes + AlignedText::kFreeGrowth; }
std::unexpected<Error> too_much() {
  return fail(Code::too_long, "the decoder makes more than " + std::to_string(AlignedText::kMaxGrowth) +
                                  " times as many bytes as the pieces have; no tokenizer needs that.");
}
std::size_t bytes_of(const std::vector<std::string>& pieces) {
  std::size_t bytes = 0;
  for (const std::string& piece : pieces) bytes += piece.size();
  return bytes;
}

class ByteLevelDecoder final : public Decoder {
 public:
  Status apply(std::vector<std::string>& pieces) const override {
    std::string bytes;
    for (const std::string& piece : pieces) {
      const auto read = bytes_from_alphabet(piece);
      bytes += read ? *read : piece;
    }
    pieces.assign(1, utf8_repair(bytes));
    return {};
  }
};

class WordPieceDecoder final : public Decoder {
 public:
  WordPieceDecoder(std::string prefix, bool cleanup) : prefix_(std::move(prefix)), cleanup_(cleanup) {}
  Status apply(std::vector<std::string>& pieces) const override {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i > 0 && pieces[i].starts_with(prefix_)) {
        pieces[i].erase(0, prefix_.size());
      } else if (i > 0) {
        pieces[i].insert(0, 1, ' ');
      }
      if (cleanup_) pieces[i] = clean_up_spaces(pieces[i]);
    }
    return {};
  }

 private:
  std::string prefix_;
  bool cleanup_;
};

class MetaspaceDecoder final : public Decoder {
 public:
  MetaspaceDecoder(char32_t replacement, PrefixScheme scheme) : scheme_(scheme) { utf8_append(mark_, replacement); }
  Status apply(std::vector<std::string>& pieces) const override {
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      replace_all(pieces[i], mark_, i == 0 && scheme_ != PrefixScheme::never ? "" : " ");
    }
    return {};
  }

 private:
  std::string mark_;
  PrefixScheme scheme_;
};

class BpeDecoder final : public Decoder {
 public:
  explicit BpeDecoder(std::string suffix) : suffix_(std::move(suffix)) {}
  Status apply(std::vector<std::string>& pieces) const override {
    for (std::size_t i = 0; i < pieces.size(); ++i) replace_all(pieces[i], suffix_, i + 1 == pieces.size() ? "" : " ");
    return {};
  }

 private:
  std::string suffix_;
};

// The byte of a piece "<0x2F>".
std::optional<char> byte_of(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return std::nullopt;
  int value = 0;
  for (const char c : piece.substr(3, 2)) {
    const int digit = c >= '0' && c <= '9'   ? c - '0'
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                             : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + digit;
  }
  return static_cast<char>(value);
}

class ByteFallbackDecoder final : public Decoder {
 public:
  Status apply(std::vector<std::string>& pieces) const override {
    std::vector<std::string> out;
    std::string bytes;
    const auto flush = [&] {
      if (bytes.empty()) return;
      if (utf8_valid(bytes)) {
        out.push_back(bytes);
      } else {
        out.insert(out.end(), bytes.size(), "\xEF\xBF\xBD");
      }
      bytes.clear();
    };
    for (std::string& piece : pieces) {
      if (const auto byte = byte_of(piece)) {
        bytes.push_back(*byte);
        continue;
      }
      flush();
      out.push_back(std::move(piece));
    }
    flush();
    pieces = std::move(out);
    return {};
  }
};

class FuseDecoder final : public Decoder {
 public:
  Status apply(std::vector<std::string>& pieces) const override {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    pieces.assign(1, std::move(all));
    return {};
  }
};

class StripDecoder final : public Decoder {
 public:
  StripDecoder(char32_t content, std::size_t start, std::size_t stop) : start_(start), stop_(stop) {
    utf8_append(content_, content);
  }
  Status apply(std::vector<std::string>& pieces) const override {
    for (std::string& piece : pieces) {
      std::string_view rest = piece;
      for (std::size_t i = 0; i < start_ && rest.starts_with(content_); ++i) rest.remove_prefix(content_.size());
      for (std::size_t i = 0; i < stop_ && rest.ends_with(content_); ++i) rest.remove_suffix(content_.size());
      piece = std::string(rest);
    }
    return {};
  }

 private:
  std::string content_;
  std::size_t start_;
  std::size_t stop_;
};

class CtcDecoder final : public Decoder {
 public:
  CtcDecoder(std::string pad, std::string delimiter, bool cleanup)
      : pad_(std::move(pad)), delimiter_(std::move(delimiter)), cleanup_(cleanup) {}
  Status apply(std::vector<std::string>& pieces) const override {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i > 0 && pieces[i] == pieces[i - 1]) continue;
      std::string piece = pieces[i];
      replace_all(piece, pad_, "");
      if (cleanup_) {
        piece = clean_up_spaces(piece);
        replace_all(piece, delimiter_, " ");
      }
      if (!piece.empty()) out.push_back(std::move(piece));
    }
    pieces = std::move(out);
    return {};
  }

 private:
  std::string pad_;
  std::string delimiter_;
  bool cleanup_;
};

class ReplaceDecoder final : public Decoder {
 public:
  ReplaceDecoder(std::string literal, std::string by) : literal_(std::move(literal)), by_(std::move(by)) {}
  Status apply(std::vector<std::string>& pieces) const override {
    if (literal_.empty()) return {};
    const std::size_t limit = decoded_limit(bytes_of(pieces));
    for (std::string& piece : pieces) {
      std::string out;
      std::size_t last = 0;
      for (std::size_t at = piece.find(literal_); at != std::string::npos; at = piece.find(literal_, last)) {
        out.append(piece, last, at - last).append(by_);
        last = at + literal_.size();
        if (out.size() > limit) return too_much();
      }
      if (last > 0) piece = out.append(piece, last);
    }
    return {};
  }

 private:
  std::string literal_;
  std::string by_;
};

class ReplaceRegexDecoder final : public Decoder {
 public:
  ReplaceRegexDecoder(std::shared_ptr<const Regex> regex, std::string by)
      : regex_(std::move(regex)), by_(std::move(by)) {}
  Status apply(std::vector<std::string>& pieces) const override {
    const std::size_t limit = decoded_limit(bytes_of(pieces));
    for (std::string& piece : pieces) {
      std::string out;
      std::size_t last = 0;
      const auto found = [&](std::size_t begin, std::size_t end) {
        if (out.size() > limit) return;
        out.append(piece, last, begin - last).append(by_);
        last = end;
      };
      IG_TRY(regex_->each_match(piece, found, [](std::size_t at) { return at; }));
      if (out.size() > limit) return too_much();
      piece = out.append(piece, last);
    }
    return {};
  }

 private:
  std::shared_ptr<const Regex> regex_;
  std::string by_;
};

class DecoderSequence final : public Decoder {
 public:
  explicit DecoderSequence(std::vector<DecoderPtr> decoders) : decoders_(std::move(decoders)) {}
  Status apply(std::vector<std::string>& pieces) const override {
    const std::size_t limit = decoded_limit(bytes_of(pieces));
    for (const DecoderPtr& decoder : decoders_) {
      IG_TRY(decoder->apply(pieces));
      if (bytes_of(pieces) > limit) return too_much();
    }
    return {};
  }

 private:
  std::vector<DecoderPtr> decoders_;
};

class SentencePieceDecoder final : public Decoder {
 public:
  explicit SentencePieceDecoder(SentencePieceDecoding rules) : rules_(std::move(rules)) {}
  Status apply(std::vector<std::string>& pieces) const override {
    std::string out;
    std::string bytes;  // of a run of byte pieces
    bool at_start = rules_.strip_marks;
    const auto flush = [&] {
      out += utf8_repair(bytes);
      bytes.clear();
    };
    for (const std::string& piece : pieces) {
      if (const auto byte = byte_of(piece)) {
        bytes.push_back(*byte);
        at_start = false;
        continue;
      }
      flush();
      if (std::ranges::find(rules_.silent, piece) != rules_.silent.end()) continue;
      std::string text = piece == rules_.unknown ? rules_.unknown_surface : piece;
      const bool marked = at_start && piece != rules_.unknown && text.starts_with(kMark);
      if (marked) text.erase(0, kMark.size());
      replace_all(text, kMark, " ");
      out += text;
      // The next piece is still at the start when this one left nothing and all marks are to go.
      at_start = at_start && text.empty() && (!marked || rules_.strip_all_marks);
    }
    flush();
    pieces.assign(1, std::move(out));
    return {};
  }

 private:
  static constexpr std::string_view kMark = "\xE2\x96\x81";
  SentencePieceDecoding rules_;
};

}  // namespace

std::string clean_up_spaces(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 11> kRules{{
      {" .", "."},
      {" ?", "?"},
      {" !", "!"},
      {" ,", ","},
      {" ' ", "'"},
      {" n't", "n't"},
      {" 'm", "'m"},
      {" do not", " don't"},
      {" 's", "'s"},
      {" 've", "'ve"},
      {" 're", "'re"},
  }};
  std::string out(text);
  for (const auto& [from, to] : kRules) replace_all(out, from, to);
  return out;
}

DecoderPtr byte_level_decoder() { return std::make_unique<ByteLevelDecoder>(); }
DecoderPtr wordpiece_decoder(std::string prefix, bool cleanup) {
  return std::make_unique<WordPieceDecoder>(std::move(prefix), cleanup);
}
DecoderPtr metaspace_decoder(char32_t replacement, PrefixScheme scheme) {
  return std::make_unique<MetaspaceDecoder>(replacement, scheme);
}
DecoderPtr bpe_decoder(std::string suffix) { return std::make_unique<BpeDecoder>(std::move(suffix)); }
DecoderPtr byte_fallback_decoder() { return std::make_unique<ByteFallbackDecoder>(); }
DecoderPtr fuse_decoder() { return std::make_unique<FuseDecoder>(); }
DecoderPtr strip_decoder(char32_t content, std::size_t start, std::size_t stop) {
  return std::make_unique<StripDecoder>(content, start, stop);
}
DecoderPtr ctc_decoder(std::string pad, std::string word_delimiter, bool cleanup) {
  return std::make_unique<CtcDecoder>(std::move(pad), std::move(word_delimiter), cleanup);
}
DecoderPtr replace_decoder(std::string literal, std::string by) {
  return std::make_unique<ReplaceDecoder>(std::move(literal), std::move(by));
}
Result<DecoderPtr> replace_regex_decoder(std::string_view pattern, std::string by, std::string_view owner) {
  return DecoderPtr(std::make_unique<ReplaceRegexDecoder>(IG_TRY(Regex::compile(pattern, owner)), std::move(by)));
}
DecoderPtr decoder_sequence(std::vector<DecoderPtr> decoders) {
  return std::make_unique<DecoderSequence>(std::move(decoders));
}
DecoderPtr sentencepiece_decoder(SentencePieceDecoding rules) {
  return std::make_unique<SentencePieceDecoder>(std::move(rules));
}

}  // namespace isogloss::tokens
