// SPDX-License-Identifier: Apache-2.0
// poppler is GPL and its input hostile, so its programs run as child processes, fed by their standard input. pdftotext
// is asked for a hundred pages at a time: its output, about 150 bytes a word, is what would take the memory.
#include "input/foreign/pdf_pages.hpp"

#include <algorithm>
#include <charconv>
#include <pugixml.hpp>

#include "core/process.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr std::size_t kPagesAtOnce = 100;
constexpr std::size_t kMostPages = 20'000;
constexpr std::size_t kLeaderDots = 5;
constexpr int kDotsPerInch = 300;
constexpr double kPointsPerInch = 72;

ProcessLimits child_limits() {
  ProcessLimits limits;
  limits.time = std::chrono::seconds(50);
  limits.cpu = std::chrono::seconds(120);  // should nobody be left to stop it
  limits.memory = std::size_t{450} << 20;
  limits.output = std::size_t{120} << 20;
  return limits;
}

// Of the Debian package `package`.
Result<ProcessResult> run_program(const std::vector<std::string>& argv, std::string_view input,
                                  std::string_view package, Context& context) {
  auto run = run_process(argv, input, child_limits(), context);
  if (!run && run.error().code == Code::unavailable) {
    return fail(Code::unavailable, "'" + argv[0] + "' is needed for this and cannot be started. Install the package " +
                                       std::string(package) + ".");
  }
  return run;
}

std::unexpected<Error> failure(const Source& source, const ProcessResult& run) {
  const std::string errors = run.errors;
  if (errors.find("ncorrect password") != std::string::npos) {
    return fail(Code::unsupported, source.quoted() + " is encrypted. Save it without a password.");
  }
  if (run.exit_status == 3) return fail(Code::unsupported, source.quoted() + " forbids to copy its text.");
  const std::string first = one_line(shortened(errors.substr(0, errors.find('\n')), 200));
  return fail(Code::corrupt_data, source.quoted() + " is a damaged PDF" + (first.empty() ? "." : ": " + first));
}

// Typographic ligatures are letters to whoever searches.
void append_letters(std::string_view text, std::string& out) {
  static constexpr std::string_view kLigatures[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};  // U+FB00 and on
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool ligature = text.substr(i).starts_with("\xEF\xAC") && i + 2 < text.size() &&
                          static_cast<unsigned char>(text[i + 2]) >= 0x80 &&
                          static_cast<unsigned char>(text[i + 2]) <= 0x86;
    if (!ligature) {
      out += text[i];
      continue;
    }
    out += kLigatures[static_cast<unsigned char>(text[i + 2]) - 0x80];
    i += 2;
  }
}

bool is_right_to_left(char32_t c) {
  return (c >= 0x590 && c < 0x900) || (c >= 0xFB1D && c < 0xFE00) || (c >= 0xFE70 && c < 0xFF00);
}

bool is_right_to_left(const PdfWord& word) {
  const std::u32string points = utf8_to_code_points(word.text);
  return std::ranges::any_of(points, [](char32_t c) { return is_right_to_left(c); });
}

// The letters of a word from right to left; marks stay behind their letters, brackets turn.
std::string turned(std::string_view text) {
  std::u32string points = utf8_to_code_points(text), out;
  for (std::size_t end = points.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && is_mark(points[begin])) --begin;
    out.append(points, begin, end - begin);
    end = begin;
  }
  static constexpr std::u32string_view kBrackets = U"()[]{}<>\u00AB\u00BB";
  for (char32_t& c : out) {
    if (const std::size_t at = kBrackets.find(c); at != std::u32string_view::npos) c = kBrackets[at ^ 1];
  }
  return utf8_from_code_points(out);
}

// Hebrew and Arabic come as they are seen, from left to right. Put into the order of reading: in a line that is mostly
// theirs the words too, but for runs of words and numbers of other scripts.
void to_reading_order(PdfLine& line) {
  std::size_t turned_words = 0;
  for (PdfWord& word : line.words) {
    if (!is_right_to_left(word)) continue;
    word.text = turned(word.text);
    ++turned_words;
  }
  if (2 * turned_words <= line.words.size()) return;
  std::ranges::reverse(line.words);
  for (auto at = line.words.begin(); at != line.words.end();) {
    const auto end = std::find_if(at, line.words.end(), [](const PdfWord& w) { return is_right_to_left(w); });
    std::reverse(at, end);
    at = end == line.words.end() ? end : end + 1;
  }
}

// Takes out ". . . . ." and "......".
void drop_leader(PdfLine& line) {
  const auto dots = [](const PdfWord& word) { return word.text.find_first_not_of('.') == std::string::npos; };
  std::size_t count = 0;
  for (const PdfWord& word : line.words) count += dots(word) ? word.text.size() : 0;
  if (count < kLeaderDots) return;
  line.leader = std::erase_if(line.words, dots) > 0;
}

PdfLine line_of(const pugi::xml_node& node) {
  PdfLine line;
  for (const pugi::xml_node w : node.children("word")) {
    PdfWord word;
    append_letters(one_line(w.child_value()), word.text);
    if (word.text.empty()) continue;
    word.left = w.attribute("xMin").as_float();
    word.top = w.attribute("yMin").as_float();
    word.right = w.attribute("xMax").as_float();
    word.bottom = w.attribute("yMax").as_float();
    line.words.push_back(std::move(word));
  }
  drop_leader(line);
  to_reading_order(line);
  return line;
}

