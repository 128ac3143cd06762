// SPDX-License-Identifier: Apache-2.0
#include "core/npy.hpp"

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>

namespace isogloss {
namespace {

// The text behind 'key': up to the comma or brace that ends it; of a tuple the whole.
std::string_view value_of(std::string_view header, std::string_view key) {
  const std::size_t at = header.find("'" + std::string(key) + "'");
  if (at == std::string_view::npos) return {};
  std::string_view rest = header.substr(at + key.size() + 2);
  const std::size_t colon = rest.find(':');
  if (colon == std::string_view::npos) return {};
  rest.remove_prefix(colon + 1);
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const std::size_t end = rest.starts_with('(') ? rest.find(')') : rest.find_first_of(",}");
  return rest.substr(0, end);
}

// "(3, 2", or "(2,", which is one row.
bool parse_shape(std::string_view text, std::size_t& rows, std::size_t& columns) {
  if (!text.starts_with('(')) return false;
  const char* const last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data() + 1, last, rows);
  if (error != std::errc() || end == last || *end != ',') return false;
  for (++end; end != last && *end == ' ';) ++end;
  if (end == last) {
    columns = rows;
    rows = 1;
    return true;
  }
  const auto second = std::from_chars(end, last, columns);
  return second.ec == std::errc() && second.ptr == last;
}

template <class T>
void widen(std::string_view bytes, std::vector<float>& out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<float>(value);
  }
}

}  // namespace

std::string npy_header(std::string_view type, std::span<const std::size_t> shape) {
  std::string header = "{'descr': '" + std::string(type) + "', 'fortran_order': False, 'shape': (";
  for (const std::size_t n : shape) header += std::to_string(n) + ", ";
  if (shape.size() > 1) header.resize(header.size() - 2);
  header += "), }";
  constexpr std::size_t kBefore = 10;  // magic, version and length
  header.append(63 - (kBefore + header.size()) % 64, ' ');
  header += '\n';
  std::string out(kNpyMagic);
  out += std::string_view("\x01\0", 2);
  out += static_cast<char>(header.size() & 0xff);
  out += static_cast<char>(header.size() >> 8);
  return out + header;
}

Result<NpyMatrix> parse_npy_matrix(std::string_view content, std::string_view where) {
  const auto broken = [&](Code code, const std::string& what) {
    return fail(code, "'" + std::string(where) + "' " + what);
  };
  const bool wide = content.size() > 6 && content[6] > 1;
  const std::size_t before = kNpyMagic.size() + 2 + (wide ? 4 : 2);
  if (!content.starts_with(kNpyMagic) || content.size() < before) {
    return broken(Code::corrupt_data, "is no .npy file, or is cut short.");
  }
  std::size_t length = 0;
  for (std::size_t i = before; i > kNpyMagic.size() + 2; --i) {
    length = length << 8 | static_cast<unsigned char>(content[i - 1]);
  }
  if (length > content.size() - before) return broken(Code::corrupt_data, "is cut short in its header.");
  const std::string_view header = content.substr(before, length);
  const std::string_view type = value_of(header, "descr");
  const std::size_t size = type == "'<f4'" ? 4 : type == "'<f8'" ? 8 : type == "'<f2'" ? 2 : 0;
  NpyMatrix out;
  if (size == 0 || value_of(header, "fortran_order") != "False" ||
      !parse_shape(value_of(header, "shape"), out.rows, out.columns)) {
    return broken(Code::unsupported, "has the header " + std::string(header.substr(0, 120)) +
                                         ": a matrix of '<f4', '<f8' or '<f2' in C order is wanted.");
  }
  const std::string_view bytes = content.substr(before + length);
  if (out.columns != 0 && out.rows > bytes.size() / size / out.columns) {
    return broken(Code::corrupt_data, "is cut short: its header promises " + std::to_string(out.rows) + " rows of " +
                                          std::to_string(out.columns) + " numbers.");
  }
  out.values.resize(out.rows * out.columns);
  if (size == 4) widen<float>(bytes, out.values);
  if (size == 8) widen<double>(bytes, out.values);
  if (size == 2) widen<_Float16>(bytes, out.values);
  return out;
}

}  // namespace isogloss
