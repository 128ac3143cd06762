// SPDX-License-Identifier: Apache-2.0
// A ZIP archive of documents: each through the readers under a heading of its name, archives in archives too, within
// one budget. A member that cannot be read becomes a note; an archive of which nothing can be read is an error.
#include "core/text.hpp"
#include "input/foreign/office_file.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr std::size_t kMostNotes = 20;  // on members; the rest is counted

bool worth_reading(const ZipMember& member) {
  const std::string_view name = member.name;
  const std::string_view file = name.substr(name.rfind('/') + 1);
  return !name.ends_with('/') && member.size > 0 && !file.starts_with('.') && !name.starts_with("__MACOSX/");
}

}  // namespace

Result<Document> read_zip(const Source& source, Context& context) {
  OfficeFile file = IG_TRY(OfficeFile::open(source));
  Document document;
  std::size_t failed = 0, read = 0;
  std::string first;
  for (const ZipMember& member : file.members()) {
    if (!worth_reading(member)) continue;
    IG_TRY(context.check());
    const std::string name = one_line(member.name);
    auto content = file.content(member.name);
    auto inner =
        content ? read_inner(name, std::move(*content), source, context) : Result<Document>(fail(content.error()));
    if (inner) {
      append_inner(document, name, std::move(*inner), 1);
      ++read;
      continue;
    }
    if (inner.error().code == Code::out_of_memory) return inner;
    if (first.empty()) first = inner.error().message;
    if (++failed <= kMostNotes) document.notes.push_back(name + " was left out: " + inner.error().message);
  }
  if (failed > kMostNotes) document.notes.push_back(counted(failed - kMostNotes, "further member") + " left out");
  if (read == 0 && failed > 0) {
    return fail(Code::unsupported,
                source.quoted() + ": none of its " + counted(failed, "member") + " could be read. The first: " + first);
  }
  return document;
}

}  // namespace isogloss::input::foreign
