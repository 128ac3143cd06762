// SPDX-License-Identifier: Apache-2.0
#include "vectors/word_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/describe.hpp"
#include "core/file.hpp"
#include "core/packed_cache.hpp"
#include "core/parallel.hpp"
#include "core/utf8.hpp"
#include "math/vector.hpp"
#include "tokens/counting/sparse_embedder.hpp"
#include "vectors/packed_words.hpp"
#include "vectors/word_split.hpp"

namespace isogloss::vectors {

template <class Visitor>
void describe(WordModelOptions& o, Visitor& v) {
  v("pool", o.pool, Choice{"mean|sif|idf"}, "How the words of a text are weighed in its mean.");
  v("normalize", o.normalize, "Scale the vectors of texts to length 1.");
}

namespace {

constexpr std::size_t kGrain = 64;  // texts of one task
constexpr double kSif = 1e-3;

struct WordRows final : Prepared::Body {
  std::vector<std::vector<std::uint32_t>> ids;  // (texts) of the words that are in the vocabulary
};

// Words, counts and rows, which look into the table.
formats::ModelParts table_parts(const WordTable& table, std::string_view family, std::string_view trained_on) {
  formats::ModelParts parts;
  parts.family = family;
  parts.trained_on = trained_on;
  StringPack words;
  for (std::size_t i = 0; i < table.size(); ++i) words.add(table.word(i));
  parts.files["vocabulary.txt"] = words.to_lines();
  parts.tensors.add_view("vectors", {table.size(), table.dim()}, table.rows());
  std::vector<std::int64_t> counts(table.counts().begin(), table.counts().end());
  if (!counts.empty()) parts.tensors.add("counts", {counts.size()}, std::span<const std::int64_t>(counts));
  return parts;
}

WordPool parse_pool(std::string_view text) {
  return text == "sif" ? WordPool::sif : text == "idf" ? WordPool::idf : WordPool::mean;
}

}  // namespace

WordModel::WordModel(WordTable table, const WordModelOptions& options, WordModelInfo info)
    : table_(std::move(table)), pool_(parse_pool(options.pool)), normalize_(options.normalize) {
  card_.family = std::move(info.family);
  card_.modalities = {Modality::text};
  card_.dimension = table_.dim();
  card_.normalized = normalize_;
  card_.bytes = table_.bytes();
  card_.trained_on = std::move(info.trained_on);
  card_.facts = std::move(info.facts);
  card_.facts["vocabulary"] = std::to_string(table_.size());
  card_.facts["pool"] = options.pool;
  card_.space_id = std::move(info.space_id);
  if (card_.space_id.empty()) card_.space_id = formats::space_id_of(WordModel::parts());
}

const void* WordModel::find(AbilityId id) const {
  if (id == AbilityId::embedder) return static_cast<const Embedder*>(this);
  if (id == AbilityId::vocabulary) return static_cast<const Vocabulary*>(this);
  return nullptr;
}

void WordModel::word_vector(std::size_t index, std::span<float> out) const {
  std::ranges::copy(table_.row(index), out.begin());
}

std::optional<std::uint32_t> WordModel::find_text_word(std::string_view word) const {
  auto index = table_.find(word);
  if (!index) index = table_.find(to_lower_full(word));
  if (!index) return std::nullopt;
  return static_cast<std::uint32_t>(*index);
}

Result<Prepared> WordModel::prepare(std::span<const Input> inputs, const EmbedOptions& options,
                                    Context& context) const {
  IG_TRY(context.check());
  if (options.dim > table_.dim()) {
    return fail(Code::invalid_argument, "this model has " + std::to_string(table_.dim()) + " dimensions, not " +
                                            std::to_string(options.dim) + ".");
  }
  if (options.outputs == Outputs::tokens) return fail(Code::unsupported, "this model gives vectors of words: --words.");
  auto body = std::make_unique<WordRows>();
  body->ids.resize(inputs.size());
  std::vector<RowReport> reports(inputs.size());
  parallel_for(context, inputs.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    if (!context.check()) return;  // told below
    std::string scratch;
    for (std::size_t i = begin; i < end; ++i) {
      const auto text = tokens::text_of(inputs[i], scratch);
      if (!text) {
        reports[i].error = text.error();
        continue;
      }
      split_words(*text, true, [&](std::string_view word) {
        if (const auto id = find_text_word(word)) body->ids[i].push_back(*id);
      });
      reports[i].tokens_used = body->ids[i].size();
    }
  });
  IG_TRY(context.check());
  return Prepared(std::move(reports), std::vector<std::uint32_t>(inputs.size(), 1), std::move(body));
}

