// SPDX-License-Identifier: Apache-2.0
// Document -> chunks. All strategies are one mechanism: the text is cut into sections (from heading to heading), a
// section into pieces (sentences, paragraphs, code blocks, or the whole), and pieces are packed into chunks that hold at
// most `capacity` units, where capacity = size - units of the heading prefix. A piece that does not fit is cut at unit
// borders. Units are split once for the whole document and found again by binary search, so a span costs O(log n).
#include <algorithm>
#include <array>
#include <utility>

#include "core/guard.hpp"
#include "core/text.hpp"
#include "isogloss/documents.hpp"
#include "isogloss/options.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kLeastCapacity = 32;
constexpr std::string_view kPathSeparator = " > ";

constexpr std::array<std::pair<ChunkStrategy, std::string_view>, 6> kStrategies{
    {{ChunkStrategy::automatic, "auto"},
     {ChunkStrategy::fixed, "fixed"},
     {ChunkStrategy::sentence, "sentence"},
     {ChunkStrategy::paragraph, "paragraph"},
     {ChunkStrategy::section, "section"},
     {ChunkStrategy::row, "row"}}};

class WordUnits final : public UnitSplitter {
 public:
  std::string_view name() const override { return "words"; }
  void split(std::string_view text, std::vector<Span>& out) const override {
    std::size_t i = 0;
    while (i < text.size()) {
      while (i < text.size() && static_cast<unsigned char>(text[i]) <= ' ') ++i;
      const std::size_t begin = i;
      while (i < text.size() && static_cast<unsigned char>(text[i]) > ' ') ++i;
      if (i > begin) out.push_back({begin, i});
    }
  }
};

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f'; }

Span trimmed(std::string_view text, Span span) {
  while (span.begin < span.end && is_blank(text[span.begin])) ++span.begin;
  while (span.end > span.begin && is_blank(text[span.end - 1])) --span.end;
  return span;
}

struct Section {
  Span body;
  std::string path;  // headings from the top, joined
};

class Chunker {
 public:
  Chunker(const Document& document, const ChunkOptions& options, const UnitSplitter& splitter)
      : document_(document), options_(options), splitter_(splitter), text_(document.text) {
    splitter_.split(text_, units_);
  }

  std::vector<Chunk> run() {
    const bool rows = !document_.rows.empty() &&
                      (options_.strategy == ChunkStrategy::row || options_.strategy == ChunkStrategy::automatic);
    rows ? take_rows() : take_sections();
    return std::move(chunks_);
  }

 private:
  // Number of the first unit that begins at or behind `offset`.
  std::size_t unit_at(std::size_t offset) const {
    const auto it = std::lower_bound(units_.begin(), units_.end(), offset,
                                     [](const Span& unit, std::size_t at) { return unit.begin < at; });
    return static_cast<std::size_t>(it - units_.begin());
  }
  std::size_t units_in(Span span) const { return unit_at(span.end) - unit_at(span.begin); }

  std::size_t units_of(std::string_view text) const {
    std::vector<Span> units;
    splitter_.split(text, units);
    return units.size();
  }

  void emit(Span at, const std::string& path, std::size_t prefix_units) {
    at = trimmed(text_, at);
    if (at.size() == 0) return;
    Chunk chunk;
    chunk.at = at;
    chunk.ordinal = static_cast<std::uint32_t>(chunks_.size());
    chunk.key = std::to_string(chunks_.size() + 1);
    chunk.heading = path;
    chunk.units = static_cast<std::uint32_t>(prefix_units + units_in(at));
    const auto page = std::upper_bound(document_.pages.begin(), document_.pages.end(), at.begin);
    chunk.page = static_cast<std::uint32_t>(page - document_.pages.begin());
    chunks_.push_back(std::move(chunk));
  }

  void take_rows() {
    for (const Row& row : document_.rows) {
      const std::size_t first = chunks_.size();
      const std::size_t capacity = options_.window != 0 ? options_.window : SIZE_MAX;
      if (units_in(row.at) <= capacity) {
        emit(row.at, "", 0);
      } else {
        pack(sentence_pieces(row.at), capacity, 0, "", 0);
      }
      for (std::size_t i = first; i < chunks_.size(); ++i) {
        chunks_[i].key = chunks_.size() - first == 1 ? row.id : row.id + "." + std::to_string(i - first + 1);
        chunks_[i].meta = row.meta;
      }
    }
  }

