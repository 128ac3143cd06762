// SPDX-License-Identifier: Apache-2.0
// Path patterns and ignore files.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace isogloss::runtime {

// "**/*.{md,txt}": ** = any number of folders, * and ? within a name, [a-z] classes, {a,b} alternatives. `path` uses
// '/' and is relative; a backslash takes the next character as it is. A pattern without '/' is matched against the last
// name.
bool glob_match(std::string_view pattern, std::string_view path);

// The rules of one .gitignore (or .isoglossignore): the last line that matches decides; ! takes back; a trailing '/'
// means folders only; a '/' elsewhere anchors the pattern at the file's folder (git documentation, gitignore).
class IgnoreRules {
 public:
  void add_line(std::string_view line);
  bool empty() const { return rules_.empty(); }
  enum class Verdict { none, ignore, keep };
  enum class Kind { file, folder };
  // `path` is relative to the folder the file lies in.
  Verdict judge(std::string_view path, Kind kind) const;

 private:
  struct Rule {
    std::string pattern;
    bool keep = false;
    bool folder_only = false;
    bool anchored = false;
  };
  std::vector<Rule> rules_;
};

}  // namespace isogloss::runtime
