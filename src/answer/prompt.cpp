// SPDX-License-Identifier: Apache-2.0
#include "answer/prompt.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "core/text.hpp"

namespace isogloss::answer {
namespace {

constexpr std::string_view kPrompt =
    "Answer the question from the numbered passages only. After every statement give the number of the passage it "
    "comes "
    "from, like [1]. Quote figures and names exactly. If the passages do not answer the question, reply: not found in "
    "your documents.\n\nPassages:\n{context}\nQuestion: {question}\nAnswer:";

std::string numbered(std::span<const Hit> passages) {
  std::string out;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    const StoredChunk& chunk = passages[i].chunk;
    out += "[" + std::to_string(i + 1) + "] (" + chunk.document;
    if (!chunk.heading.empty()) out += ", " + chunk.heading;
    if (chunk.page != 0) out += ", page " + std::to_string(chunk.page);
    out += ")\n" + chunk.text + "\n\n";
  }
  return out;
}

// The numbers inside one pair of brackets, or nothing when it holds anything else.
std::vector<std::size_t> numbers_in(std::string_view inside) {
  std::vector<std::size_t> out;
  for (const std::string_view item : split(inside, ',')) {
    const std::string_view text = trim(item);
    const std::size_t dash = text.find('-');
    std::size_t first = 0, last = 0;
    const auto parse = [](std::string_view digits, std::size_t& value) {
      const auto r = std::from_chars(digits.data(), digits.data() + digits.size(), value);
      return r.ec == std::errc() && r.ptr == digits.data() + digits.size() && !digits.empty();
    };
    if (!parse(text.substr(0, dash), first)) return {};
    last = first;
    if (dash != std::string_view::npos && !parse(text.substr(dash + 1), last)) return {};
    if (last < first || last - first > 50) return {};
    for (std::size_t n = first; n <= last; ++n) out.push_back(n);
  }
  return out;
}

}  // namespace

Result<std::string> fill_prompt(std::string_view text, std::string_view question, std::span<const Hit> passages) {
  if (text.empty()) text = kPrompt;
  for (const std::string_view slot : {"{question}", "{context}"}) {
    if (text.find(slot) == std::string_view::npos) {
      return fail(Code::invalid_argument, "the prompt file lacks the slot " + std::string(slot) + ".");
    }
  }
  const std::string context = numbered(passages);
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    if (text.substr(i).starts_with("{question}")) {
      out += question;
      i += 10;
    } else if (text.substr(i).starts_with("{context}")) {
      out += context;
      i += 9;
    } else {
      out += text[i++];
    }
  }
  return out;
}

CheckedCitations check_citations(std::string& answer, std::size_t known) {
  std::set<std::size_t> cited, wrong;
  std::string out;
  for (std::size_t i = 0; i < answer.size();) {
    const std::size_t close = answer[i] == '[' ? answer.find(']', i) : std::string::npos;
    const std::vector<std::size_t> numbers = close == std::string::npos
                                                 ? std::vector<std::size_t>()
                                                 : numbers_in(std::string_view(answer).substr(i + 1, close - i - 1));
    if (numbers.empty()) {
      out += answer[i++];
      continue;
    }
    std::string kept;
    for (const std::size_t n : numbers) {
      const bool good = n >= 1 && n <= known;
      (good ? cited : wrong).insert(n);
      if (good) kept += (kept.empty() ? "" : ", ") + std::to_string(n);
    }
    i = close + 1;
    if (!kept.empty()) {
      out += "[" + kept + "]";
    } else if (out.ends_with(' ') && (i == answer.size() || std::string_view(" .,;:!?\n").contains(answer[i]))) {
      out.pop_back();  // the blank that led to the mark
    }
  }
  answer = std::move(out);
  return {{cited.begin(), cited.end()}, {wrong.begin(), wrong.end()}};
}

std::string CitationStream::take(std::string_view piece) {
  pending_ += piece;
  // A mark that is not closed, or blanks that might lead to one that goes. No mark is longer than this.
  constexpr std::size_t kLongestMark = 64;
  std::size_t end = pending_.size();
  const std::size_t open = pending_.rfind('[');
  if (open != std::string::npos && pending_.find(']', open) == std::string::npos && end - open < kLongestMark)
    end = open;
  // Behind a closed mark the next character decides whether the blank before it goes.
  while (end > 0 && (pending_[end - 1] == ' ' || pending_[end - 1] == ']')) {
    const std::size_t mark = pending_[end - 1] == ']' ? pending_.rfind('[', end - 1) : end - 1;
    if (mark == std::string::npos || end - mark > kLongestMark) break;
    end = mark;
  }
  std::string shown = pending_.substr(0, end);
  pending_.erase(0, end);
  check_citations(shown, known_);
  return shown;
}

std::string CitationStream::rest() {
  check_citations(pending_, known_);
  return std::exchange(pending_, {});
}

}  // namespace isogloss::answer
