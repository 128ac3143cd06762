// SPDX-License-Identifier: Apache-2.0
// Filters against brute force: random metadata, random filters, three-valued logic counted by hand.
#include <algorithm>
#include <optional>
#include <random>

#include "store_support.hpp"

namespace isogloss::conformance {
namespace {

constexpr std::size_t kDocuments = 40;
constexpr std::size_t kChunks = 8;
constexpr std::size_t kDimension = 6;

struct Entry {
  std::string id;
  Metadata row;
  Metadata document;
  const MetaValue* value(const std::string& field) const {
    for (const Metadata* meta : {&row, &document}) {
      const auto at = meta->find(field);
      if (at != meta->end() && !std::holds_alternative<std::monostate>(at->second)) return &at->second;
    }
    return nullptr;
  }
};

using Truth = std::optional<bool>;  // none = unknown

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// A filter as text together with what it means.
struct Rule {
  std::string text;
  std::function<Truth(const Entry&)> holds;
};

bool is_number(const MetaValue& v) {
  return std::holds_alternative<std::int64_t>(v) || std::holds_alternative<double>(v);
}
double number(const MetaValue& v) {
  const auto* integer = std::get_if<std::int64_t>(&v);
  return integer != nullptr ? static_cast<double>(*integer) : std::get<double>(v);
}
bool same_kind(const MetaValue& a, const MetaValue& b) {
  return a.index() == b.index() || (is_number(a) && is_number(b));
}

// -1, 0, 1; none when the kinds differ.
std::optional<int> compare(const MetaValue& a, const MetaValue& b) {
  if (!same_kind(a, b)) return {};
  if (is_number(a)) return number(a) < number(b) ? -1 : number(a) > number(b) ? 1 : 0;
  if (const auto* flag = std::get_if<bool>(&a)) return static_cast<int>(*flag) - static_cast<int>(std::get<bool>(b));
  const int order = std::get<std::string>(a).compare(std::get<std::string>(b));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

class RuleMaker {
 public:
  explicit RuleMaker(unsigned seed) : random_(seed) {}

  Rule make(int depth) {
    if (depth == 0 || pick(4) == 0) return leaf();
    Rule a = make(depth - 1);
    if (pick(4) == 0) {
      return {"not (" + a.text + ")", [a](const Entry& e) -> Truth {
                const Truth t = a.holds(e);
                return t ? Truth(!*t) : Truth();
              }};
    }
    Rule b = make(depth - 1);
    const bool all = pick(2) == 0;
    return {"(" + a.text + (all ? " and " : " or ") + b.text + ")", [a, b, all](const Entry& e) -> Truth {
              const Truth x = a.holds(e);
              const Truth y = b.holds(e);
              if ((x && *x != all) || (y && *y != all)) return !all;
              if (x && y) return all;
              return {};
            }};
  }

 private:
  unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::string field() {
    constexpr const char* kFields[] = {"year", "price", "lang", "draft", "day", "none"};
    return kFields[pick(6)];
  }
  std::pair<std::string, MetaValue> literal() {
    switch (pick(5)) {
      case 0: {
        const std::int64_t year = 2000 + pick(8);
        return {std::to_string(year), MetaValue(year)};
      }
      case 1: {
        const double price = static_cast<double>(pick(8)) + 0.5;
        return {std::to_string(price), MetaValue(price)};
      }
      case 2: {
        const std::string lang = std::vector<std::string>{"en", "de", "fr", "e"}[pick(4)];
        return {quoted(lang), MetaValue(lang)};
      }
      case 3:
        return pick(2) == 0 ? std::pair{std::string("true"), MetaValue(true)}
                            : std::pair{std::string("false"), MetaValue(false)};
      default: {
        const std::string day = "2024-05-0" + std::to_string(1 + pick(8));
        return {day, MetaValue(day)};
      }
    }
  }
  Rule leaf() {
    const std::string name = field();
    switch (pick(4)) {
      case 0:
        return null_test(name);
      case 1:
        return list_test(name);
      case 2:
        return like_test(name);
      default:
        return comparison(name);
    }
  }
  Rule null_test(const std::string& name) {
    const bool negative = pick(2) == 0;
    return {name + (negative ? " is not null" : " is null"),
            [name, negative](const Entry& e) -> Truth { return (e.value(name) != nullptr) == negative; }};
  }
  Rule list_test(const std::string& name) {
    std::string text;
    std::vector<MetaValue> values;
    for (unsigned n = 1 + pick(3); n > 0; --n) {
      const auto [shown, value] = literal();
      text += (text.empty() ? "" : ", ") + shown;
      values.push_back(value);
    }
    const bool negative = pick(2) == 0;
    return {name + (negative ? " not in (" : " in (") + text + ")", [name, values, negative](const Entry& e) -> Truth {
              const MetaValue* own = e.value(name);
              if (own == nullptr) return {};
              bool known = false;
              for (const MetaValue& value : values) {
                const auto order = compare(*own, value);
                if (order == 0) return !negative;
                known = known || order.has_value();
              }
              return known ? Truth(negative) : Truth();
            }};
  }
  Rule like_test(const std::string& name) {
    const std::string pattern = std::vector<std::string>{"e%", "%", "_e", "2024-05-0_"}[pick(4)];
    return {name + " like " + quoted(pattern), [name, pattern](const Entry& e) -> Truth {
              const MetaValue* own = e.value(name);
              const auto* text = own == nullptr ? nullptr : std::get_if<std::string>(own);
              if (text == nullptr) return {};
              if (pattern == "%") return true;
              if (pattern == "e%") return text->starts_with("e");
              if (pattern == "_e") return text->size() == 2 && (*text)[1] == 'e';
              return text->size() == 10 && text->starts_with("2024-05-0");
            }};
  }
  Rule comparison(const std::string& name) {
    constexpr const char* kOperators[] = {"=", "!=", "<", "<=", ">", ">="};
    const unsigned op = pick(6);
    const auto [shown, value] = literal();
    return {name + " " + kOperators[op] + " " + shown, [name, op, value](const Entry& e) -> Truth {
              const MetaValue* own = e.value(name);
              const auto order = own == nullptr ? std::nullopt : compare(*own, value);
              if (!order) return {};
              const bool truths[] = {*order == 0, *order != 0, *order < 0, *order <= 0, *order > 0, *order >= 0};
              return truths[op];
            }};
  }
  std::mt19937 random_;
};

Metadata random_meta(std::mt19937& random) {
  Metadata meta;
  const auto maybe = [&] { return random() % 3 != 0; };
  if (maybe()) meta["year"] = static_cast<std::int64_t>(2000 + random() % 8);
  if (random() % 6 == 0) meta["year"] = std::string("2003");
  if (maybe()) meta["price"] = static_cast<double>(random() % 16) / 2;
  if (maybe()) meta["lang"] = std::vector<std::string>{"en", "de", "fr"}[random() % 3];
  if (random() % 8 == 0) meta["lang"] = std::monostate();
  if (maybe()) meta["draft"] = random() % 2 == 0;
  if (maybe()) meta["day"] = "2024-05-0" + std::to_string(1 + random() % 8);
  return meta;
}

class StoreFilters : public StoreConformance {
 protected:
  void SetUp() override {
    store_ = open();
    ASSERT_NE(store_, nullptr);
    std::mt19937 random(11);
    put(*store_, {make_document("empty.txt", {})});
    serve_space(*store_, "space", kDimension);
    std::vector<DocumentPut> documents;
    for (std::size_t d = 0; d < kDocuments; ++d) {
      std::vector<std::string> texts(kChunks, "all words");
      std::vector<Metadata> rows;
      const Metadata meta = random_meta(random);
      const std::string name = "d" + std::to_string(d);
      for (std::size_t c = 0; c < kChunks; ++c) {
        rows.push_back(random() % 2 == 0 ? Metadata() : random_meta(random));
        entries_.push_back({name + "#" + std::to_string(c), rows.back(), meta});
      }
      documents.push_back(make_document(name, texts, rows, meta));
      add_vectors(documents.back(), "space", kDimension, static_cast<unsigned>(d));
    }
    put(*store_, documents);
  }
  std::vector<std::string> expected(const Rule& rule) const {
    std::vector<std::string> out;
    for (const Entry& entry : entries_) {
      if (rule.holds(entry).value_or(false)) out.push_back(entry.id);
    }
    std::ranges::sort(out);
    return out;
  }
  std::unique_ptr<Store> store_;
  std::vector<Entry> entries_;
};

TEST_P(StoreFilters, AgreeWithBruteForce) {
  RuleMaker maker(5);
  for (int round = 0; round < 400; ++round) {
    const Rule rule = maker.make(round % 4);
    std::vector<std::string> found = find(*store_, "all", rule.text);
    std::ranges::sort(found);
    EXPECT_EQ(found, expected(rule)) << rule.text;
  }
}

TEST_P(StoreFilters, EverySearchReturnsAsManyAsMatchUpToK) {
  RuleMaker maker(6);
  const std::vector<float> vector(kDimension, 0.5F);
  for (int round = 0; round < 150; ++round) {
    const Rule rule = maker.make(round % 3);
    const std::vector<std::string> all = expected(rule);
    for (const SearchMode mode : {SearchMode::lexical, SearchMode::dense, SearchMode::hybrid}) {
      StoreQuery query;
      query.mode = mode;
      query.k = 1 + static_cast<std::size_t>(round) % 60;
      query.terms = {{"all", 1.0F}};
      query.vector = vector;
      query.filter = rule.text;
      const auto hits = store_->search(query, context_);
      ASSERT_TRUE(hits) << rule.text << ": " << hits.error().message;
      EXPECT_EQ(hits->hits.size(), std::min(query.k, all.size())) << rule.text;
      EXPECT_EQ(hits->plan.matches, all.size()) << rule.text;
      for (std::size_t i = 0; i < hits->hits.size(); ++i) {
        const std::string id = store_->chunks({{hits->hits[i].number}}, ChunkParts::names).value()[0].id;
        EXPECT_TRUE(std::ranges::binary_search(all, id)) << rule.text;
        if (i == 0) continue;
        const StoreHit &before = hits->hits[i - 1], &here = hits->hits[i];
        EXPECT_TRUE(before.score > here.score || (before.score == here.score && before.number < here.number));
      }
    }
  }
}

TEST_P(StoreFilters, BuiltInFieldsAreThere) {
  EXPECT_EQ(find(*store_, "all", "name = \"d3\"").size(), kChunks);
  EXPECT_EQ(find(*store_, "all", "path like \"/data/d3%\" and chunk < 2").size(), 22u);
  EXPECT_EQ(find(*store_, "all", "title = 'Title of d7' and type = 'text'").size(), kChunks);
  EXPECT_EQ(find(*store_, "all", "modified < 2024-01-01").size(), kChunks * kDocuments);
}

TEST_P(StoreFilters, WrongFiltersAreRefused) {
  for (const char* filter : {"year >", "(year = 1", "year = ", "in (1)", "\xFF = 1 and"}) {
    StoreQuery query;
    query.mode = SearchMode::lexical;
    query.terms = {{"all", 1.0F}};
    query.filter = filter;
    const auto hits = store_->search(query, context_);
    ASSERT_FALSE(hits) << filter;
    EXPECT_EQ(hits.error().code, Code::invalid_argument);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreFilters, testing::ValuesIn(store_cases()), store_name);

}  // namespace
}  // namespace isogloss::conformance
