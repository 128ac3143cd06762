// SPDX-License-Identifier: Apache-2.0
// A recursive-descent parser: or < and < not < comparison. `!=`, `not in`, `not like` and `is not null` are the negation
// of their positive forms, so that one rule (three-valued logic in filter_rows.cpp) serves all.
#include "store/filter.hpp"

#include <charconv>
#include <chrono>

#include "core/text.hpp"

namespace isogloss::store {
namespace {

constexpr int kMaxDepth = 64;

enum class TokenKind { word, text, number, symbol, end };

struct Token {
  TokenKind kind = TokenKind::end;
  std::string text;
  std::size_t at = 0;
};

bool is_word(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') || u == '_' || u == '.' || u >= 0x80;
}

// Written as 2024-05 or 2024-05-31, with a month or a day that there is not.
bool is_wrong_date(std::string_view text) {
  if ((text.size() != 7 && text.size() != 10) || text[4] != '-' || (text.size() == 10 && text[7] != '-')) return false;
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    const char* end = text.data() + at + size;
    const auto parsed = std::from_chars(text.data() + at, end, value);
    return parsed.ec == std::errc() && parsed.ptr == end && value >= 0 ? value : -1;
  };
  const int year = number(0, 4), month = number(5, 2), day = text.size() == 10 ? number(8, 2) : 1;
  if (year < 0 || month < 0 || day < 0) return false;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  return !date.ok();
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Filter> parse() {
    IG_TRY(advance());
    Filter filter = IG_TRY(parse_any(0));
    if (token_.kind != TokenKind::end) return problem("expected 'and', 'or' or the end");
    return filter;
  }

 private:
  std::unexpected<Error> problem(const std::string& what) const {
    return fail(Code::invalid_argument, "Filter: " + what + " at character " + std::to_string(token_.at + 1) + " of '" +
                                            std::string(text_) + "'. Example: year >= 2024 and lang = \"en\"");
  }

  bool is_keyword(std::string_view word) const {
    return token_.kind == TokenKind::word && ascii_lower(token_.text) == word;
  }
  bool is_symbol(std::string_view symbol) const { return token_.kind == TokenKind::symbol && token_.text == symbol; }

  Status advance() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
    token_ = {TokenKind::end, "", at_};
    if (at_ >= text_.size()) return {};
    const char c = text_[at_];
    if (c == '"' || c == '\'') return take_quoted(c);
    const bool negative = c == '-' && at_ + 1 < text_.size() && text_[at_ + 1] >= '0' && text_[at_ + 1] <= '9';
    if (is_word(c) || negative) return take_word();
    token_.kind = TokenKind::symbol;
    const std::string_view two = text_.substr(at_, 2);
    const bool pair = two == "<=" || two == ">=" || two == "!=" || two == "<>" || two == "==";
    token_.text = pair ? two : text_.substr(at_, 1);
    at_ += token_.text.size();
    return {};
  }

