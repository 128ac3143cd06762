// SPDX-License-Identifier: Apache-2.0
#include "output.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <iterator>

#include "core/places.hpp"
#include "core/text.hpp"
#include "core/truncate.hpp"
#include "core/unpack.hpp"

namespace isogloss::cli {

Result<std::unique_ptr<Collection>> open_collection(const std::string& name, OpenMode mode,
                                                    const CollectionOptions& options, Context& context) {
  const auto folder = IG_TRY(from_flags(collection_folder(name)));
  return from_flags(Collection::open(folder, mode, options, context));
}

Status each_line(const std::string& file, const std::function<Status(std::string_view)>& visit) {
  const std::string content =
      file == "-" ? std::string(std::istreambuf_iterator<char>(std::cin), {}) : IG_TRY(read_unpacked(file, SIZE_MAX));
  if (content.empty()) return {};
  std::string_view text = content;
  if (text.ends_with('\n')) text.remove_suffix(1);
  for (std::string_view line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    IG_TRY(visit(line));
  }
  return {};
}

Result<std::vector<std::string>> read_all_texts(const std::vector<std::string>& files, const DatasetOptions& options,
                                                Context& context) {
  const std::vector<std::filesystem::path> paths(files.begin(), files.end());
  const auto data = IG_TRY(open_dataset(paths, options, context));
  std::vector<std::string> texts;
  IG_TRY(data->for_each(
      [&](const Record& record) -> Status {
        if (!trim(record.text).empty()) texts.emplace_back(record.text);
        return {};
      },
      context));
  if (texts.empty()) return fail(Code::corrupt_data, "'" + data->description() + "' has no text in it.");
  return texts;
}

Result<std::shared_ptr<EmbeddingCache>> embedding_cache_value(Program& program, std::string_view text) {
  if (text == "off") return std::shared_ptr<EmbeddingCache>();
  EmbeddingCache::Options options;
  if (!text.empty()) options.most_bytes = IG_TRY(from_flags(parse_bytes(text)));
  auto cache = EmbeddingCache::open(EmbeddingCache::usual_place(), options);
  if (cache) return cache;
  program.warn("no embedding cache: " + cache.error().message);
  return std::shared_ptr<EmbeddingCache>();
}

Result<Truncate> truncate_value(std::string_view text) { return from_flags(parse_truncate(text, "--truncate")); }

void print_facts(Program& program, const std::vector<std::pair<std::string, std::string>>& facts) {
  std::string out;
  JsonWriter json(out);
  json.begin_object();
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, value] : facts) {
    json.field(name, value);
    rows.push_back({name, value});
  }
  json.end_object();
  program.flags.json ? program.line(std::move(out)) : program.out(format_table(rows));
}

void print_words(Program& program, const std::vector<WordScore>& words) {
  std::string out;
  std::vector<std::vector<std::string>> rows;
  for (const WordScore& word : words) {
    JsonWriter(out).begin_object().field("word", word.word).field("score", word.score).end_object();
    out += '\n';
    rows.push_back({word.word, fixed(word.score, 4)});
  }
  program.out(program.flags.json ? out : format_table(rows));
}

std::string source_line(const StoredChunk& chunk, Span at) {
  std::string out = chunk.document;
  if (!chunk.heading.empty()) out += ", " + chunk.heading;
  if (chunk.page != 0) out += ", page " + std::to_string(chunk.page);
  return out + ", bytes " + std::to_string(at.begin) + "-" + std::to_string(at.end);
}

std::string place_line(Span at, std::uint32_t line, std::uint32_t page, std::span<const Box> words,
                       std::span<const Moment> moments) {
  std::string out = "bytes " + std::to_string(at.begin) + "-" + std::to_string(at.end);
  if (line != 0) out += ", line " + std::to_string(line);
  if (page != 0) out += ", page " + std::to_string(page);
  if (const auto time = time_of(moments, at)) out += ", " + clock_time(time->begin) + " to " + clock_time(time->end);
  for (const Box& box : line_boxes(words, at)) {
    out += "\n           box on page " + std::to_string(box.page) + ": left " + fixed(box.left, 1) + ", top " +
           fixed(box.top, 1) + ", right " + fixed(box.right, 1) + ", bottom " + fixed(box.bottom, 1);
  }
  return out;
}

