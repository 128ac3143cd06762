// SPDX-License-Identifier: Apache-2.0
// Files of bias tests. Forms of JSON: an object of tests, each with the names of its lists and the lists,
//   {"Flowers_Insects": {"X_key": "flowers", "Y_key": "insects", "A_key": "pleasant", "B_key": "unpleasant",
//                        "flowers": ["aster", ...], ...}}
// where objects without X_key are no tests of this kind; and one test with as many lists as it likes, as May et al.
// 2019 write theirs (with two and two), or an object of such tests:
//   {"targ1": {"category": "Flowers", "examples": ["This is an aster.", ...]}, "targ2": ..., "attr1": ..., "attr2":
//   ...}
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::evaluation {

struct BiasLists {
  std::string name;
  std::vector<std::vector<std::string>> targets, attributes;  // (lists)(items)
};

// place itself, or the .json and .jsonl files of the folder it is, by name.
std::vector<std::filesystem::path> bias_files(std::string_view place);
// Error{corrupt_data}: there is no test.
Result<std::vector<BiasLists>> read_bias_lists(std::string_view place);

}  // namespace isogloss::evaluation