  Status take_quoted(char quote) {
    token_.kind = TokenKind::text;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == quote) {
        if (at_ + 1 >= text_.size() || text_[at_ + 1] != quote) {
          ++at_;
          return {};
        }
        ++at_;  // a doubled quote stands for itself
      }
      token_.text += text_[at_];
    }
    return problem("a quote is never closed");
  }

  // A name, a number, or an ISO date (2024-05-01), which is text.
  Status take_word() {
    const std::size_t begin = at_++;
    const bool digits = (text_[begin] >= '0' && text_[begin] <= '9') || text_[begin] == '-';
    while (at_ < text_.size() && (is_word(text_[at_]) || (digits && (text_[at_] == '-' || text_[at_] == ':')))) ++at_;
    token_.text = text_.substr(begin, at_ - begin);
    double number = 0;
    const char* end = token_.text.data() + token_.text.size();
    const auto parsed = std::from_chars(token_.text.data(), end, number);
    token_.kind = parsed.ec == std::errc() && parsed.ptr == end && digits ? TokenKind::number
                  : digits                                                  ? TokenKind::text
                                                                            : TokenKind::word;
    if (token_.kind == TokenKind::text && is_wrong_date(token_.text)) {
      return problem("there is no day '" + token_.text + "' (text is written in quotes)");
    }
    return {};
  }

  Result<Filter> parse_any(int depth) { return parse_list(depth, "or", FilterOp::any_of); }

  Result<Filter> parse_list(int depth, std::string_view keyword, FilterOp op) {
    if (depth > kMaxDepth) return problem("more than 64 levels of brackets");
    const auto item = [&] { return op == FilterOp::any_of ? parse_list(depth, "and", FilterOp::all_of) : parse_not(depth); };
    Filter list{op, {}, "", {}};
    list.children.push_back(IG_TRY(item()));
    while (is_keyword(keyword)) {
      IG_TRY(advance());
      list.children.push_back(IG_TRY(item()));
    }
    return list.children.size() == 1 ? std::move(list.children[0]) : std::move(list);
  }

  static Filter negated(Filter filter) {
    Filter out{FilterOp::negation, {}, "", {}};
    out.children.push_back(std::move(filter));
    return out;
  }

  Result<Filter> parse_not(int depth) {
    if (depth > kMaxDepth) return problem("more than 64 levels of brackets");
    if (is_keyword("not")) {
      IG_TRY(advance());
      return negated(IG_TRY(parse_not(depth + 1)));
    }
    if (is_symbol("(")) {
      IG_TRY(advance());
      Filter inside = IG_TRY(parse_any(depth + 1));
      if (!is_symbol(")")) return problem("expected ')'");
      IG_TRY(advance());
      return inside;
    }
    return parse_comparison();
  }

  Result<Filter> parse_comparison() {
    if (token_.kind != TokenKind::word && token_.kind != TokenKind::text) return problem("expected a field name");
    Filter leaf{FilterOp::equal, {}, token_.text, {}};
    IG_TRY(advance());
    if (is_keyword("is")) return parse_is_null(std::move(leaf));
    bool negative = false;
    if (is_keyword("not")) {
      negative = true;
      IG_TRY(advance());
      if (!is_keyword("in") && !is_keyword("like")) return problem("expected 'in' or 'like' after 'not'");
    }
    if (is_keyword("in")) {
      leaf.op = FilterOp::in;
      IG_TRY(advance());
      IG_TRY(parse_values(leaf));
    } else if (is_keyword("like")) {
      leaf.op = FilterOp::like;
      IG_TRY(advance());
      if (token_.kind != TokenKind::text) return problem("'like' needs a quoted pattern");
      leaf.values.push_back(IG_TRY(parse_value()));
    } else {
      leaf.op = IG_TRY(parse_operator());
      leaf.values.push_back(IG_TRY(parse_value()));
    }
    if (leaf.op == FilterOp::not_equal) {
      leaf.op = FilterOp::equal;
      negative = true;
    }
    return negative ? negated(std::move(leaf)) : std::move(leaf);
  }

  Result<Filter> parse_is_null(Filter leaf) {
    IG_TRY(advance());
    const bool negative = is_keyword("not");
    if (negative) IG_TRY(advance());
    if (!is_keyword("null")) return problem("expected 'null' after 'is'");
    IG_TRY(advance());
    leaf.op = FilterOp::is_null;
    return negative ? negated(std::move(leaf)) : std::move(leaf);
  }

  Result<FilterOp> parse_operator() {
    constexpr std::pair<std::string_view, FilterOp> kOperators[] = {
        {"=", FilterOp::equal},      {"==", FilterOp::equal},        {"!=", FilterOp::not_equal},
        {"<>", FilterOp::not_equal}, {"<", FilterOp::less},          {"<=", FilterOp::less_equal},
        {">", FilterOp::greater},    {">=", FilterOp::greater_equal}};
    for (const auto& [symbol, op] : kOperators) {
      if (is_symbol(symbol)) {
        IG_TRY(advance());
        return op;
      }
    }
    return problem("expected one of = != < <= > >= in like is after '" + token_.text + "'");
  }

  Status parse_values(Filter& leaf) {
    if (!is_symbol("(")) return problem("'in' needs a list: in (\"a\", \"b\")");
    do {
      IG_TRY(advance());
      leaf.values.push_back(IG_TRY(parse_value()));
    } while (is_symbol(","));
    if (!is_symbol(")")) return problem("expected ',' or ')'");
    return advance();
  }

  MetaValue number_value() const {
    const char* end = token_.text.data() + token_.text.size();
    std::int64_t integer = 0;
    if (const auto r = std::from_chars(token_.text.data(), end, integer); r.ec == std::errc() && r.ptr == end) {
      return integer;
    }
    double number = 0;
    std::from_chars(token_.text.data(), end, number);
    return number;
  }

  Result<MetaValue> parse_value() {
    MetaValue value;
    if (token_.kind == TokenKind::text) {
      value = token_.text;
    } else if (token_.kind == TokenKind::number) {
      value = number_value();
    } else if (is_keyword("true") || is_keyword("false")) {
      value = is_keyword("true");
    } else if (token_.kind == TokenKind::word) {
      return problem("'" + token_.text + "' is not a value; text stands in quotes");
    } else {
      return problem("expected a value");
    }
    IG_TRY(advance());
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  Token token_;
};

}  // namespace

Result<Filter> parse_filter(std::string_view text) { return Parser(text).parse(); }

bool like_match(std::string_view pattern, std::string_view text) {
  // Greedy with one point of return: the last % seen (every earlier one is then settled).
  std::size_t p = 0, t = 0, star = std::string_view::npos, from = 0;
  const auto next = [&](std::size_t i) {
    for (++i; i < text.size() && (static_cast<unsigned char>(text[i]) & 0xC0) == 0x80;) ++i;
    return i;
  };
  while (t < text.size()) {
    const bool escaped = p + 1 < pattern.size() && pattern[p] == '\\';
    if (p < pattern.size() && pattern[p] == '%') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == '_') {
      ++p;
      t = next(t);
    } else if (p < pattern.size() && pattern[escaped ? p + 1 : p] == text[t]) {
      p += escaped ? 2 : 1;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = from = next(from);
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '%') ++p;
  return p == pattern.size();
}

}  // namespace isogloss::store
