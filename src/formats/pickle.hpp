// SPDX-License-Identifier: Apache-2.0
// A pickle as data. Python's pickles are programs for a stack machine that may call any function; here nothing is ever
// called. Opcodes build a tree of plain nodes, a call becomes a node that names the function and its arguments, and a
// function that is not on the caller's list, or an opcode that plain data and tensors do not need, ends the reading
// with an error (opcodes: CPython's Lib/pickletools.py, protocols 2 to 4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::formats {

struct PickleNode {
  enum class Kind : std::uint8_t { none, boolean, integer, real, text, global, tuple, list, dict, call, persistent };
  Kind kind = Kind::none;
  std::int64_t integer = 0;          // of integer and boolean
  std::string text;                  // of text; "module.name" of global
  std::vector<std::uint32_t> items;  // of tuple and list; {function, arguments} of call; {id} of persistent
  // Of dict, and of a call whose result was filled (OrderedDict).
  std::vector<std::pair<std::uint32_t, std::uint32_t>> entries;
};

// Nodes refer to each other by number and may refer to themselves through lists and dicts: walk them with a limit.
struct Pickle {
  std::vector<PickleNode> nodes;
  std::uint32_t root = 0;
  std::size_t bytes = 0;  // that the pickle took

  const PickleNode& at(std::uint32_t node) const { return nodes[node]; }
};

// Reads the pickle at the beginning of `bytes`. `functions`: the globals that may be named, "collections.OrderedDict".
// Error{unsupported} names another one or the opcode, Error{corrupt_data} what is broken; `where` names the file.
Result<Pickle> read_pickle(std::string_view bytes, std::span<const std::string_view> functions, std::string_view where);

}  // namespace isogloss::formats
