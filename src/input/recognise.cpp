// SPDX-License-Identifier: Apache-2.0
// Content decides wherever it can: signatures of binary formats, the members of a ZIP archive, the first tag of HTML,
// the first header of a mail, WEBVTT. Formats of plain text look alike, so among those the extension decides; and a
// name that promises a binary format does not turn text into one.
#include "input/recognise.hpp"

#include <algorithm>
#include <array>

#include "core/text.hpp"
#include "core/zip.hpp"

namespace isogloss::input {
namespace {

constexpr std::size_t kHead = 2048;

struct Signature {
  std::string_view bytes;
  std::string_view what;
  std::string_view remedy;
};
constexpr std::string_view kConvert = "Convert it to text, or give --extract-cmd.";
constexpr std::string_view kOffice = "Convert it first: soffice --headless --convert-to docx FILE.";
// Formats that no reader takes.
constexpr std::array kRefused{Signature{"\x89PNG", "a PNG image", kConvert},
                              Signature{"\xFF\xD8\xFF", "a JPEG image", kConvert},
                              Signature{"GIF8", "a GIF image", kConvert},
                              Signature{"RIFF", "a RIFF file (WebP, WAV or AVI)", kConvert},
                              Signature{"\x1F\x8B", "gzip data", "Unpack it first."},
                              Signature{"\xFD"
                                        "7zXZ",
                                        "xz data", "Unpack it first."},
                              Signature{"\x28\xB5\x2F\xFD", "zstd data", "Unpack it first."},
                              Signature{"7z\xBC\xAF", "a 7-Zip archive", "Unpack it first."},
                              Signature{"Rar!", "a RAR archive", "Unpack it first."},
                              Signature{"\x7F"
                                        "ELF",
                                        "a program", kConvert},
                              Signature{"SQLite format 3", "an SQLite database", "Export its tables as CSV."},
                              Signature{"OggS", "Ogg audio", kConvert},
                              Signature{"fLaC", "FLAC audio", kConvert},
                              Signature{"ID3", "MP3 audio", kConvert},
                              Signature{"{\\rtf", "an RTF document", kOffice}};

// ---- ZIP archives: what they are is told by a member

struct MemberSign {
  std::string_view member;
  std::string_view reader;
};
constexpr std::array kMemberSigns{MemberSign{"word/document.xml", "docx"}, MemberSign{"xl/workbook.xml", "xlsx"},
                                  MemberSign{"ppt/presentation.xml", "pptx"},
                                  MemberSign{"META-INF/container.xml", "epub"}};
constexpr std::array kMimeSigns{MemberSign{"application/vnd.oasis.opendocument.text", "odt"},
                                MemberSign{"application/vnd.oasis.opendocument.spreadsheet", "ods"},
                                MemberSign{"application/vnd.oasis.opendocument.presentation", "odp"},
                                MemberSign{"application/epub+zip", "epub"}};

// Empty when the archive's directory cannot be read: the reader that the name asks for says what is broken.
std::string_view kind_of_zip(std::string_view content) {
  const auto members = zip_members(content, "archive");
  if (!members) return {};
  for (const ZipMember& member : *members) {
    if (member.name == "mimetype") {
      const auto type = zip_content(content, member, 1000, "archive");
      for (const MemberSign& sign : kMimeSigns) {
        if (type && trim(*type).starts_with(sign.member)) return sign.reader;
      }
    }
    for (const MemberSign& sign : kMemberSigns) {
      if (member.name == sign.member) return sign.reader;
    }
  }
  return "zip";
}

// ---- formats of text that show what they are

std::string_view behind_mark_and_blanks(std::string_view content) {
  if (content.starts_with("\xEF\xBB\xBF")) content.remove_prefix(3);
  return content.substr(std::min(content.find_first_not_of(" \t\r\n"), content.size()));
}

// The first tag, behind comments and an XML declaration, in lower case.
std::string first_tag(std::string_view content) {
  std::string_view text = behind_mark_and_blanks(content);
  for (int i = 0; i < 8 && (text.starts_with("<!--") || text.starts_with("<?xml")); ++i) {
    const std::string_view end = text.starts_with("<?") ? "?>" : "-->";
    const std::size_t at = text.find(end);
    if (at == std::string_view::npos) return {};
    text = behind_mark_and_blanks(text.substr(at + end.size()));
  }
  return ascii_lower(text.substr(0, 20));
}

bool looks_html(std::string_view head) {
  return head.starts_with("<!doctype html") || head.starts_with("<html") || head.starts_with("<head>") ||
         head.starts_with("<body");
}

// The names of the root are words of many formats: those of feeds come with their namespace.
bool looks_feed(std::string_view tag, std::string_view content) {
  const std::string_view head = content.substr(0, kHead);
  return tag.starts_with("<rss") || (tag.starts_with("<feed") && head.find("/2005/Atom") != std::string_view::npos) ||
         (tag.starts_with("<rdf:rdf") && head.find("purl.org/rss/") != std::string_view::npos);
}

// A header that only mails begin with, and a header line after it.
bool looks_mail(std::string_view content) {
  static constexpr std::string_view kFirst[] = {
      "return-path:", "received:",         "delivered-to:",   "mime-version:",
      "message-id:",  "x-mozilla-status:", "dkim-signature:", "x-original-to:"};
  const std::string head = ascii_lower(content.substr(0, kHead));
  return std::ranges::any_of(kFirst, [&](std::string_view name) { return head.starts_with(name); }) &&
         (head.find("\nfrom:") != std::string::npos || head.find("\nsubject:") != std::string::npos);
}

bool looks_mbox(std::string_view content) {
  if (!content.starts_with("From ")) return false;
  const std::string head = ascii_lower(content.substr(0, kHead));
  const std::size_t second = head.find('\n') + 1;
  const std::size_t colon = head.find(':', second);
  return second != 0 && colon != std::string::npos && head.find_first_of(" \n", second) > colon;
}

// Name of the reader that the content asks for; empty when it shows nothing.
std::string_view kind_of(std::string_view content) {
  if (content.starts_with("PK\x03\x04") || content.starts_with("PK\x05\x06")) {
    const std::string_view kind = kind_of_zip(content);
    return kind.empty() ? "zip" : kind;
  }
  if (content.substr(0, 1024).find("%PDF-") != std::string_view::npos && content.find('\0') > 5) return "pdf";
  const std::string tag = first_tag(content);
  if (looks_html(tag)) return "html";
  if (looks_feed(tag, content)) return "feed";
  if (looks_mbox(content)) return "mbox";
  if (looks_mail(content)) return "eml";
  if (behind_mark_and_blanks(content).starts_with("WEBVTT")) return "subtitles";
  if (content.starts_with("#!")) return "code";
  return {};
}

// Old Office files and encrypted new ones are both an OLE container; its names are in UTF-16.
std::string refusal_of_ole(std::string_view content) {
  using namespace std::string_view_literals;
  if (content.find("E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e\0"sv) != std::string_view::npos) {
    return "is encrypted. Save it without a password.";
  }
  return "is an old Office document or an Outlook message, which this version does not read. " + std::string(kOffice);
}

Status refuse(std::string_view name, std::string_view content) {
  const std::string quoted = "'" + std::string(name) + "' ";
  if (content.starts_with("\xD0\xCF\x11\xE0")) return fail(Code::unsupported, quoted + refusal_of_ole(content));
  for (const Signature& signature : kRefused) {
    if (!content.starts_with(signature.bytes)) continue;
    return fail(Code::unsupported, quoted + "is " + std::string(signature.what) +
                                       ", which this version does not read. " + std::string(signature.remedy));
  }
  return {};
}

// Both are HTML to people: a page may be saved as Markdown's extension, or as a template of code.
bool may_hold(const Reader& named, std::string_view kind) {
  if (kind == "html") return named.name == "markdown" || named.name == "code";
  if (kind == "code") return named.read != nullptr && named.name != "text";
  if (kind == "zip") return named.read == nullptr && named.name != "pdf" && named.name != "html";
  if (kind == "eml" || kind == "mbox") return named.name == "eml" || named.name == "mbox" || named.name == "markdown";
  return false;
}

}  // namespace

Result<Recognised> recognise(std::string_view name, std::string_view content) {
  IG_TRY(refuse(name, content));
  const std::string extension = extension_of(name);
  const Reader& named = reader_for(name);
  const bool known = &named != &kTextReader;
  const std::string_view kind = kind_of(content);
  if (kind == named.name) return Recognised{&named, {}};
  const bool broken_zip = kind == "zip" && !zip_members(content, "archive");
  if (kind.empty() || may_hold(named, kind) || (broken_zip && known && named.read == nullptr)) {
    const bool foreign_name = named.read == nullptr;
    if (!foreign_name || named.name == "html" || named.name == "eml") return Recognised{&named, {}};
    if (broken_zip || (kind == "zip" && named.name == "zip")) return Recognised{&named, {}};
    if (kind == "mbox" || kind == "eml") return Recognised{find_reader(kind), {}};
    if (kind.empty())
      return Recognised{&kTextReader, "named " + extension + ", but its content is no " + std::string(named.name)};
  }
  const bool says_other =
      known || extension == ".txt" || extension == ".doc" || extension == ".xls" || extension == ".ppt";
  return Recognised{find_reader(kind),
                    says_other ? "named " + extension + ", but its content is " + std::string(kind) : std::string()};
}

}  // namespace isogloss::input
