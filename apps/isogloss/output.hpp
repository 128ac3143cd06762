// SPDX-License-Identifier: Apache-2.0
// Printing that several verbs share.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli.hpp"
#include "core/hit_json.hpp"
#include "core/json.hpp"
#include "isogloss/collection.hpp"
#include "isogloss/embedding_cache.hpp"
#include "isogloss/family.hpp"

namespace isogloss::cli {

// Opens a collection for reading by name or path.
Result<std::unique_ptr<Collection>> open_collection(const std::string& name, OpenMode mode,
                                                    const CollectionOptions& options, Context& context);

// Calls visit(line) for every line of a text file, packed or not; "-" = standard input. Lines end at LF, a CR before it
// goes.
Status each_line(const std::string& file, const std::function<Status(std::string_view)>& visit);

// The texts of files with a text per line, or tables and JSON lines; blank ones are left out. Error{corrupt_data}:
// none.
Result<std::vector<std::string>> read_all_texts(const std::vector<std::string>& files, const DatasetOptions& options,
                                                Context& context);

// The value of --truncate: error, start or end.
// --embedding-cache SIZE|off: the cache in its usual place, null when off. One that cannot be opened is warned about and
// left aside. Error{invalid_argument}: no size.
Result<std::shared_ptr<EmbeddingCache>> embedding_cache_value(Program& program, std::string_view text);
inline constexpr const char* kEmbeddingCacheHelp = "most bytes of vectors kept for texts seen again, or off [1G]";

Result<Truncate> truncate_value(std::string_view text);

// Names with values, in order: a table, or one JSON object.
void print_facts(Program& program, const std::vector<std::pair<std::string, std::string>>& facts);

// A word and its score a line: {"word","score"}, or a table.
void print_words(Program& program, const std::vector<WordScore>& words);

// "guide/a.md, Refunds > Period, page 3, bytes 120-188".
std::string source_line(const StoredChunk& chunk, Span at);
// "bytes 120-188, line 12, page 3, 0:01:02.000 to 0:01:05.500", and a line for each line of words on a page.
std::string place_line(Span at, std::uint32_t line, std::uint32_t page, std::span<const Box> words,
                       std::span<const Moment> moments);
// A passage on lines of at most `width` columns, indented, at most `lines` of them.
std::string wrapped(std::string_view text, std::size_t width, std::size_t lines, std::string_view indent);

// Chunking flags of index and chunk.
struct ChunkFlags {
  std::string strategy;
  std::size_t size = 0, overlap = static_cast<std::size_t>(-1);
  void describe(Flags& flags);
  // Nothing when no flag was given.
  Result<std::optional<ChunkOptions>> options() const;
};

// Flags of reading files.
struct ReadFlags {
  std::string max_size, id_field, ocr_language;
  std::vector<std::string> text_fields, extractors;
  bool ocr = false;
  void describe(Flags& flags);
  Result<ReadOptions> options() const;
};

// Mode, filter and the like, of search and ask.
struct SearchFlags {
  std::string mode, where, min_score, rerank, fusion;
  double mmr = 0;
  std::optional<double> dense_weight;
  double recall = 0.99;
  bool exact = false;
  void describe(Flags& flags);
  Result<SearchOptions> options(Context& context) const;
};

}  // namespace isogloss::cli
