// SPDX-License-Identifier: Apache-2.0
// uchardet names a charset but tells no confidence, so what comes out is judged instead: text in the right charset has
// its letters beside letters of the same alphabet, in the wrong one a mixture of alphabets, signs and boxes.
#include "input/foreign/charset_guess.hpp"

#include <iconv.h>
#include <uchardet/uchardet.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr std::size_t kProbe = 4'000'000;  // bytes that the guess is made of

std::string guessed(std::string_view content) {
  uchardet_t detector = uchardet_new();
  uchardet_handle_data(detector, content.data(), std::min(content.size(), kProbe));
  uchardet_data_end(detector);
  std::string name = uchardet_get_charset(detector);
  uchardet_delete(detector);
  return name.empty() || name == "ASCII" ? "WINDOWS-1252" : name;
}

// Blocks of Unicode stand for scripts: those of one alphabet lie together.
int script_of(char32_t c) {
  if (c < 0x250 || (c >= 0x1E00 && c < 0x1F00)) return 1;  // Latin
  if (c < 0x400) return 2;                                 // Greek
  if (c < 0x530) return 3;                                 // Cyrillic
  if (c >= 0x3040 && c < 0xA000) return 4;                 // kana and Han stand together in Japanese
  if (c >= 0xAC00 && c < 0xD7B0) return 5;                 // Hangul
  return 100 + static_cast<int>(c >> 8);
}

double plausibility(std::string_view text) {
  const std::u32string points = utf8_to_code_points(text.substr(0, std::min<std::size_t>(text.size(), 1'000'000)));
  std::size_t foreign = 0, good = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const char32_t c = points[i];
    if (c < 0x80) continue;
    ++foreign;
    const Category category = code_point_info(c).category;
    const bool punctuation = category >= Category::pc && category <= Category::po && c != kReplacement;
    const auto joins = [&](std::size_t j) {
      return j < points.size() && is_letter(points[j]) && script_of(points[j]) == script_of(c);
    };
    // An upper-case letter behind a lower-case one is what half of the wrong charsets give.
    const bool inverted = i > 0 && is_upper(c) && is_lower(points[i - 1]);
    if (punctuation || is_mark(c) || is_space(c) || (is_letter(c) && !inverted && (joins(i - 1) || joins(i + 1))))
      ++good;
  }
  return foreign == 0 ? 1 : static_cast<double>(good) / static_cast<double>(foreign);
}

}  // namespace

std::optional<std::string> convert(std::string_view content, const std::string& charset) {
  const iconv_t converter = ::iconv_open("UTF-8", charset.c_str());
  if (converter == reinterpret_cast<iconv_t>(std::intptr_t{-1})) return std::nullopt;
  std::string out;
  char* from = const_cast<char*>(content.data());  // iconv reads only
  std::size_t left = content.size();
  char buffer[65536];
  while (left > 0) {
    char* to = buffer;
    std::size_t room = sizeof buffer;
    const std::size_t done = ::iconv(converter, &from, &left, &to, &room);
    out.append(buffer, static_cast<std::size_t>(to - buffer));
    if (done == static_cast<std::size_t>(-1) && room > 16) {  // an unreadable byte: mark it, go on
      out += "\xEF\xBF\xBD";
      ++from;
      --left;
    }
  }
  ::iconv_close(converter);
  if (!utf8_valid(out)) out = utf8_repair(out);  // some converters let surrogates through
  return out;
}

Decoded to_utf8(std::string_view content, std::string_view declared) {
  if (!declared.empty()) {
    auto text = convert(content, std::string(declared));
    if (text && text->find("\xEF\xBF\xBD") == std::string::npos) return {std::move(*text), {}};
  }
  if (utf8_valid(content)) return {std::string(content), {}};
  std::string charset = guessed(content);
  auto text = convert(content, charset);
  if (!text) {
    charset = "WINDOWS-1252";  // every byte sequence is readable in it
    text = convert(content, charset);
  }
  char figure[16];
  std::snprintf(figure, sizeof figure, "%.2f", plausibility(*text));
  return {std::move(*text), {"charset guessed " + ascii_lower(charset) + " at " + figure}};
}

Result<std::string_view> content_text(const Source& source, std::string_view declared, std::string& buffer,
                                      Document& document) {
  const bool seven_bit = ascii_lower(declared).starts_with("iso-2022");
  const bool plain = !seven_bit && utf8_valid(source.content) && source.content.find('\0') == std::string_view::npos;
  if (plain) return source.content.substr(source.content.starts_with("\xEF\xBB\xBF") ? 3 : 0);
  Decoded decoded = seven_bit || needs_charset_detection(source.content)
                        ? to_utf8(source.content, declared)
                        : IG_TRY(decode_text(source.name, std::string(source.content)));
  buffer = std::move(decoded.text);
  document.notes = std::move(decoded.notes);
  return buffer;
}

}  // namespace isogloss::input::foreign
