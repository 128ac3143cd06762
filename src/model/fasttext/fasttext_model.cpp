// SPDX-License-Identifier: Apache-2.0
// The vector of a text is fastText's own: of a word model the mean of the unit vectors of its words, of a classifier
// the mean of all rows of the line, its end included, which is what the labels are told from.
#include "model/fasttext/fasttext_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/hash.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "math/vector.hpp"
#include "tokens/counting/sparse_embedder.hpp"

namespace isogloss::model {
namespace {

using formats::FasttextKind;

constexpr std::size_t kGrain = 64;        // texts of one task
constexpr std::size_t kWordGrain = 1024;  // words of one task
constexpr double kSif = 1e-3;

// The rows of texts, word after word.
struct TextRows final : Prepared::Body {
  struct Text {
    std::vector<std::uint32_t> rows;
    std::vector<std::size_t> ends;  // of each word's rows
    std::vector<float> weights;     // of each word
  };
  std::vector<Text> texts;
};

std::string_view kind_name(FasttextKind kind) {
  return kind == FasttextKind::cbow ? "cbow" : kind == FasttextKind::skipgram ? "skipgram" : "supervised";
}

// SHA-256 of the file that the original would write and of what decides beside it.
std::string space_of(const formats::FasttextFile& file, const FasttextInfo& info) {
  Sha256 hash;
  if (file.settings.hashes > 0) hash.update("floret " + std::to_string(file.settings.hashes) + "\n");
  hash.update(std::string("fasttext\n") + (info.rules.ascii_blanks ? "a" : "u") + (info.rules.signs ? "s" : "b") +
              (info.rules.lowercase ? "l" : "c"));
  (void)formats::write_fasttext(file, [&](std::span<const std::byte> bytes) -> Status {
    hash.update({static_cast<const char*>(static_cast<const void*>(bytes.data())), bytes.size()});
    return {};
  });
  return hash.hex();
}

}  // namespace

FasttextModel::FasttextModel(formats::FasttextFile file, FasttextInfo info)
    : file_(std::move(file)), info_(std::move(info)) {
  const formats::FasttextSettings& s = file_.settings;
  subwords_ = tokens::Subwords(
      file_.words.size(), {static_cast<std::size_t>(std::max(s.minn, 0)), static_cast<std::size_t>(std::max(s.maxn, 0)),
                           static_cast<std::size_t>(s.bucket), static_cast<std::size_t>(s.hashes)});
  if (!file_.pruned) return;
  std::unordered_map<std::uint32_t, std::uint32_t> kept;
  for (const auto& [bucket, row] : file_.kept) {
    kept[static_cast<std::uint32_t>(bucket)] = static_cast<std::uint32_t>(row);
  }
  subwords_.keep_only(std::move(kept));
}

Result<std::shared_ptr<FasttextModel>> FasttextModel::make(formats::FasttextFile file, FasttextInfo info,
                                                           std::string_view where) {
  std::shared_ptr<FasttextModel> model(new FasttextModel(std::move(file), std::move(info)));
  const formats::FasttextFile& own = model->file_;
  model->words_.reserve(own.words.size());
  for (std::size_t i = 0; i < own.words.size(); ++i) {
    if (model->words_.insert(own.words[i]) != i) {
      return fail(Code::corrupt_data,
                  "'" + std::string(where) + "' has the word '" + std::string(own.words[i].substr(0, 40)) + "' twice.");
    }
  }
  if (model->supervised()) model->scorer_ = IG_TRY(LabelScorer::make(own, where));
  if (model->supervised() && model->info_.options.pool != "mean") {
    return fail(Code::invalid_argument, "pool = " + model->info_.options.pool +
                                            " is for word models; a classifier takes "
                                            "the mean of all rows of a text.");
  }
  model->describe_card();
  return model;
}

void FasttextModel::describe_card() {
  const formats::FasttextSettings& s = file_.settings;
  card_.family = kFasttextFamily;
  card_.modalities = {Modality::text};
  card_.dimension = file_.input.columns;
  card_.normalized = info_.options.normalize;
  card_.bytes = file_.input.bytes() + file_.output.bytes() + words_.bytes();
  card_.trained_on = info_.trained_on;
  card_.facts["model"] = kind_name(s.kind);
  card_.facts["vocabulary"] = std::to_string(file_.words.size());
  card_.facts["pool"] = info_.options.pool;
  card_.facts["ngrams"] =
      subwords_.has_ngrams()
          ? std::to_string(s.minn) + " to " + std::to_string(s.maxn) + " letters in " +
                std::to_string(s.hashes > 0 ? file_.input.rows : file_.input.rows - file_.words.size()) + " rows"
          : "none";
  if (s.hashes > 0) card_.facts["floret"] = counted(static_cast<std::size_t>(s.hashes), "row") + " a piece of a word";
  if (supervised()) card_.facts["labels"] = std::to_string(file_.labels.size());
  if (s.word_ngrams > 1) card_.facts["word_ngrams"] = std::to_string(s.word_ngrams);
  if (file_.input.quantised) card_.facts["quantised"] = "parts of " + std::to_string(file_.input.part) + " columns";
  card_.space_id = info_.space_id.empty() ? space_of(file_, info_) : info_.space_id;
}

const void* FasttextModel::find(AbilityId id) const {
  if (id == AbilityId::embedder) return static_cast<const Embedder*>(this);
  if (id == AbilityId::vocabulary) return static_cast<const Vocabulary*>(this);
  if (id == AbilityId::classifier && supervised()) return static_cast<const Classifier*>(this);
  return nullptr;
}

Status FasttextModel::save(const std::filesystem::path& folder, Context& context) const {
  IG_TRY(context.check());
  return formats::save_model_folder(folder, parts(), card_);
}

formats::ModelParts FasttextModel::parts() const {
  formats::ModelParts parts = fasttext_parts(file_);
  parts.options = info_.trained_with;
  parts.trained_on = info_.trained_on;
  parts.state.emplace_back("ascii_blanks", Json(info_.rules.ascii_blanks));
  parts.state.emplace_back("signs", Json(info_.rules.signs));
  parts.state.emplace_back("lowercase", Json(info_.rules.lowercase));
  return parts;
}

std::optional<std::size_t> FasttextModel::find_word(std::string_view word) const {
  const std::uint32_t id = words_.find(word);
  if (id == tokens::WordMap::kNone) return std::nullopt;
  return id;
}

void FasttextModel::add_rows(std::string_view word, std::vector<std::uint32_t>& rows) const {
  const std::uint32_t id = words_.find(word);
  if (id != tokens::WordMap::kNone && file_.settings.hashes == 0) rows.push_back(id);
  subwords_.add_ngrams(word, rows);
}

// The line's end is a word of the line also for runs of words, and what stands behind one in the text is not read.
void FasttextModel::add_line(std::string_view text, std::vector<std::uint32_t>& rows) const {
  const auto longest = static_cast<std::size_t>(file_.settings.word_ngrams);
  std::vector<std::uint32_t> hashes;
  bool ended = false;
  const auto add = [&](std::string_view word) {
    if (ended || word.starts_with(info_.options.label_prefix)) return;
    add_rows(word, rows);
    if (longest > 1) hashes.push_back(tokens::word_hash(word));
    ended = word == tokens::kLineEnd;
  };
  each_word(text, info_.rules, info_.options.label_prefix, add);
  if (!ended) add(tokens::kLineEnd);
  subwords_.add_word_ngrams(hashes, longest, rows);
}

void FasttextModel::mean_of(std::span<const std::uint32_t> rows, std::span<float> out) const {
  std::ranges::fill(out, 0.0F);
  if (rows.empty()) return;
  const float share = 1.0F / static_cast<float>(rows.size());
  if (file_.input.quantised) {
    const math::ProductCodes codes = codes_of(file_.input);
    for (const std::uint32_t row : rows) math::add_coded_row(codes, row, 1, out);
    math::scale(share, out);
    return;
  }
  thread_local std::vector<float> ones;
  ones.assign(rows.size(), share);
  math::weighted_sum(ones, rows, file_.input.values.data(), file_.input.columns, out);
}

void FasttextModel::word_vector(std::size_t index, std::span<float> out) const {
  thread_local std::vector<std::uint32_t> rows;
  rows.clear();
  add_rows(word(index), rows);
  mean_of(rows, out);
}

Status FasttextModel::any_word_vector(std::string_view word, std::span<float> out) const {
  std::vector<std::uint32_t> rows;
  add_rows(word, rows);
  if (rows.empty()) return Vocabulary::any_word_vector(word, out);  // says so
  mean_of(rows, out);
  return {};
}

Result<std::vector<WordPart>> FasttextModel::word_parts(std::string_view word) const {
  std::vector<WordPart> out;
  std::vector<std::uint32_t> rows;
  const auto add_hashed = [&](std::string_view piece, std::size_t begin, std::size_t end) {
    rows.clear();
    subwords_.add_hashed(piece, rows);
    for (const std::uint32_t row : rows) out.push_back({std::string(piece), row, begin, end});
  };
  if (file_.settings.hashes > 0) {
    add_hashed("<" + std::string(word) + ">", 0, word.size());
    subwords_.each_ngram(word, [&](const tokens::Ngram& gram) { add_hashed(gram.text, gram.begin, gram.end); });
    return out;
  }
  if (const auto id = find_word(word)) out.push_back({std::string(word), *id, 0, word.size()});
  if (!subwords_.has_ngrams()) return out;
  subwords_.each_ngram(word, [&](const tokens::Ngram& gram) {
    std::uint32_t row = 0;
    if (!subwords_.row_of(gram.hash, row)) return;
    out.push_back({std::string(gram.text), row, gram.begin, gram.end});
  });
  return out;
}

// Once made they stay as they are, so that only who makes them holds the lock for long.
Result<std::span<const float>> FasttextModel::all_words(Context& context) const {
  const std::lock_guard lock(mutex_);
  if (!all_words_.empty()) return std::span<const float>(all_words_);
  const std::size_t dim = word_dimension();
  std::vector<float> made(word_count() * dim);
  parallel_for(context, word_count(), kWordGrain, [&](std::size_t begin, std::size_t end) {
    if (!context.check()) return;  // told below
    for (std::size_t i = begin; i < end; ++i) {
      const std::span<float> row = std::span(made).subspan(i * dim, dim);
      word_vector(i, row);
      math::scale_to_length(1, row);
    }
  });
  IG_TRY(context.check());
  all_words_ = std::move(made);
  return std::span<const float>(all_words_);
}

Status FasttextModel::cosines(std::span<const float> vector, std::span<float> out, Context& context) const {
  IG_TRY(context.check());
  const std::size_t dim = word_dimension();
  const std::span<const float> words = IG_TRY(all_words(context));
  const float length = std::sqrt(math::squared_length(vector));
  parallel_for(context, word_count(), kWordGrain, [&](std::size_t begin, std::size_t end) {
    const std::span<float> to = out.subspan(begin, end - begin);
    math::dot_rows(vector, words.data() + begin * dim, to);
    math::scale(length > 0 ? 1.0F / length : 0.0F, to);
  });
  return context.check();
}

// Of a word in the mean of a text (vectors/word_model.hpp has the formulas); one that the model never saw counts as
// seen once.
float FasttextModel::weight_of(std::string_view word) const {
  if (info_.options.pool == "mean") return 1;
  const auto id = find_word(word);
  const double count = id ? static_cast<double>(std::max<std::int64_t>(1, file_.word_counts[*id])) : 1.0;
  const double share = std::min(1.0, count / static_cast<double>(std::max<std::int64_t>(1, file_.tokens)));
  return static_cast<float>(info_.options.pool == "sif" ? kSif / (kSif + share) : -std::log(share));
}

Result<Prepared> FasttextModel::prepare(std::span<const Input> inputs, const EmbedOptions& options,
                                        Context& context) const {
  IG_TRY(context.check());
  if (options.dim > card_.dimension) {
    return fail(Code::invalid_argument, "this model has " + std::to_string(card_.dimension) + " dimensions, not " +
                                            std::to_string(options.dim) + ".");
  }
  if (options.outputs == Outputs::tokens) return fail(Code::unsupported, "this model gives vectors of words: --words.");
  auto body = std::make_unique<TextRows>();
  body->texts.resize(inputs.size());
  std::vector<RowReport> reports(inputs.size());
  parallel_for(context, inputs.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    if (!context.check()) return;  // told below
    std::string scratch;
    for (std::size_t i = begin; i < end; ++i) {
      TextRows::Text& to = body->texts[i];
      const auto text = tokens::text_of(inputs[i], scratch);
      if (!text) {
        reports[i].error = text.error();
        continue;
      }
      if (supervised()) {
        add_line(*text, to.rows);
        reports[i].tokens_used = to.rows.size();
        continue;
      }
      each_word(*text, info_.rules, {}, [&](std::string_view word) {
        const std::size_t before = to.rows.size();
        add_rows(word, to.rows);
        if (to.rows.size() == before) return;
        to.ends.push_back(to.rows.size());
        to.weights.push_back(weight_of(word));
      });
      reports[i].tokens_used = to.ends.size();
    }
  });
  IG_TRY(context.check());
  return Prepared(std::move(reports), std::vector<std::uint32_t>(inputs.size(), 1), std::move(body));
}

