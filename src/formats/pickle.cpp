// SPDX-License-Identifier: Apache-2.0
// Every opcode makes at most one node and pushes at most one number, so that the tree is no larger than the pickle,
// which is limited besides.
#include "formats/pickle.hpp"

#include <cstring>
#include <unordered_map>

#include "core/text.hpp"

namespace isogloss::formats {
namespace {

using Kind = PickleNode::Kind;

constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::size_t kMostNodes = 4'000'000;
constexpr std::size_t kShown = 80;  // bytes of a foreign name in a message

class Machine {
 public:
  Machine(std::string_view bytes, std::span<const std::string_view> functions, std::string_view where)
      : bytes_(bytes.substr(0, kMostBytes)), functions_(functions), where_(where) {}

  Result<Pickle> run() {
    for (;;) {
      const char code = IG_TRY(number<char>());
      if (code == '.') break;
      IG_TRY(step(code));
      if (out_.nodes.size() > kMostNodes) return corrupt("it holds more than 4,000,000 values");
    }
    out_.root = IG_TRY(pop());
    out_.bytes = at_;
    return std::move(out_);
  }

 private:
  std::unexpected<Error> corrupt(const std::string& what) const {
    return fail(Code::corrupt_data,
                std::string(where_) + ": the pickle is broken at byte " + std::to_string(at_) + ": " + what + ".");
  }

  template <class T>
  Result<T> number() {
    if (bytes_.size() - at_ < sizeof(T)) return corrupt("it ends in the middle, or is larger than 64 MB");
    T value;
    std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }

  Result<std::string_view> text(std::uint64_t size) {
    if (size > bytes_.size() - at_) return corrupt("a text claims " + std::to_string(size) + " bytes");
    const std::string_view out = bytes_.substr(at_, static_cast<std::size_t>(size));
    at_ += out.size();
    return out;
  }

  Result<std::string_view> line() {
    const std::size_t end = bytes_.find('\n', at_);
    if (end == std::string_view::npos) return corrupt("a line has no end");
    const std::string_view out = bytes_.substr(at_, end - at_);
    at_ = end + 1;
    return out;
  }