  std::vector<Section> sections() const {
    std::vector<Section> out;
    if (options_.strategy == ChunkStrategy::fixed || document_.headings.empty()) {
      return {{{document_.body, text_.size()}, ""}};
    }
    out.push_back({{document_.body, line_begin(document_.headings.front().at.begin)}, ""});
    std::vector<const Heading*> stack;
    for (std::size_t i = 0; i < document_.headings.size(); ++i) {
      const Heading& heading = document_.headings[i];
      while (!stack.empty() && stack.back()->level >= heading.level) stack.pop_back();
      stack.push_back(&heading);
      const bool last = i + 1 == document_.headings.size();
      const std::size_t end = last ? text_.size() : line_begin(document_.headings[i + 1].at.begin);
      Section section{trimmed(text_, {std::min(behind_heading(heading.at.end), end), end}), ""};
      for (const Heading* level : stack) {
        if (!section.path.empty()) section.path += kPathSeparator;
        section.path += text_.substr(level->at.begin, level->at.size());
      }
      const bool has_child = !last && document_.headings[i + 1].level > heading.level;
      if (section.body.size() == 0 && !has_child) section.body = heading.at;  // nothing but its heading
      out.push_back(std::move(section));
    }
    return out;
  }

  std::size_t line_begin(std::size_t offset) const {
    const std::size_t feed = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
    return feed == std::string_view::npos ? 0 : feed + 1;
  }

  // Behind the heading's line, and behind the underline of a setext heading.
  std::size_t behind_heading(std::size_t end) const {
    std::size_t at = std::min(text_.find('\n', end), text_.size());
    const std::size_t next = std::min(at + 1, text_.size());
    const std::string_view line = trim(text_.substr(next, text_.find('\n', next) - next));
    const bool underline = !line.empty() && (line.find_first_not_of('=') == std::string_view::npos ||
                                             line.find_first_not_of('-') == std::string_view::npos);
    if (underline) at = std::min(text_.find('\n', next), text_.size());
    return at;
  }

  void take_sections() {
    for (const Section& section : sections()) {
      // A prefix longer than its limit loses its outer levels first: the innermost says most.
      std::string path = section.path;
      std::size_t prefix = units_of(path);
      while (prefix > options_.heading_limit && path.find(kPathSeparator) != std::string::npos) {
        path.erase(0, path.find(kPathSeparator) + kPathSeparator.size());
        prefix = units_of(path);
      }
      if (prefix > options_.heading_limit) {
        path.clear();
        prefix = 0;
      }
      std::size_t limit = options_.size;
      if (options_.window != 0) limit = std::min(limit, options_.window);
      const std::size_t capacity = std::max(limit > prefix ? limit - prefix : 0, std::min(kLeastCapacity, limit));
      take_section(section.body, path, prefix, capacity);
    }
  }

  void take_section(Span body, const std::string& path, std::size_t prefix, std::size_t capacity) {
    switch (options_.strategy) {
      case ChunkStrategy::automatic:
      case ChunkStrategy::row:
        pack(sentence_pieces(body), capacity, std::min(options_.overlap, capacity / 2), path, prefix);
        break;
      case ChunkStrategy::fixed: cut(body, capacity, std::min(options_.overlap, capacity / 2), path, prefix); break;
      case ChunkStrategy::section: cut(body, capacity, 0, path, prefix); break;
      case ChunkStrategy::sentence:
        for (const Span& piece : sentence_pieces(body)) cut(piece, capacity, 0, path, prefix);
        break;
      case ChunkStrategy::paragraph:
        for (const Span& piece : paragraph_pieces(body)) pack(sentence_pieces(piece), capacity, 0, path, prefix);
        break;
    }
  }

  // Sentences of a span; a code block is one piece.
  std::vector<Span> sentence_pieces(Span span) const {
    std::vector<Span> out;
    std::size_t at = span.begin;
    auto block = std::lower_bound(document_.opaque.begin(), document_.opaque.end(), span.begin,
                                  [](const Span& b, std::size_t offset) { return b.begin < offset; });
    const auto sentences_to = [&](std::size_t end) {
      if (end <= at) return;
      const std::vector<Span> found = split_sentences(text_, {at, end});
      out.insert(out.end(), found.begin(), found.end());
    };
    for (; block != document_.opaque.end() && block->begin < span.end; ++block) {
      sentences_to(block->begin);
      out.push_back({block->begin, std::min(block->end, span.end)});
      at = out.back().end;
    }
    sentences_to(span.end);
    return out;
  }

