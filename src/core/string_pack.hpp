// SPDX-License-Identifier: Apache-2.0
// Many strings in one piece of memory, and their form as lines of a text file.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss {

class StringPack {
 public:
  void add(std::string_view text) {
    bytes_.append(text);
    ends_.push_back(bytes_.size());
  }
  // The same in parts: append() any number of times, then finish().
  void append(std::string_view part) { bytes_.append(part); }
  void finish() { ends_.push_back(bytes_.size()); }
  void reserve(std::size_t strings, std::size_t bytes) {
    ends_.reserve(strings);
    bytes_.reserve(bytes);
  }
  std::size_t size() const { return ends_.size(); }
  // Valid until the next add. REQUIRES: i < size().
  std::string_view operator[](std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return std::string_view(bytes_).substr(begin, ends_[i] - begin);
  }
  std::size_t bytes() const { return bytes_.size() + ends_.size() * sizeof(std::size_t); }

  // One string a line; line feed, carriage return and backslash as \n, \r and \\.
  std::string to_lines() const;
  static StringPack from_lines(std::string_view text);

 private:
  std::string bytes_;
  std::vector<std::size_t> ends_;
};

}  // namespace isogloss