  // ---- the stack. Numbers of nodes; marks are heights of it.
  PickleNode& push(Kind kind) {
    stack_.push_back(static_cast<std::uint32_t>(out_.nodes.size()));
    out_.nodes.emplace_back().kind = kind;
    return out_.nodes.back();
  }
  Result<std::uint32_t> pop() {
    if (stack_.size() <= floor()) return corrupt("a value is missing");
    const std::uint32_t top = stack_.back();
    stack_.pop_back();
    return top;
  }
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }
  Result<std::vector<std::uint32_t>> pop_to_mark() {
    if (marks_.empty()) return corrupt("a mark is missing");
    const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
    std::vector<std::uint32_t> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  Result<std::vector<std::uint32_t>> pop_some(std::size_t count) {
    std::vector<std::uint32_t> items(count);
    for (std::size_t i = count; i-- > 0;) items[i] = IG_TRY(pop());
    return items;
  }
  Status push_tuple(std::vector<std::uint32_t> items) {
    push(Kind::tuple).items = std::move(items);
    return {};
  }
  Status push_text(std::string_view value) {
    push(Kind::text).text = value;
    return {};
  }
  Status push_integer(std::int64_t value, Kind kind = Kind::integer) {
    push(kind).integer = value;
    return {};
  }

  Status step(char code) {
    switch (code) {
      case '\x80':  // PROTO
        IG_TRY(number<std::uint8_t>());
        return {};
      case '\x95':  // FRAME: its length says nothing new
        IG_TRY(number<std::uint64_t>());
        return {};
      case '(':
        marks_.push_back(stack_.size());
        return {};
      case 'N':
        push(Kind::none);
        return {};
      case '\x88':
        return push_integer(1, Kind::boolean);
      case '\x89':
        return push_integer(0, Kind::boolean);
      case '}':
        push(Kind::dict);
        return {};
      case ']':
        push(Kind::list);
        return {};
      case ')':
        return push_tuple({});
      case 't':
        return push_tuple(IG_TRY(pop_to_mark()));
      case '\x85':
      case '\x86':
      case '\x87':
        return push_tuple(IG_TRY(pop_some(static_cast<std::size_t>(code - '\x85') + 1)));
      default:
        return step_with_argument(code);
    }
  }

  Status step_with_argument(char code) {
    switch (code) {
      case 'J':
        return push_integer(IG_TRY(number<std::int32_t>()));
      case 'K':
        return push_integer(IG_TRY(number<std::uint8_t>()));
      case 'M':
        return push_integer(IG_TRY(number<std::uint16_t>()));
      case '\x8a':
        return long_number();
      case 'G':  // the value is of no use here
        IG_TRY(number<std::uint64_t>());
        push(Kind::real);
        return {};
      case 'X':
      case 'T':
        return push_text(IG_TRY(text(IG_TRY(number<std::uint32_t>()))));
      case '\x8c':
      case 'U':
        return push_text(IG_TRY(text(IG_TRY(number<std::uint8_t>()))));
      case 'q':
        return remember(IG_TRY(number<std::uint8_t>()));
      case 'r':
        return remember(IG_TRY(number<std::uint32_t>()));
      case '\x94':
        return remember(static_cast<std::uint32_t>(memo_.size()));
      case 'h':
        return recall(IG_TRY(number<std::uint8_t>()));
      case 'j':
        return recall(IG_TRY(number<std::uint32_t>()));
      default:
        return step_of_objects(code);
    }
  }

  Status step_of_objects(char code) {
    switch (code) {
      case 'c': {
        const std::string_view module = IG_TRY(line());
        return global(module, IG_TRY(line()));
      }
      case '\x93': {
        const auto names = IG_TRY(pop_some(2));
        return global(out_.at(names[0]).text, std::string(out_.at(names[1]).text));
      }
      case 'R': {
        const auto call = IG_TRY(pop_some(2));
        if (out_.at(call[0]).kind != Kind::global || out_.at(call[1]).kind != Kind::tuple)
          return corrupt("something that is no function is called");
        push(Kind::call).items = call;
        return {};
      }
      case 'Q': {
        const auto id = IG_TRY(pop_some(1));
        push(Kind::persistent).items = id;
        return {};
      }
      case 'b':  // a state for an object: attributes of dicts and tensors, of no use here
        IG_TRY(pop());
        IG_TRY(top());
        return {};
      case 's':
        return set_items(IG_TRY(pop_some(2)));
      case 'u':
        return set_items(IG_TRY(pop_to_mark()));
      case 'a':
        return append(IG_TRY(pop_some(1)));
      case 'e':
        return append(IG_TRY(pop_to_mark()));
      default:
        return fail(Code::unsupported,
                    std::string(where_) + ": the pickle has the opcode " +
                        std::to_string(static_cast<unsigned char>(code)) + " at byte " + std::to_string(at_ - 1) +
                        ", which files of tensors do not need. Nothing of it was run. Convert the file where the model "
                        "came from: save_pretrained(FOLDER, safe_serialization=True)");
    }
  }

  Status long_number() {
    const auto size = IG_TRY(number<std::uint8_t>());
    const std::string_view digits = IG_TRY(text(size));
    if (size > 8) return corrupt("a number has " + std::to_string(size) + " bytes");
    std::uint64_t value = size > 0 && (digits.back() & '\x80') != 0 ? ~std::uint64_t{0} : 0;
    for (std::size_t i = size; i-- > 0;) value = value << 8U | static_cast<unsigned char>(digits[i]);
    return push_integer(static_cast<std::int64_t>(value));
  }

  Status remember(std::uint32_t slot) {
    if (stack_.size() <= floor()) return corrupt("a value is missing");
    memo_[slot] = stack_.back();
    return {};
  }
  Status recall(std::uint32_t slot) {
    const auto found = memo_.find(slot);
    if (found == memo_.end()) return corrupt("a value is used before it is made");
    stack_.push_back(found->second);
    return {};
  }

  Status global(std::string_view module, std::string_view name) {
    const std::string full = std::string(module) + "." + std::string(name);
    for (const std::string_view known : functions_) {
      if (full != known) continue;
      push(Kind::global).text = full;
      return {};
    }
    return fail(Code::unsupported, std::string(where_) + ": the pickle names '" + shortened(full, kShown) +
                                       "', which files of tensors do not need. Nothing of it was run.");
  }

  Result<std::uint32_t> top() const {
    if (stack_.size() <= floor()) return corrupt("a value is missing");
    return stack_.back();
  }

  Status set_items(const std::vector<std::uint32_t>& items) {
    PickleNode& target = out_.nodes[IG_TRY(top())];
    if ((target.kind != Kind::dict && target.kind != Kind::call) || items.size() % 2 != 0)
      return corrupt("values are put into something that is no dictionary");
    for (std::size_t i = 0; i < items.size(); i += 2) target.entries.emplace_back(items[i], items[i + 1]);
    return {};
  }

  Status append(const std::vector<std::uint32_t>& items) {
    PickleNode& target = out_.nodes[IG_TRY(top())];
    if (target.kind != Kind::list) return corrupt("values are appended to something that is no list");
    target.items.insert(target.items.end(), items.begin(), items.end());
    return {};
  }

  std::string_view bytes_;
  std::span<const std::string_view> functions_;
  std::string_view where_;
  std::size_t at_ = 0;
  Pickle out_;
  std::vector<std::uint32_t> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, std::uint32_t> memo_;
};

}  // namespace

Result<Pickle> read_pickle(std::string_view bytes, std::span<const std::string_view> functions,
                           std::string_view where) {
  return Machine(bytes, functions, where).run();
}

}  // namespace isogloss::formats
