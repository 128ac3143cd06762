// SPDX-License-Identifier: Apache-2.0
// The only list of readers, and the way from a path to a Document: stat, read and unpack, recognise, decode, parse.
#include <algorithm>
#include <array>

#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "input/charset.hpp"
#include "input/extract.hpp"
#include "input/reader.hpp"

namespace isogloss {
namespace input {
namespace {

constexpr std::array<const Reader*, 7> kReaders{&kMarkdownReader, &kCsvReader,  &kTsvReader, &kJsonLinesReader,
                                                &kJsonReader,     &kCodeReader, &kTextReader};

struct Magic {
  std::string_view bytes;
  std::string_view name;
};
// Formats that are not text, by their first bytes, so that a wrongly named file is named for what it is.
constexpr std::array kMagics{Magic{"%PDF-", "a PDF"},
                             Magic{"PK\x03\x04", "a zip archive (docx, xlsx, odt, epub or zip)"},
                             Magic{"\x89PNG", "a PNG image"},
                             Magic{"\xFF\xD8\xFF", "a JPEG image"},
                             Magic{"GIF8", "a GIF image"},
                             Magic{"\x1F\x8B", "gzip data"},
                             Magic{"\xFD" "7zXZ", "xz data"},
                             Magic{"\x28\xB5\x2F\xFD", "zstd data"},
                             Magic{"\x7F" "ELF", "a program"},
                             Magic{"SQLite format 3", "an SQLite database"},
                             Magic{"\xD0\xCF\x11\xE0", "an old Office document"},
                             Magic{"OggS", "Ogg audio"},
                             Magic{"fLaC", "FLAC audio"},
                             Magic{"{\\rtf", "an RTF document"}};

std::string extension_of(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || (slash != std::string_view::npos && dot < slash)) return {};
  return ascii_lower(name.substr(dot));
}

bool lists_extension(const Reader& reader, std::string_view extension) {
  const auto known = split(reader.extensions, ' ');
  return std::find(known.begin(), known.end(), extension) != known.end();
}

// Error{unsupported} when the content is not text.
Status refuse_binary(std::string_view name, std::string_view content) {
  for (const Magic& magic : kMagics) {
    if (content.starts_with(magic.bytes)) {
      return fail(Code::unsupported, "'" + std::string(name) + "' is " + std::string(magic.name) +
                                         ", which this version does not read. Convert it to text, or give --extract-cmd.");
    }
  }
  return {};
}

struct Content {
  std::string_view name;  // as the user knows it
  std::string text;
  Packing packing = Packing::none;
};

Result<Content> taken(std::string_view name, UnpackedReader reader, std::size_t max_size) {
  return Content{name, IG_TRY(reader.rest(max_size)), reader.packing()};
}

Result<Document> parse_content(Content content, const ReadOptions& options) {
  const std::string_view name = content.name;
  IG_TRY(refuse_binary(name, content.text));
  Decoded decoded = IG_TRY(decode_text(name, std::move(content.text)));
  const bool packed = content.packing != Packing::none;
  const Reader& reader = reader_for(packed ? without_packing(name) : name);  // of what is inside
  Document document;
  document.type = reader.name;
  document.text = std::move(decoded.text);
  document.notes = std::move(decoded.notes);
  if (packed) document.notes.push_back("unpacked from " + std::string(packing_name(content.packing)));
  IG_TRY(reader.read(name, options, document));
  return document;
}

}  // namespace

std::span<const Reader* const> readers() { return kReaders; }

const Reader& reader_for(std::string_view file_name) {
  const std::string extension = extension_of(file_name);
  for (const Reader* reader : kReaders) {
    if (!extension.empty() && lists_extension(*reader, extension)) return *reader;
  }
  return kTextReader;
}

}  // namespace input

Result<Document> read_document_text(std::string_view name, std::string content, const ReadOptions& options,
                                    Context& context) {
  return guard([&]() -> Result<Document> {
    IG_TRY(context.check());
    if (packing_of(content) == Packing::none) return input::parse_content({name, std::move(content)}, options);
    auto reader = IG_TRY(UnpackedReader::from_memory(std::string(name), content));
    return input::parse_content(IG_TRY(input::taken(name, std::move(reader), options.max_size)), options);
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
    if (!options.extract_command.empty()) return input::extract_with_command(path, options.extract_command, context);
    const std::string name = path.string();
    auto content = IG_TRY(input::taken(name, IG_TRY(UnpackedReader::open(path)), options.max_size));
    if (!input::needs_charset_detection(content.text) || !input::refuse_binary(name, content.text)) {
      return input::parse_content(std::move(content), options);
    }
    content.text = IG_TRY(input::convert_in_worker(path, context));
    Document document = IG_TRY(input::parse_content(std::move(content), options));
    document.notes.push_back("converted to UTF-8 from another charset");
    return document;
  });
}

std::vector<ReaderInfo> document_readers() {
  std::vector<ReaderInfo> out;
  for (const input::Reader* reader : input::readers()) {
    out.push_back({reader->name, reader->extensions, reader->summary});
  }
  return out;
}

}  // namespace isogloss
