// SPDX-License-Identifier: Apache-2.0
#include "input/charset.hpp"

#include <cstdint>

#include "core/text.hpp"
#include "core/utf8.hpp"

namespace isogloss::input {
namespace {

constexpr std::size_t kProbe = 65536;       // bytes looked at to tell text from binary
constexpr std::size_t kBytesPerStray = 1000;  // up to one invalid byte in so many is repaired, more means a charset

enum class Form { utf8, utf16_le, utf16_be, utf32_le, utf32_be };

struct Mark {
  std::string_view bytes;
  Form form;
};
// UTF-32 before UTF-16: the little-endian mark of the first begins with that of the second.
constexpr Mark kMarks[] = {{{"\xFF\xFE\0\0", 4}, Form::utf32_le},
                           {{"\0\0\xFE\xFF", 4}, Form::utf32_be},
                           {{"\xEF\xBB\xBF", 3}, Form::utf8},
                           {{"\xFF\xFE", 2}, Form::utf16_le},
                           {{"\xFE\xFF", 2}, Form::utf16_be}};

const Mark* mark_of(std::string_view content) {
  for (const Mark& mark : kMarks) {
    if (content.starts_with(mark.bytes)) return &mark;
  }
  return nullptr;
}

std::uint32_t unit16(std::string_view b, std::size_t i, bool big) {
  const auto x = static_cast<unsigned char>(b[i]), y = static_cast<unsigned char>(b[i + 1]);
  return big ? (std::uint32_t{x} << 8 | y) : (std::uint32_t{y} << 8 | x);
}

std::string from_utf16(std::string_view bytes, bool big) {
  std::string out;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    char32_t code = unit16(bytes, i, big);
    if (code >= 0xD800 && code < 0xDC00 && i + 3 < bytes.size()) {
      const std::uint32_t low = unit16(bytes, i + 2, big);
      if (low >= 0xDC00 && low < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        i += 2;
      }
    }
    utf8_append(out, code >= 0xD800 && code < 0xE000 ? kReplacement : code);
  }
  return out;
}

std::string from_utf32(std::string_view bytes, bool big) {
  std::string out;
  for (std::size_t i = 0; i + 3 < bytes.size(); i += 4) {
    const std::uint32_t first = unit16(bytes, i, big), second = unit16(bytes, i + 2, big);
    const char32_t code = big ? first << 16 | second : second << 16 | first;
    utf8_append(out, code > kMaxCodePoint || (code >= 0xD800 && code < 0xE000) ? kReplacement : code);
  }
  return out;
}

// UTF-16 of mostly Latin text has a zero in every other byte: -1 none, 0 little endian, 1 big endian.
int unmarked_utf16(std::string_view content) {
  const std::string_view probe = content.substr(0, kProbe);
  if (probe.find('\0') == std::string_view::npos) return -1;
  std::size_t zeros[2] = {0, 0};
  for (std::size_t i = 0; i < probe.size(); ++i) zeros[i % 2] += probe[i] == '\0';
  const std::size_t half = probe.size() / 2;
  if (half < 4) return -1;
  if (zeros[1] > half * 7 / 10 && zeros[0] < half / 20) return 0;
  if (zeros[0] > half * 7 / 10 && zeros[1] < half / 20) return 1;
  return -1;
}

// Zero bytes, or more control characters than text has.
bool looks_binary(std::string_view content) {
  const std::string_view probe = content.substr(0, kProbe);
  if (probe.find('\0') != std::string_view::npos) return true;
  std::size_t controls = 0;
  for (const char c : probe) {
    controls += static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1B';
  }
  return controls > probe.size() / 20;
}

// Number of ill-formed places; counting stops above `limit`.
std::size_t stray_bytes(std::string_view text, std::size_t limit) {
  std::size_t strays = 0;
  while (strays <= limit) {
    const std::size_t valid = utf8_valid_prefix(text);
    if (valid == text.size()) break;
    ++strays;
    text.remove_prefix(valid + 1);
  }
  return strays;
}

}  // namespace

bool needs_charset_detection(std::string_view content) {
  if (mark_of(content) != nullptr || unmarked_utf16(content) >= 0 || looks_binary(content)) return false;
  const std::size_t limit = content.size() / kBytesPerStray;
  return stray_bytes(content, limit) > limit;
}

Result<Decoded> decode_text(std::string_view name, std::string content) {
  Decoded out;
  Form form = Form::utf8;
  std::size_t skip = 0;
  if (const Mark* mark = mark_of(content)) {
    form = mark->form;
    skip = mark->bytes.size();
  } else if (const int order = unmarked_utf16(content); order >= 0) {
    form = order == 1 ? Form::utf16_be : Form::utf16_le;
  } else if (looks_binary(content)) {
    return fail(Code::unsupported, "'" + std::string(name) + "' is not text: it holds binary data.");
  }
  const std::string_view bytes = std::string_view(content).substr(skip);
  switch (form) {
    case Form::utf8: break;
    case Form::utf16_le: out.text = from_utf16(bytes, false); break;
    case Form::utf16_be: out.text = from_utf16(bytes, true); break;
    case Form::utf32_le: out.text = from_utf32(bytes, false); break;
    case Form::utf32_be: out.text = from_utf32(bytes, true); break;
  }
  if (form != Form::utf8) {
    out.notes.push_back("converted to UTF-8 from UTF-16 or UTF-32");
    return out;
  }
  if (skip != 0) content.erase(0, skip);
  if (!utf8_valid(content)) {
    out.notes.push_back(counted(stray_bytes(content, content.size()), "invalid UTF-8 sequence") + " replaced");
    content = utf8_repair(content);
  }
  out.text = std::move(content);
  return out;
}

}  // namespace isogloss::input
