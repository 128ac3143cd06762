// SPDX-License-Identifier: Apache-2.0
// A filter becomes sets of chunk numbers, by three-valued logic: every node yields the chunks for which it is true and
// those for which it is false; a chunk in neither lacks the field (or has another kind there). Then
//   and: true = intersection, false = union      or: true = union, false = intersection      not: swapped
// A leaf asks SQLite for its true set and for the set where the field has a value of that kind; false is the rest of the
// latter. A field is looked up in the row's metadata, then the document's, then among the built-in ones; the first that
// has it wins.
#include "store/filter_rows.hpp"

#include <algorithm>
#include <array>
#include <roaring/roaring.hh>

namespace isogloss::store {
namespace {

using Set = Roaring;

struct Truths {
  Set yes, no;
};

// Where a field may stand: a query for its chunk ranges with the column to compare in `{}`.
struct Source {
  std::string select;     // "SELECT first, last, <value> FROM ... WHERE 1"
  std::string number;     // column of numbers and truth values; empty = has none
  std::string text;       // column of text; empty = has none
  bool has_key = false;   // parameter 1 is the field's name
};

const Source kRowMeta{"SELECT chunk, chunk, text FROM chunk_meta WHERE key=?1", "num", "text", true};
const Source kDocumentMeta{
    "SELECT d.first_chunk, d.last_chunk, m.text FROM document_meta m JOIN document d ON d.id=m.document WHERE m.key=?1",
    "m.num", "m.text", true};

struct BuiltIn {
  std::string_view name;
  std::string_view table;
  std::string_view expression;
  bool number;
};
constexpr std::array kBuiltIns{
    BuiltIn{"path", "document", "path", false},
    BuiltIn{"name", "document", "name", false},
    BuiltIn{"title", "document", "title", false},
    BuiltIn{"type", "document", "type", false},
    BuiltIn{"modified", "document", "strftime('%Y-%m-%dT%H:%M:%SZ', mtime/1000000000, 'unixepoch')", false},
    BuiltIn{"heading", "chunk", "heading", false},
    BuiltIn{"page", "chunk", "page", true},
    BuiltIn{"chunk", "chunk", "ordinal", true}};

Source built_in_source(const BuiltIn& field) {
  const bool document = field.table == "document";
  const std::string expression(field.expression);
  Source source;
  source.select = std::string("SELECT ") + (document ? "first_chunk, last_chunk, " : "id, id, ") + expression +
                  " FROM " + std::string(field.table) + " WHERE 1";
  (field.number ? source.number : source.text) = expression;
  return source;
}

const char* sql_operator(FilterOp op) {
  switch (op) {
    case FilterOp::less: return "<";
    case FilterOp::less_equal: return "<=";
    case FilterOp::greater: return ">";
    case FilterOp::greater_equal: return ">=";
    default: return "=";
  }
}

class Evaluator {
 public:
  Evaluator(Database& database, Set visible) : database_(database), visible_(std::move(visible)) {}

  Result<Truths> evaluate(const Filter& filter) {
    switch (filter.op) {
      case FilterOp::all_of:
      case FilterOp::any_of: return combine(filter);
      case FilterOp::negation: {
        Truths inner = IG_TRY(evaluate(filter.children[0]));
        std::swap(inner.yes, inner.no);
        return inner;
      }
      case FilterOp::is_null: {
        const Set present = IG_TRY(over_sources(filter, [&](const Source& s) { return present_in(s, filter.field); }));
        return Truths{visible_ - present, visible_ & present};
      }
      default: return leaf(filter);
    }
  }

 private:
  Result<Truths> combine(const Filter& filter) {
    Truths out = IG_TRY(evaluate(filter.children[0]));
    for (std::size_t i = 1; i < filter.children.size(); ++i) {
      const Truths next = IG_TRY(evaluate(filter.children[i]));
      const bool all = filter.op == FilterOp::all_of;
      all ? out.yes &= next.yes : out.yes |= next.yes;
      all ? out.no |= next.no : out.no &= next.no;
    }
    return out;
  }

  Result<Truths> leaf(const Filter& filter) {
    Truths out;
    const Set known = IG_TRY(over_sources(filter, [&](const Source& s) { return known_in(s, filter); }));
    out.yes = IG_TRY(over_sources(filter, [&](const Source& s) { return matches_in(s, filter); }));
    out.yes &= visible_;
    out.no = (known & visible_) - out.yes;
    return out;
  }