Status FasttextModel::run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const {
  IG_TRY(context.check());
  if (out.dense == nullptr) return {};
  std::size_t first = 0;
  const std::size_t dim = card_.dimension;
  for (const Slice& slice : slices) {
    const auto& rows = static_cast<const TextRows&>(slice.prepared->body());
    parallel_for(context, slice.end - slice.begin, kGrain, [&](std::size_t begin, std::size_t end) {
      std::vector<float> word(dim), whole(dim);
      for (std::size_t i = begin; i < end; ++i) {
        const TextRows::Text& text = rows.texts[slice.begin + i];
        if (supervised()) {
          mean_of(text.rows, whole);
        } else {
          std::ranges::fill(whole, 0.0F);
          std::size_t at = 0, counted = 0;
          for (std::size_t w = 0; w < text.ends.size(); ++w) {
            mean_of(std::span(text.rows).subspan(at, text.ends[w] - at), word);
            at = text.ends[w];
            math::scale_to_length(1, word);
            math::add_scaled(text.weights[w], word, whole);
            counted += math::largest_magnitude(word) > 0 ? 1 : 0;
          }
          if (counted > 0) math::scale(1.0F / static_cast<float>(counted), whole);
        }
        if (info_.options.normalize) math::scale_to_length(1, whole);
        const std::span<float> to = out.dense->row_f32(first + i);
        std::copy_n(whole.begin(), to.size(), to.begin());
      }
    });
    first += slice.end - slice.begin;
  }
  return {};
}