std::string wrapped(std::string_view text, std::size_t width, std::size_t lines, std::string_view indent) {
  std::string out, line;
  std::size_t count = 0;
  const std::string flat = one_line(text);
  const auto flush = [&] {
    out += std::string(indent) + line + "\n";
    line.clear();
    return ++count == lines;
  };
  for (const std::string_view word : split(flat, ' ')) {
    if (!line.empty() && line.size() + 1 + word.size() > width) {
      if (count + 1 == lines) line += " ...";
      if (flush()) return out;
    }
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  if (!line.empty()) flush();
  return out;
}

void ChunkFlags::describe(Flags& flags) {
  flags.value("--chunk", strategy,
              "auto, fixed, sentence, paragraph, section, row, code, semantic, parent-child or late [auto]");
  flags.value("--chunk-size", size, "most units of a chunk (words, or the model's tokens); 0 = 256");
  flags.value("--chunk-overlap", overlap, "units repeated from the chunk before [32]");
}

Result<std::optional<ChunkOptions>> ChunkFlags::options() const {
  if (strategy.empty() && size == 0 && overlap == static_cast<std::size_t>(-1)) return std::nullopt;
  ChunkOptions out;
  if (!strategy.empty()) {
    const auto parsed = parse_chunk_strategy(strategy);
    if (!parsed) return usage_error(parsed.error().message);
    out.strategy = *parsed;
  }
  if (size != 0) out.size = size;
  out.overlap = overlap != static_cast<std::size_t>(-1) ? overlap : std::min(out.overlap, out.size / 4);
  if (out.overlap >= out.size) return usage_error("--chunk-overlap must be smaller than --chunk-size.");
  return out;
}

namespace {

// "pdf=COMMAND" or ".pdf=COMMAND" is for that extension; anything else is a command for all files.
Extractor parse_extractor(std::string_view text) {
  const std::size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const bool extension = equals != std::string_view::npos && !name.empty() && name.size() <= 12 &&
                         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.") == std::string_view::npos;
  if (!extension) return {"", std::string(text)};
  return {(name.starts_with('.') ? "" : ".") + std::string(name), std::string(text.substr(equals + 1))};
}

}  // namespace

void ReadFlags::describe(Flags& flags) {
  flags.value("--max-size", max_size, "skip files larger than this [100M]");
  flags.value("--text-field", text_fields, "column of a table that holds text (repeat for several)");
  flags.value("--id-field", id_field, "column of a table that holds the row's id");
  flags.value(
      "--extract-cmd", extractors,
      "EXT=COMMAND or COMMAND that turns a file into JSON lines {\"text\",\"page\"}; gets the path on its input");
  flags.flag("--ocr", ocr, "read pages without text by tesseract");
  flags.value("--ocr-language", ocr_language, "languages of --ocr, as eng+deu [eng]");
}

Result<ReadOptions> ReadFlags::options() const {
  ReadOptions out;
  if (!max_size.empty()) {
    const auto bytes = parse_bytes(max_size);
    if (!bytes) return usage_error("--max-size: " + bytes.error().message);
    out.max_size = *bytes;
  }
  out.text_fields = text_fields;
  out.id_field = id_field;
  for (const std::string& extractor : extractors) out.extractors.push_back(parse_extractor(extractor));
  if (ocr || !ocr_language.empty()) out.ocr = ocr_language.empty() ? "eng" : ocr_language;
  return out;
}

void SearchFlags::describe(Flags& flags) {
  flags.value("--mode", mode, "hybrid, dense or lexical (default: hybrid when there are vectors)");
  flags.value("--where", where, "filter, as: year >= 2024 and lang = \"en\"");
  flags.value("--mmr", mmr, "weight of relevance against novelty, 0..1; 0 = off");
  flags.value("--min-score", min_score, "KIND:X drops hits that score below, as bm25:5 or cosine:0.3");
  flags.value("--rerank", rerank, "model that scores (query, passage) pairs");
  flags.value("--fusion", fusion, "how hybrid lists are joined: rrf or weighted [rrf]");
  flags.value("--dense-weight", dense_weight,
              "how much the vectors count beside the words, 0..1 (default: by the kind of model)");
  flags.value("--recall", recall, "share of the nearest vectors to find on average, above 0; 1 = all");
  flags.flag("--exact", exact, "find all of the nearest vectors, as --recall 1");
}

Result<SearchOptions> SearchFlags::options(Context& context) const {
  SearchOptions out;
  if (!mode.empty()) {
    const auto parsed = parse_search_mode(mode);
    if (!parsed) return usage_error("--mode: " + parsed.error().message);
    out.mode = *parsed;
  }
  out.where = where;
  out.mmr = mmr;
  out.dense_weight = dense_weight;
  out.recall = recall;
  out.exact = exact;
  if (fusion == "weighted") {
    out.fusion = Fusion::weighted;
  } else if (!fusion.empty() && fusion != "rrf") {
    return usage_error("--fusion must be rrf or weighted, not '" + fusion + "'.");
  }
  if (!min_score.empty()) {
    const std::size_t colon = min_score.find(':');
    double limit = 0;
    const char* begin = min_score.data() + (colon == std::string::npos ? 0 : colon + 1);
    const auto r = std::from_chars(begin, min_score.data() + min_score.size(), limit);
    std::optional<ScoreKind> kind;
    for (const ScoreKind known : {ScoreKind::cosine, ScoreKind::dot, ScoreKind::euclidean, ScoreKind::bm25,
                                  ScoreKind::rrf, ScoreKind::weighted, ScoreKind::rerank}) {
      if (score_kind_name(known) == min_score.substr(0, colon)) kind = known;
    }
    if (!kind || r.ec != std::errc() || r.ptr != min_score.data() + min_score.size()) {
      return usage_error("--min-score takes KIND:X with one of cosine, dot, bm25, rrf, weighted, rerank; not '" +
                         min_score + "'.");
    }
    out.min_score = {*kind, limit};
  }
  if (!rerank.empty()) out.reranker = IG_TRY(load(rerank, {}, context));
  return out;
}

}  // namespace isogloss::cli