  std::vector<Span> paragraph_pieces(Span span) const {
    std::vector<Span> out;
    std::size_t begin = span.begin;
    for (std::size_t at = span.begin; at < span.end;) {
      const std::size_t feed = text_.find('\n', at);
      const std::size_t end = std::min(feed == std::string_view::npos ? span.end : feed, span.end);
      if (trim(text_.substr(at, end - at)).empty()) {
        if (at > begin) out.push_back(trimmed(text_, {begin, at}));
        begin = end + 1;
      }
      at = end + 1;
    }
    if (begin < span.end) out.push_back(trimmed(text_, {begin, span.end}));
    return out;
  }

  // Consecutive windows of `capacity` units, each `overlap` units back into the one before.
  void cut(Span span, std::size_t capacity, std::size_t overlap, const std::string& path, std::size_t prefix) {
    const std::size_t last = unit_at(span.end);
    for (std::size_t first = unit_at(span.begin); first < last;) {
      const std::size_t stop = std::min(first + capacity, last);
      emit({units_[first].begin, std::min(units_[stop - 1].end, span.end)}, path, prefix);
      if (stop == last) return;
      first = stop - overlap;
    }
  }

  // Greedy: as many whole pieces as fit, then again from the pieces that make up the overlap.
  void pack(const std::vector<Span>& pieces, std::size_t capacity, std::size_t overlap, const std::string& path,
            std::size_t prefix) {
    for (std::size_t first = 0; first < pieces.size();) {
      std::size_t used = units_in(pieces[first]);
      if (used > capacity) {
        cut(pieces[first++], capacity, overlap, path, prefix);
        continue;
      }
      std::size_t stop = first + 1;
      for (; stop < pieces.size(); ++stop) {
        const std::size_t more = units_in(pieces[stop]);
        if (used + more > capacity) break;
        used += more;
      }
      emit({pieces[first].begin, pieces[stop - 1].end}, path, prefix);
      if (stop == pieces.size()) return;
      std::size_t next = stop;
      const std::size_t room = capacity - std::min(capacity, units_in(pieces[stop]));
      for (std::size_t back = 0; next > first + 1; --next) {
        back += units_in(pieces[next - 1]);
        if (back > overlap || back > room) break;
      }
      first = next;
    }
  }

  const Document& document_;
  const ChunkOptions& options_;
  const UnitSplitter& splitter_;
  std::string_view text_;
  std::vector<Span> units_;
  std::vector<Chunk> chunks_;
};

}  // namespace

const UnitSplitter& word_units() {
  static const WordUnits units;
  return units;
}

Result<ChunkStrategy> parse_chunk_strategy(std::string_view name) {
  std::vector<std::string> known;
  for (const auto& [strategy, text] : kStrategies) {
    if (text == name) return strategy;
    known.emplace_back(text);
  }
  const std::string nearest = nearest_name(name, known);
  return fail(Code::invalid_argument,
              "'" + std::string(name) + "' is not a chunk strategy; use auto, fixed, sentence, paragraph, section or row." +
                  (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

std::string_view chunk_strategy_name(ChunkStrategy strategy) {
  return kStrategies[static_cast<std::size_t>(strategy)].second;
}

Result<std::vector<Chunk>> chunk_document(const Document& document, const ChunkOptions& options,
                                          const UnitSplitter& units) {
  return guard([&]() -> Result<std::vector<Chunk>> {
    if (options.size == 0) return fail(Code::invalid_argument, "The chunk size must be at least 1 unit.");
    if (options.strategy == ChunkStrategy::row && document.rows.empty()) {
      return fail(Code::invalid_argument, "Chunk strategy 'row' needs a table (CSV, TSV, JSON lines); this is " +
                                              document.type + ".");
    }
    return Chunker(document, options, units).run();
  });
}

std::string chunk_text(const Document& document, const Chunk& chunk) {
  return indexed_text(chunk.heading, std::string_view(document.text).substr(chunk.at.begin, chunk.at.size()));
}

}  // namespace isogloss
