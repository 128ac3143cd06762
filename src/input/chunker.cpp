// SPDX-License-Identifier: Apache-2.0
// Document -> chunks. All strategies are one mechanism: the text is cut into sections (from heading to heading), a
// section into pieces (sentences, paragraphs, code blocks, or the whole), and pieces are packed into chunks that hold
// at most `capacity` units, where capacity = size - units of the heading prefix. A piece that does not fit is cut at
// unit borders. Units are split once for the whole document and found again by binary search, so a span costs O(log n).
//
// Semantic: the vectors of neighbouring sentences, each read with the one before and behind it, are compared; a gap is
// wide when it is a standard deviation above the mean of the document. Parent-child: what automatic would make are the
// parents, and quarters of them the chunks. Late: the chunks of automatic, in groups that fill the model's window.
#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/assert.hpp"
#include "core/cosine.hpp"
#include "core/guard.hpp"
#include "core/places.hpp"
#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/pieces.hpp"
#include "isogloss/documents.hpp"
#include "isogloss/options.hpp"

namespace isogloss {
namespace {

constexpr std::size_t kLeastCapacity = 32;
constexpr std::string_view kPathSeparator = " > ";

constexpr std::size_t kChildren = 4;  // chunks that a parent of full size has
constexpr std::array<std::pair<ChunkStrategy, std::string_view>, 10> kStrategies{
    {{ChunkStrategy::automatic, "auto"},
     {ChunkStrategy::fixed, "fixed"},
     {ChunkStrategy::sentence, "sentence"},
     {ChunkStrategy::paragraph, "paragraph"},
     {ChunkStrategy::section, "section"},
     {ChunkStrategy::row, "row"},
     {ChunkStrategy::code, "code"},
     {ChunkStrategy::semantic, "semantic"},
     {ChunkStrategy::parent_child, "parent-child"},
     {ChunkStrategy::late, "late"}}};

// A character of a script that is written without blanks between words.
bool is_unit_of_its_own(char32_t c) { return code_point_info(c).kind != ScriptKind::none && !is_mark(c); }

class WordUnits final : public UnitSplitter {
 public:
  std::string_view name() const override { return "words"; }
  void split(std::string_view text, std::vector<Span>& out) const override {
    std::size_t i = 0;
    while (i < text.size()) {
      while (i < text.size() && is_space_byte(text[i])) ++i;
      std::size_t begin = i;
      while (i < text.size() && !is_space_byte(text[i])) {
        if (static_cast<unsigned char>(text[i]) < 0xE0) {
          ++i;
          continue;
        }
        const Decoded read = utf8_decode(text.data() + i, text.data() + text.size());
        if (i > begin && is_unit_of_its_own(read.code_point)) {
          out.push_back({begin, i});
          begin = i;
        }
        i += read.size;
      }
      if (i > begin) out.push_back({begin, i});
    }
  }

 private:
  static bool is_space_byte(char c) { return static_cast<unsigned char>(c) <= ' '; }
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

// A section with the path that its chunks carry, what that costs, and what is left for their text.
struct Frame {
  Span body;
  std::string path;
  std::size_t prefix = 0;    // units of the path
  std::size_t capacity = 0;  // units of a chunk beside it
};

class Chunker {
 public:
  Chunker(const Document& document, const ChunkOptions& options, const UnitSplitter& splitter)
      : document_(document), options_(options), splitter_(splitter), text_(document.text) {
    splitter_.split(text_, units_);
  }

