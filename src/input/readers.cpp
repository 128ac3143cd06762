// SPDX-License-Identifier: Apache-2.0
// The only list of readers, and the way from a path to a Document: stat, read and unpack, recognise, decode, parse.
#include <algorithm>
#include <array>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "input/extract.hpp"
#include "input/reader.hpp"
#include "input/recognise.hpp"

namespace isogloss {
namespace input {
namespace {

#define IG_FOREIGN(name, extensions, summary) constinit const Reader kForeign_##name{#name, extensions, summary};
#include "input/foreign_formats.inc"
#undef IG_FOREIGN

constexpr std::array kReaders{
    &kMarkdownReader, &kRestReader, &kAsciiDocReader, &kOrgReader,       &kLatexReader, &kSubtitleReader,
    &kCsvReader,      &kTsvReader,  &kJsonReader,     &kJsonLinesReader, &kCodeReader,  &kTextReader,
#define IG_FOREIGN(name, extensions, summary) &kForeign_##name,
#include "input/foreign_formats.inc"
#undef IG_FOREIGN
};

bool lists_extension(const Reader& reader, std::string_view extension) {
  const auto known = split(reader.extensions, ' ');
  return std::find(known.begin(), known.end(), extension) != known.end();
}

struct Content {
  std::string_view name;  // as the user knows it
  std::string text;
  Packing packing = Packing::none;
};

Result<Content> taken(std::string_view name, UnpackedReader reader, std::size_t max_size) {
  return Content{name, IG_TRY(reader.rest(max_size)), reader.packing()};
}

Result<Document> read_taken(Content content, const ReadOptions& options, Context& context) {
  static const Foreign kByWorker{
      [](const Reader& reader, std::string_view name, std::string_view bytes, const ReadOptions& how, Context& where) {
        return extract_in_worker(reader.name, name, bytes, how, where);
      },
      convert_in_worker};
  const bool packed = content.packing != Packing::none;
  const std::string_view inside = packed ? without_packing(content.name) : content.name;
  Document document = IG_TRY(read_content(inside, std::move(content.text), options, kByWorker, context));
  if (packed) document.notes.push_back("unpacked from " + std::string(packing_name(content.packing)));
  return document;
}

// The command for files of this name: that of its extension, else the one for all; null when there is none.
const Extractor* extractor_for(const std::filesystem::path& path, const ReadOptions& options) {
  const std::string extension = extension_of(path.string());
  const Extractor* found = nullptr;
  for (const Extractor& extractor : options.extractors) {
    if (extractor.extension.empty() && found == nullptr) found = &extractor;
    if (!extractor.extension.empty() && extractor.extension == extension) return &extractor;
  }
  return found;
}

}  // namespace

std::span<const Reader* const> readers() { return kReaders; }

const Reader* find_reader(std::string_view name) {
  const auto found = std::ranges::find(kReaders, name, &Reader::name);
  return found != kReaders.end() ? *found : nullptr;
}

const Reader& reader_for(std::string_view file_name) {
  const std::string extension = extension_of(file_name);
  for (const Reader* reader : kReaders) {
    if (!extension.empty() && lists_extension(*reader, extension)) return *reader;
  }
  return kTextReader;
}

std::string extension_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || (slash != std::string_view::npos && dot < slash)) return {};
  return ascii_lower(name.substr(dot));
}

Result<Document> read_content(std::string_view name, std::string content, const ReadOptions& options,
                              const Foreign& foreign, Context& context) {
  const Recognised found = IG_TRY(recognise(name, content));
  Document document;
  if (found.reader->read == nullptr) {
    document = IG_TRY(foreign.read(*found.reader, name, content, options, context));
  } else {
    const bool guess = needs_charset_detection(content);
    Decoded decoded = IG_TRY(guess ? foreign.to_utf8(name, content, context) : decode_text(name, std::move(content)));
    document.text = std::move(decoded.text);
    document.notes = std::move(decoded.notes);
    IG_TRY(found.reader->read(name, options, document));
  }
  document.type = found.reader->name;
  if (!found.note.empty()) document.notes.insert(document.notes.begin(), found.note);
  return document;
}

}  // namespace input

Result<Document> read_document_text(std::string_view name, std::string content, const ReadOptions& options,
                                    Context& context) {
  return guard([&]() -> Result<Document> {
    IG_TRY(context.check());
    if (packing_of(content) == Packing::none) return input::read_taken({name, std::move(content)}, options, context);
    auto reader = IG_TRY(UnpackedReader::from_memory(std::string(name), content));
    return input::read_taken(IG_TRY(input::taken(name, std::move(reader), options.max_size)), options, context);
  });
}

Result<Document> read_document(const std::filesystem::path& path, const ReadOptions& options, Context& context) {
  return guard([&]() -> Result<Document> {
    IG_TRY(context.check());
    const FileStamp stamp = IG_TRY(stat_file(path));
    if (stamp.size > options.max_size) {
      return fail(Code::too_long, "'" + path.string() + "' has " + human_bytes(static_cast<double>(stamp.size)) +
                                      ", more than --max-size allows (" +
                                      human_bytes(static_cast<double>(options.max_size)) + ").");
    }
    if (const Extractor* extractor = input::extractor_for(path, options)) {
      return input::extract_with_command(path, extractor->command, context);
    }
    const std::string name = path.string();
    auto content = IG_TRY(input::taken(name, IG_TRY(UnpackedReader::open(path)), options.max_size));
    return input::read_taken(std::move(content), options, context);
  });
}

bool is_document_name(std::string_view name) {
  constexpr std::string_view kUnread = ".doc .xls .ppt .rtf .pages .numbers .key .wpd .djvu .mobi .azw3 .chm .msg";
  const std::string_view bare = without_packing(name);
  const std::string extension = input::extension_of(bare);
  const auto unread = split(kUnread, ' ');
  return input::lists_extension(input::reader_for(bare), extension) ||
         std::ranges::find(unread, extension) != unread.end();
}

std::vector<ReaderInfo> document_readers() {
  std::vector<ReaderInfo> out;
  for (const input::Reader* reader : input::readers()) {
    out.push_back({reader->name, reader->extensions, reader->summary});
  }
  return out;
}

}  // namespace isogloss