  // Union over the places where the field may stand; a chunk that has the field in an earlier place is not looked up in
  // the later ones.
  template <class F>
  Result<Set> over_sources(const Filter& filter, F&& query) {
    Set out = IG_TRY(query(kRowMeta));
    Set settled = IG_TRY(present_in(kRowMeta, filter.field));
    out |= IG_TRY(query(kDocumentMeta)) - settled;
    settled |= IG_TRY(present_in(kDocumentMeta, filter.field));
    for (const BuiltIn& field : kBuiltIns) {
      if (field.name == filter.field) out |= IG_TRY(query(built_in_source(field))) - settled;
    }
    return out;
  }

  Result<Set> present_in(const Source& source, const std::string& field) {
    const bool meta = source.has_key;
    return run(source, meta ? " AND kind<>0" : "", field, {});
  }

  // Where the field has a value of the kind the filter compares with.
  Result<Set> known_in(const Source& source, const Filter& filter) {
    Set out;
    for (const MetaValue& value : filter.values) {
      const std::string& column = column_for(source, value);
      if (!column.empty()) out |= IG_TRY(run(source, " AND " + column + " IS NOT NULL" + kind_test(source, value), filter.field, {}));
    }
    return out;
  }

  Result<Set> matches_in(const Source& source, const Filter& filter) {
    Set out;
    for (const MetaValue& value : filter.values) {
      const std::string& column = column_for(source, value);
      if (column.empty()) continue;
      if (filter.op == FilterOp::like) {
        out |= IG_TRY(run(source, " AND " + column + " IS NOT NULL", filter.field, value, LikeValue::yes));
      } else {
        const std::string test = " AND " + column + sql_operator(filter.op) + "?2" + kind_test(source, value);
        out |= IG_TRY(run(source, test, filter.field, value));
      }
    }
    return out;
  }

  static const std::string& column_for(const Source& source, const MetaValue& value) {
    return std::holds_alternative<std::string>(value) ? source.text : source.number;
  }

  // Truth values are kind 1, numbers 2 and 3; both live in the column of numbers.
  static std::string kind_test(const Source& source, const MetaValue& value) {
    if (!source.has_key || std::holds_alternative<std::string>(value)) return "";
    return std::holds_alternative<bool>(value) ? " AND kind=1" : " AND kind<>1";
  }

  enum class LikeValue { no, yes };

  Result<Set> run(const Source& source, const std::string& condition, const std::string& field, const MetaValue& value,
                  LikeValue like = LikeValue::no) {
    Statement statement = IG_TRY(database_.prepare(source.select + condition));
    if (source.has_key) statement.bind(0, std::string_view(field));
    const auto* text = std::get_if<std::string>(&value);
    if (like == LikeValue::no) {
      if (text != nullptr) statement.bind(1, std::string_view(*text));
      if (const auto* number = std::get_if<double>(&value)) statement.bind(1, *number);
      if (const auto* integer = std::get_if<std::int64_t>(&value)) statement.bind(1, *integer);
      if (const auto* flag = std::get_if<bool>(&value)) statement.bind(1, std::int64_t{*flag});
    }
    Set out;
    while (IG_TRY(statement.step())) {
      if (like == LikeValue::yes && !like_match(*text, statement.text(2))) continue;
      out.addRange(static_cast<std::uint64_t>(statement.integer(0)), static_cast<std::uint64_t>(statement.integer(1)) + 1);
    }
    return out;
  }

  Database& database_;
  Set visible_;
};

Result<Set> visible_set(Database& database) {
  Set out;
  Statement* statement = IG_TRY(database.cached("SELECT first_chunk, last_chunk FROM document"));
  while (IG_TRY(statement->step())) {
    out.addRange(static_cast<std::uint64_t>(statement->integer(0)),
                 static_cast<std::uint64_t>(statement->integer(1)) + 1);
  }
  return out;
}

std::vector<std::int64_t> listed(const Set& set) {
  std::vector<std::uint32_t> numbers(set.cardinality());
  set.toUint32Array(numbers.data());
  return {numbers.begin(), numbers.end()};
}

}  // namespace

Result<std::vector<std::int64_t>> matching_chunks(Database& database, const Filter& filter) {
  const Truths truths = IG_TRY(Evaluator(database, IG_TRY(visible_set(database))).evaluate(filter));
  return listed(truths.yes);
}

Result<std::vector<std::int64_t>> visible_chunks(Database& database) { return listed(IG_TRY(visible_set(database))); }

}  // namespace isogloss::store