  // `vectors` is for the semantic strategy alone.
  Result<std::vector<Chunk>> run(const TextVectors& vectors, Context& context) {
    const bool rows = !document_.rows.empty() &&
                      (options_.strategy == ChunkStrategy::row || options_.strategy == ChunkStrategy::automatic);
    if (rows) {
      take_rows();
    } else if (options_.strategy == ChunkStrategy::semantic) {
      IG_TRY(take_semantic(vectors, context));
    } else {
      for (const Frame& frame : frames()) take_section(frame);
    }
    if (options_.strategy == ChunkStrategy::late) group_for_window();
    number_lines(text_, chunks_);
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
    const std::size_t from = at.begin;
    at = trimmed(text_, at);
    if (at.size() == 0) return;
    if (is_code()) at.begin = std::max(from, line_begin(at.begin));  // the indentation is part of it
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

  bool is_code() const { return document_.type == "code"; }

  // Where the text of a section begins: behind its heading, but for code, whose headings are part of the text.
  std::size_t section_begin(const Heading& heading, std::size_t floor) const {
    return is_code() ? input::begin_of_symbol(text_, line_begin(heading.at.begin), floor)
                     : line_begin(heading.at.begin);
  }

  std::vector<Section> sections() const {
    std::vector<Section> out;
    if (options_.strategy == ChunkStrategy::fixed || document_.headings.empty()) {
      return {{{document_.body, text_.size()}, ""}};
    }
    out.push_back({{document_.body, section_begin(document_.headings.front(), document_.body)}, ""});
    std::vector<const Heading*> stack;
    std::size_t code_begin = out.back().body.end;  // of what is in no section yet
    for (std::size_t i = 0; i < document_.headings.size(); ++i) {
      const Heading& heading = document_.headings[i];
      while (!stack.empty() && stack.back()->level >= heading.level) stack.pop_back();
      stack.push_back(&heading);
      const bool last = i + 1 == document_.headings.size();
      const std::size_t end = last ? text_.size() : section_begin(document_.headings[i + 1], line_end(heading.at.end));
      const bool has_child = !last && document_.headings[i + 1].level > heading.level;
      const std::size_t begin = is_code() ? code_begin : std::min(behind_heading(heading.at.end), end);
      // "class Two:" alone says little: it goes with its first member.
      if (is_code() && has_child && trimmed(text_, {begin, end}).end <= line_end(heading.at.end)) continue;
      code_begin = end;
      Section section{is_code() ? Span{begin, end} : trimmed(text_, {begin, end}), ""};
      for (const Heading* level : stack) {
        if (!section.path.empty()) section.path += kPathSeparator;
        section.path += text_.substr(level->at.begin, level->at.size());
      }
      if (section.body.size() == 0 && !has_child) section.body = heading.at;  // nothing but its heading
      out.push_back(std::move(section));
    }
    return out;
  }

  std::size_t line_begin(std::size_t offset) const {
    const std::size_t feed = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
    return feed == std::string_view::npos ? 0 : feed + 1;
  }

  // Behind the line that `offset` is on.
  std::size_t line_end(std::size_t offset) const { return std::min(text_.find('\n', offset), text_.size() - 1) + 1; }

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

  std::vector<Frame> frames() const {
    std::vector<Frame> out;
    for (Section& section : sections()) {
      // A prefix longer than its limit loses its outer levels first: the innermost says most.
      std::string path = std::move(section.path);
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
      out.push_back({section.body, std::move(path), prefix, capacity});
    }
    return out;
  }

  void take_section(const Frame& frame) {
    const auto& [body, path, prefix, capacity] = frame;
    const std::size_t overlap = std::min(options_.overlap, capacity / 2);
    switch (options_.strategy) {
      case ChunkStrategy::automatic:
      case ChunkStrategy::row:
      case ChunkStrategy::late:
        is_code() ? pack(blocks_of(body, capacity), capacity, 0, path, prefix)
                  : pack(sentence_pieces(body), capacity, overlap, path, prefix);
        break;
      case ChunkStrategy::fixed:
        cut(body, capacity, overlap, path, prefix);
        break;
      case ChunkStrategy::section:
        cut(body, capacity, 0, path, prefix);
        break;
      case ChunkStrategy::sentence:
        for (const Span& piece : sentence_pieces(body)) cut(piece, capacity, 0, path, prefix);
        break;
      case ChunkStrategy::paragraph:
        for (const Span& piece : paragraph_pieces(body)) pack(sentence_pieces(piece), capacity, 0, path, prefix);
        break;
      case ChunkStrategy::code:
        pack(blocks_of(body, capacity), capacity, 0, path, prefix);
        break;
      case ChunkStrategy::parent_child:
        take_children(frame);
        break;
      case ChunkStrategy::semantic:
        IG_ASSERT(false);
        break;  // all sections together, in take_semantic()
    }
  }

  std::vector<Span> blocks_of(Span body, std::size_t capacity) const {
    return input::code_pieces(text_, body, [&](Span part) { return units_in(part) <= capacity; });
  }

  // Packs the section twice: into parents, and each parent into chunks a quarter as long.
  void take_children(const Frame& frame) {
    const std::size_t first = chunks_.size();
    pack(is_code() ? blocks_of(frame.body, frame.capacity) : sentence_pieces(frame.body), frame.capacity, 0, frame.path,
         frame.prefix);
    const std::vector<Chunk> parents(chunks_.begin() + static_cast<std::ptrdiff_t>(first), chunks_.end());
    chunks_.resize(first);
    const std::size_t capacity = std::min(frame.capacity, std::max(frame.capacity / kChildren, kLeastCapacity));
    for (const Chunk& parent : parents) {
      const std::size_t child = chunks_.size();
      pack(is_code() ? blocks_of(parent.at, capacity) : sentence_pieces(parent.at), capacity, 0, frame.path,
           frame.prefix);
      for (std::size_t i = child; i < chunks_.size(); ++i) chunks_[i].wider = parent.at;
    }
  }

  // Runs of chunks that the model's window holds together; each is read with its run.
  void group_for_window() {
    const std::size_t window = options_.window != 0 ? options_.window : SIZE_MAX;
    for (std::size_t first = 0; first < chunks_.size();) {
      std::size_t end = first + 1;
      while (end < chunks_.size() && units_in({chunks_[first].at.begin, chunks_[end].at.end}) <= window) ++end;
      for (std::size_t i = first; i < end; ++i) chunks_[i].wider = {chunks_[first].at.begin, chunks_[end - 1].at.end};
      first = end;
    }
  }

  // Every sentence of the document is read once, with its neighbours in the section.
  Status take_semantic(const TextVectors& vectors, Context& context) {
    const std::vector<Frame> all = frames();
    std::vector<std::vector<Span>> pieces;  // (sections)
    std::vector<std::string> texts;
    for (const Frame& frame : all) {
      const std::vector<Span>& found = pieces.emplace_back(sentence_pieces(frame.body));
      for (std::size_t i = 0; i < found.size(); ++i) {
        const std::size_t begin = found[i == 0 ? 0 : i - 1].begin, end = found[std::min(i + 1, found.size() - 1)].end;
        texts.emplace_back(text_.substr(begin, end - begin));
      }
    }
    if (texts.empty()) return {};
    const Vectors rows = IG_TRY(vectors(texts, context));
    std::vector<std::vector<double>> gaps(all.size());  // (sections, sentences - 1)
    double sum = 0, squares = 0;
    std::size_t row = 0, count = 0;
    for (std::size_t s = 0; s < all.size(); row += pieces[s++].size()) {
      for (std::size_t i = 1; i < pieces[s].size(); ++i, ++count) {
        gaps[s].push_back(1 - cosine(rows.row_f32(row + i - 1), rows.row_f32(row + i)));
        sum += gaps[s].back();
        squares += gaps[s].back() * gaps[s].back();
      }
    }
    const double mean = count == 0 ? 0 : sum / static_cast<double>(count);
    const double deviation =
        count == 0 ? 0 : std::sqrt(std::max(0.0, squares / static_cast<double>(count) - mean * mean));
    for (std::size_t s = 0; s < all.size(); ++s) cut_at_gaps(all[s], pieces[s], gaps[s], mean + deviation);
    return {};
  }

  void cut_at_gaps(const Frame& frame, const std::vector<Span>& pieces, const std::vector<double>& gaps, double wide) {
    if (pieces.empty()) return;
    std::vector<std::size_t> units;
    for (const Span& piece : pieces) units.push_back(units_in(piece));
    const std::size_t least = std::min(kLeastCapacity, frame.capacity / 2);
    std::vector<std::size_t> cuts = input::cuts_at_gaps(gaps, units, wide, least, frame.capacity);
    cuts.push_back(pieces.size());
    std::size_t begin = 0;
    for (const std::size_t end : cuts) {  // pack: a part that could not be cut is too long still
      pack({pieces.begin() + static_cast<std::ptrdiff_t>(begin), pieces.begin() + static_cast<std::ptrdiff_t>(end)},
           frame.capacity, 0, frame.path, frame.prefix);
      begin = end;
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

  // Consecutive windows of `capacity` units, each `overlap` units back into the one before. A span may begin within a
  // unit (a sentence that no blank parts from the one before): then it begins with what is left of that.
  void cut(Span span, std::size_t capacity, std::size_t overlap, const std::string& path, std::size_t prefix) {
    const std::size_t last = unit_at(span.end);
    std::size_t first = unit_at(span.begin), begin = span.begin;
    for (; first + capacity < last; begin = units_[first].begin) {
      emit({begin, units_[first + capacity - 1].end}, path, prefix);
      first += capacity - overlap;
    }
    emit({begin, span.end}, path, prefix);
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
              "'" + std::string(name) +
                  "' is not a chunk strategy; use auto, fixed, sentence, paragraph, section, row, "
                  "code, semantic, parent-child or late." +
                  (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
}

std::string_view chunk_strategy_name(ChunkStrategy strategy) {
  return kStrategies[static_cast<std::size_t>(strategy)].second;
}

Result<std::vector<Chunk>> chunk_document(const Document& document, const ChunkOptions& options,
                                          const UnitSplitter& units) {
  Context context;
  const ChunkPlan plan{options, {&units, [](const UnitSplitter*) {}}, {}, false};
  return chunk_document(document, plan, context);
}

Result<std::vector<Chunk>> chunk_document(const Document& document, const ChunkPlan& plan, Context& context) {
  return guard([&]() -> Result<std::vector<Chunk>> {
    const ChunkOptions& options = plan.options;
    if (options.size == 0) return fail(Code::invalid_argument, "The chunk size must be at least 1 unit.");
    if (options.strategy == ChunkStrategy::row && document.rows.empty()) {
      return fail(Code::invalid_argument,
                  "Chunk strategy 'row' needs a table (CSV, TSV, JSON lines); this is " + document.type + ".");
    }
    const bool semantic = options.strategy == ChunkStrategy::semantic, late = options.strategy == ChunkStrategy::late;
    if ((semantic && !plan.vectors) || (late && !plan.token_vectors)) {
      return fail(Code::unsupported, "Chunk strategy '" + std::string(chunk_strategy_name(options.strategy)) +
                                         "' needs a model that gives vectors of " + (late ? "tokens" : "texts") +
                                         " before the texts are cut, not one fitted on them. Name one with -m MODEL.");
    }
    return Chunker(document, options, *plan.units).run(plan.vectors, context);
  });
}

std::string chunk_text(const Document& document, const Chunk& chunk) {
  return indexed_text(chunk.heading, std::string_view(document.text).substr(chunk.at.begin, chunk.at.size()));
}

}  // namespace isogloss
