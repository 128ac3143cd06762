// SPDX-License-Identifier: Apache-2.0
#include "runtime/ingest/glob.hpp"

#include "core/text.hpp"

namespace isogloss::runtime {
namespace {

constexpr std::size_t kMaxAlternatives = 1024;

// {a,b} written out; nested braces too. A pattern with more than kMaxAlternatives forms keeps its braces literally.
std::vector<std::string> expand_braces(std::string_view pattern) {
  std::vector<std::string> done, open{std::string(pattern)};
  while (!open.empty() && done.size() + open.size() <= kMaxAlternatives) {
    const std::string form = std::move(open.back());
    open.pop_back();
    const std::size_t close = form.find('}');
    const std::size_t begin = close == std::string::npos ? close : form.rfind('{', close);
    if (begin == std::string::npos) {
      done.push_back(form);
      continue;
    }
    for (const std::string_view choice : split(std::string_view(form).substr(begin + 1, close - begin - 1), ',')) {
      open.push_back(form.substr(0, begin) + std::string(choice) + form.substr(close + 1));
    }
  }
  return done.empty() ? std::vector<std::string>{std::string(pattern)} : done;
}

// The character at pattern[i], behind a backslash if there is one; `i` moves behind it. REQUIRES: i < pattern.size().
char literal_at(std::string_view pattern, std::size_t& i) {
  if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
  return pattern[i++];
}

// Does the class at pattern[p] == '[' hold c? `p` moves behind it; a class that never closes is a literal '['. A ']'
// that comes first is one of the class.
bool in_class(std::string_view pattern, std::size_t& p, char c) {
  std::size_t i = p + 1;
  const bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  i += negated;
  bool found = false;
  for (const std::size_t first = i; i < pattern.size() && (pattern[i] != ']' || i == first);) {
    const char low = literal_at(pattern, i);
    char high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      high = literal_at(pattern, i);
    }
    found |= low <= c && c <= high;
  }
  if (i >= pattern.size()) return pattern[p++] == c;
  p = i + 1;
  return found != negated && c != '/';
}

// Iterative matcher with two points of return: the last * (within a name) and the last ** (over names).
bool match_form(std::string_view pattern, std::string_view path) {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t p = 0, t = 0, star = kNone, star_at = 0, deep = kNone, deep_at = 0;
  while (t < path.size() || p < pattern.size()) {
    if (pattern.substr(p).starts_with("**/") && (p == 0 || pattern[p - 1] == '/')) {
      deep = p += 3;
      deep_at = t;
      star = kNone;
      continue;
    }
    if (pattern.substr(p) == "**" && (p == 0 || pattern[p - 1] == '/')) return t < path.size();
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      star_at = t;
      continue;
    }
    if (t < path.size() && p < pattern.size()) {
      std::size_t after = p;
      const bool same = pattern[p] == '?'   ? (++after, path[t] != '/')
                        : pattern[p] == '[' ? in_class(pattern, after, path[t])
                                            : literal_at(pattern, after) == path[t];
      if (same) {
        p = after;
        ++t;
        continue;
      }
    }
    if (star != kNone && star_at < path.size() && path[star_at] != '/') {
      p = star;
      t = ++star_at;
      continue;
    }
    const std::size_t slash = deep == kNone ? kNone : path.find('/', deep_at);
    if (slash == kNone) return false;
    p = deep;
    t = deep_at = slash + 1;
    star = kNone;
  }
  return true;
}

std::string_view last_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

bool glob_match(std::string_view pattern, std::string_view path) {
  if (pattern.starts_with("./")) pattern.remove_prefix(2);
  const std::string_view subject = pattern.find('/') == std::string_view::npos ? last_name(path) : path;
  for (const std::string& form : expand_braces(pattern)) {
    if (match_form(form, subject)) return true;
  }
  return false;
}

void IgnoreRules::add_line(std::string_view line) {
  while (line.ends_with('\r') || line.ends_with('\n')) line.remove_suffix(1);
  while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
  if (line.empty() || line.starts_with('#')) return;
  Rule rule;
  if (line.starts_with('!')) {
    rule.keep = true;
    line.remove_prefix(1);
  }
  if (line.ends_with('/')) {
    rule.folder_only = true;
    line.remove_suffix(1);
  }
  rule.anchored = line.find('/') != std::string_view::npos;
  if (line.starts_with('/')) line.remove_prefix(1);
  rule.pattern = line;
  if (!rule.pattern.empty()) rules_.push_back(std::move(rule));
}

IgnoreRules::Verdict IgnoreRules::judge(std::string_view path, Kind kind) const {
  for (auto rule = rules_.rbegin(); rule != rules_.rend(); ++rule) {
    if (rule->folder_only && kind == Kind::file) continue;
    if (match_form(rule->pattern, rule->anchored ? path : last_name(path))) {
      return rule->keep ? Verdict::keep : Verdict::ignore;
    }
  }
  return Verdict::none;
}

}  // namespace isogloss::runtime
