// SPDX-License-Identifier: Apache-2.0
// From a question to a reader, and from what lies inside a file back to the readers.
#include <algorithm>

#include "core/text.hpp"
#include "input/foreign/charset_guess.hpp"
#include "input/foreign/foreign.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr int kDeepestHeading = 9;

Result<Document> read_by_name(std::string_view reader, const Source& source, Context& context) {
#define IG_FOREIGN(format, extensions, summary) \
  if (reader == #format) return read_##format(source, context);
#include "input/foreign_formats.inc"
#undef IG_FOREIGN
  return fail(Code::internal,
              "isogloss-extract knows no reader '" + std::string(reader) + "'. Is it of another version?");
}

}  // namespace

Result<Document> answer(const WorkerTask& task) {
  Context context;
  if (task.task == "to_utf8") {
    Decoded decoded = to_utf8(task.content, {});
    Document document;
    document.text = std::move(decoded.text);
    document.notes = std::move(decoded.notes);
    return document;
  }
  Budget budget;
  return read_by_name(task.task, {task.name, task.content, task.options, budget}, context);
}

Result<Document> read_inner(std::string_view name, std::string content, const Source& outer, Context& context) {
  if (outer.depth + 1 > outer.budget.depth) {
    return fail(Code::too_long,
                outer.quoted() + " holds archives or mails more than " + std::to_string(outer.budget.depth) + " deep.");
  }
  const Foreign here{
      [&](const Reader& reader, std::string_view inner, std::string_view bytes, const ReadOptions& options,
          Context& where) {
        return read_by_name(reader.name, {inner, bytes, options, outer.budget, outer.depth + 1}, where);
      },
      [](std::string_view, std::string_view bytes, Context&) -> Result<Decoded> { return to_utf8(bytes, {}); }};
  return read_content(name, std::move(content), outer.options, here, context);
}

void append_inner(Document& document, std::string_view name, Document inner, int level) {
  const auto end_line = [&document] {
    if (!document.text.empty() && !document.text.ends_with('\n')) document.text += '\n';
  };
  end_line();
  if (!document.text.empty()) document.text += '\n';
  document.headings.push_back({level, {document.text.size(), document.text.size() + name.size()}});
  document.text += std::string(name) + "\n\n";
  const std::size_t base = document.text.size();
  const auto moved = [base](const Span& at) { return Span{at.begin + base, at.end + base}; };
  document.text += inner.text;
  end_line();
  for (const Heading& h : inner.headings)
    document.headings.push_back({std::min(h.level + level, kDeepestHeading), moved(h.at)});
  for (const Span& at : inner.opaque) document.opaque.push_back(moved(at));
  for (const std::string& note : inner.notes) document.notes.push_back(std::string(name) + ": " + note);
}

}  // namespace isogloss::input::foreign