PdfPage page_of(const pugi::xml_node& node) {
  PdfPage page;
  page.width = node.attribute("width").as_float();
  page.height = node.attribute("height").as_float();
  for (const pugi::xml_node flow : node.children("flow")) {
    for (const pugi::xml_node b : flow.children("block")) {
      std::vector<PdfLine> block;
      for (const pugi::xml_node l : b.children("line")) {
        PdfLine line = line_of(l);
        if (!line.words.empty()) block.push_back(std::move(line));
      }
      if (!block.empty()) page.blocks.push_back(std::move(block));
    }
  }
  return page;
}

void take_head(std::string_view xml, PdfFile& file) {
  const std::size_t begin = xml.find("<head>"), end = xml.find("</head>");
  if (begin == std::string_view::npos || end == std::string_view::npos) return;
  pugi::xml_document head;
  if (!head.load_buffer(xml.data() + begin, end + 7 - begin)) return;
  file.title = one_line(head.document_element().child_value("title"));
  for (const pugi::xml_node meta : head.document_element().children("meta")) {
    const std::string_view name = meta.attribute("name").value();
    if (name == "Author") file.author = one_line(meta.attribute("content").value());
    if (name == "CreationDate") file.created = one_line(meta.attribute("content").value());
  }
}

int field_of(const std::vector<std::string_view>& row, std::size_t column) {
  int value = -1;
  if (column < row.size()) std::from_chars(row[column].data(), row[column].data() + row[column].size(), value);
  return value;
}

// tesseract's TSV: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
PdfPage page_of_tsv(std::string_view tsv) {
  PdfPage page;
  int block = -1, line = -1;
  const auto scale = static_cast<float>(kPointsPerInch / kDotsPerInch);
  for (const std::string_view text : split(tsv, '\n')) {
    const auto row = split(text, '\t');
    if (row.size() < 12 || (field_of(row, 0) != 5 && field_of(row, 0) != 1)) continue;
    const float left = static_cast<float>(field_of(row, 6)) * scale, top = static_cast<float>(field_of(row, 7)) * scale;
    const float width = static_cast<float>(field_of(row, 8)) * scale,
                height = static_cast<float>(field_of(row, 9)) * scale;
    if (field_of(row, 0) == 1) {
      page.width = width;
      page.height = height;
      continue;
    }
    std::string word = utf8_repair(one_line(row[11]));
    if (word.empty()) continue;
    const int this_block = field_of(row, 2) * 1000 + field_of(row, 3), this_line = field_of(row, 4);
    if (this_block != block) page.blocks.emplace_back();
    if (this_block != block || this_line != line) page.blocks.back().emplace_back();
    block = this_block;
    line = this_line;
    page.blocks.back().back().words.push_back({std::move(word), left, top, left + width, top + height});
  }
  return page;
}

}  // namespace

std::string PdfLine::text() const {
  std::string out;
  for (const PdfWord& word : words) out += (out.empty() ? "" : " ") + word.text;
  return out;
}

std::size_t append_bbox_pages(std::string_view xml, PdfFile& file) {
  const std::size_t before = file.pages.size();
  std::size_t begin = xml.find("<page ");
  while (begin != std::string_view::npos) {
    const std::size_t end = xml.find("</page>", begin);
    if (end == std::string_view::npos) break;
    pugi::xml_document page;
    const bool good = !!page.load_buffer(xml.data() + begin, end + 7 - begin, pugi::parse_default, pugi::encoding_utf8);
    file.pages.push_back(good ? page_of(page.document_element()) : PdfPage{});
    begin = xml.find("<page ", end);
  }
  return file.pages.size() - before;
}

Result<PdfFile> pdf_pages(const Source& source, Context& context) {
  PdfFile file;
  for (std::size_t first = 1; first <= kMostPages; first += kPagesAtOnce) {
    const std::string last = std::to_string(first + kPagesAtOnce - 1);
    ProcessResult run = IG_TRY(
        run_program({"pdftotext", "-bbox-layout", "-enc", "UTF-8", "-f", std::to_string(first), "-l", last, "-", "-"},
                    source.content, "poppler-utils", context));
    if (run.exit_status != 0) {
      if (first > 1) break;  // there are no further pages
      return failure(source, run);
    }
    if (!utf8_valid(run.output)) run.output = utf8_repair(run.output);
    if (first == 1) take_head(run.output, file);
    if (append_bbox_pages(run.output, file) < kPagesAtOnce) break;
  }
  return file;
}

Result<PdfPage> recognised_page(const Source& source, std::size_t number, const std::string& languages,
                                Context& context) {
  const std::string n = std::to_string(number);
  const ProcessResult image =
      IG_TRY(run_program({"pdftoppm", "-f", n, "-l", n, "-r", std::to_string(kDotsPerInch), "-gray", "-"},
                         source.content, "poppler-utils", context));
  if (image.exit_status != 0 || image.output.empty()) return failure(source, image);
  const ProcessResult words = IG_TRY(
      run_program({"tesseract", "stdin", "stdout", "-l", languages, "tsv"}, image.output, "tesseract-ocr", context));
  if (words.exit_status != 0) {
    return fail(Code::unavailable, "tesseract cannot read page " + n + " of " + source.quoted() + ": " +
                                       one_line(shortened(words.errors, 200)));
  }
  return page_of_tsv(words.output);
}

}  // namespace isogloss::input::foreign