std::string_view FasttextModel::label(std::size_t index) const {
  std::string_view name = file_.labels[index];
  if (name.starts_with(info_.options.label_prefix)) name.remove_prefix(info_.options.label_prefix.size());
  return name;
}

Result<std::vector<std::vector<LabelScore>>> FasttextModel::classify(std::span<const Input> inputs, std::size_t k,
                                                                     Context& context) const {
  IG_TRY(context.check());
  if (k == 0) return fail(Code::invalid_argument, "0 labels were asked for; ask for 1 or more.");
  std::vector<std::vector<LabelScore>> out(inputs.size());
  std::vector<Status> failures(inputs.size());
  parallel_for(context, inputs.size(), kGrain, [&](std::size_t begin, std::size_t end) {
    if (!context.check()) return;  // told below
    std::string scratch;
    std::vector<std::uint32_t> rows;
    std::vector<float> hidden(card_.dimension);
    for (std::size_t i = begin; i < end; ++i) {
      const auto text = tokens::text_of(inputs[i], scratch);
      if (!text) {
        failures[i] = fail(text.error());
        continue;
      }
      rows.clear();
      add_line(*text, rows);
      if (rows.empty()) continue;
      mean_of(rows, hidden);
      out[i] = scorer_.best(hidden, k);
    }
  });
  IG_TRY(context.check());
  for (std::size_t i = 0; i < failures.size(); ++i) {
    if (failures[i]) continue;
    Error error = failures[i].error();
    error.item = static_cast<std::int64_t>(i);
    return fail(std::move(error));
  }
  return out;
}

}  // namespace isogloss::model