Status WordModel::run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const {
  IG_TRY(context.check());
  if (out.dense == nullptr) return {};
  std::size_t first = 0;
  for (const Slice& slice : slices) {
    const auto& rows = static_cast<const WordRows&>(slice.prepared->body());
    parallel_for(context, slice.end - slice.begin, kGrain, [&](std::size_t begin, std::size_t end) {
      std::vector<float> weights;
      for (std::size_t i = begin; i < end; ++i) {
        const std::span<const std::uint32_t> ids = rows.ids[slice.begin + i];
        const std::span<float> to = out.dense->row_f32(first + i);
        weights.clear();
        for (const std::uint32_t id : ids) {
          const double share = table_.share(id);
          weights.push_back(pool_ == WordPool::sif   ? static_cast<float>(kSif / (kSif + share))
                            : pool_ == WordPool::idf ? static_cast<float>(-std::log(share))
                                                     : 1.0F);
        }
        math::weighted_sum(weights, ids, table_.rows().data(), table_.dim(), to);
        if (normalize_) {
          math::scale_to_length(1, to);
        } else if (!ids.empty()) {
          math::scale(1.0F / static_cast<float>(ids.size()), to);
        }
      }
    });
    first += slice.end - slice.begin;
  }
  return {};
}

formats::ModelParts WordModel::parts() const { return table_parts(table_, card_.family, card_.trained_on); }

Result<std::vector<std::vector<WordScore>>> WordModel::nearest(std::span<const NearestRequest> requests, std::size_t n,
                                                               std::size_t among, Context& context) const {
  // Nearly all words as answers: no bound saves anything.
  const bool few = n < table_.size() / 16;
  return few && !table_.scan().empty() ? table_.nearest(requests, n, among, context)
                                       : Vocabulary::nearest(requests, n, among, context);
}

Status WordModel::save(const std::filesystem::path& folder, Context& context) const {
  IG_TRY(context.check());
  return formats::save_model_folder(folder, parts(), card_);
}

std::vector<OptionInfo> word_load_options() { return option_infos<WordModelOptions>(); }

Result<WordModelOptions> parse_word_options(const OptionValues& values, std::string_view family) {
  return parse_options<WordModelOptions>(values, "Family '" + std::string(family) + "'");
}

Recognised recognise_word_model(const FileSet& files, std::string_view family,
                                std::span<const formats::WordVectorLayout> layouts) {
  if (!files.is_single_file()) return formats::recognise_model_folder(files, family);
  const auto found = formats::recognise_word_vector_file(files.origin());
  return std::ranges::find(layouts, found) != layouts.end() ? Recognised::exact : Recognised::none;
}

Result<ModelPtr> load_word_model(const FileSet& files, std::string_view family, const OptionValues& values,
                                 Context& context) {
  const auto options = IG_TRY(parse_word_options(values, family));
  WordModelInfo info;
  info.family = family;
  if (files.is_single_file()) {
    info.trained_on = files.name();
    OpenedWords opened = IG_TRY(open_word_file(files, family, context));
    info.space_id = std::move(opened.space_id);
    return std::make_shared<WordModel>(std::move(opened.table), options, std::move(info));
  }
  const formats::ModelSource source = IG_TRY(formats::open_model_folder(files, family));
  info.trained_on = source.trained_on;
  info.space_id = source.space_id;
  return std::make_shared<WordModel>(IG_TRY(read_word_folder(source)), options, std::move(info));
}

Result<WordTable> read_word_folder(const formats::ModelSource& source) {
  const StringPack names = StringPack::from_lines(IG_TRY(source.files->read("vocabulary.txt")));
  tokens::WordMap words;
  words.reserve(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (words.insert(names[i]) != i) {
      return fail(Code::corrupt_data, "'" + source.files->origin().string() + "': vocabulary.txt has the word '" +
                                          std::string(names[i]) + "' twice.");
    }
  }
  const std::size_t shape[] = {names.size(), formats::SafeTensors::any_extent};
  std::vector<std::uint64_t> counts;
  if (source.tensors.tensors().contains("counts")) {
    const std::size_t extent[] = {names.size()};
    const auto read = IG_TRY(source.tensors.read<std::int64_t>("counts", extent));
    counts.assign(read.begin(), read.end());
  }
  const auto rows = IG_TRY(source.tensors.view<float>("vectors", shape));
  if (names.size() == 0 || rows.empty()) {
    return fail(Code::corrupt_data, "'" + source.files->origin().string() + "' holds no word.");
  }
  if (!std::ranges::all_of(rows, [](float x) { return std::isfinite(x); })) {
    return fail(Code::corrupt_data,
                "'" + source.files->origin().string() + "': tensor 'vectors' has a number that is not finite.");
  }
  const std::size_t dim = rows.size() / names.size();
  if (source.mapped) return WordTable(frozen(words), source.mapped, rows, dim, std::move(counts));
  return WordTable(words, std::vector<float>(rows.begin(), rows.end()), dim, std::move(counts));
}

namespace {

Result<WordTable> read_word_file(const std::filesystem::path& path, Context& context) {
  formats::WordVectors read = IG_TRY(formats::read_word_vectors(path, context));
  if (read.repeated > 0) {
    context.say(LogLevel::warning, "'" + path.string() + "' has " + std::to_string(read.repeated) +
                                       " words twice; the first row of each is kept.");
  }
  FrozenWords words(read.words.size(), [&](std::size_t i) { return read.words[i]; });
  auto rows = std::make_shared<const std::vector<float>>(std::move(read.rows));
  return WordTable(std::move(words), rows, *rows, read.dim, {});
}

}  // namespace

Result<OpenedWords> open_word_file(const FileSet& files, std::string_view family, Context& context) {
  const std::filesystem::path& path = files.origin();
  const PackedCache* cache = files.cache();
  const FileStamp stamp = IG_TRY(stat_file(path));
  if (cache == nullptr || stamp.size < kPackedFrom) return OpenedWords{IG_TRY(read_word_file(path, context)), {}};
  const std::string what = kPackedMark + std::string(family);
  if (const auto space_id = cache->remembered(path, what)) {
    if (const auto packed = cache->find(kPackedMark + *space_id)) {
      auto opened = open_packed_words(*packed);
      if (opened) return opened;
      context.say(LogLevel::warning, opened.error().message);  // and is made again
    }
  }
  context.say(LogLevel::info, "reading '" + path.string() + "' once; it opens at once from then on.");
  const WordTable table = IG_TRY(read_word_file(path, context));
  const std::string space_id = formats::space_id_of(table_parts(table, family, files.name()));
  const auto packed = cache->place(kPackedMark + space_id, packed_words_bytes(table));
  const Status written =
      packed ? write_packed_words(*packed, table, space_id, context) : std::unexpected(packed.error());
  if (!written) {  // as on a full disk: it works without
    context.say(LogLevel::warning, written.error().message + " The words are used from memory.");
    return OpenedWords{table, space_id};
  }
  cache->remember(path, what, space_id);
  return open_packed_words(*packed);
}

}  // namespace isogloss::vectors
