// SPDX-License-Identifier: Apache-2.0
// The vector space of a collection. A model named by path or short name is loaded; a fit: model is trained on the
// collection's own chunks and kept inside the collection as a blob. New documents are folded in with the model that
// serves; when the collection has grown to 1.5 times what the model was fitted on, it is fitted again: the new vectors
// are written beside the old ones under the role `building`, and one row makes them serve. One process at a time builds
// (Store::begin_build): an index run that comes second leaves it to the first, a reindex waits for its turn.
#include <algorithm>

#include "core/compute_type.hpp"
#include "core/file.hpp"
#include "core/guard.hpp"
#include "core/text.hpp"
#include "formats/model_folder.hpp"
#include "isogloss/family.hpp"
#include "isogloss/reference.hpp"
#include "model/open_files.hpp"
#include "runtime/local_collection.hpp"
#include "runtime/text_vectors.hpp"

namespace isogloss::runtime {
namespace {

constexpr std::size_t kEmbedGroup = 2048;     // chunks per pass and transaction
constexpr std::size_t kLeastChunksToFit = 2;  // a space of fewer texts says nothing
constexpr double kRefitGrowth = 1.5;
constexpr int kMostAttempts = 8;  // against other processes that swap the space
constexpr std::chrono::seconds kBuildPatience{30};

// The chunks of a store as training data.
class StoreDataset final : public Dataset {
 public:
  StoreDataset(Store& store, std::string name) : store_(store), name_(std::move(name)) {}
  const std::vector<std::string>& column_names() const override { return columns_; }
  std::size_t blocks() const override { return 1; }
  std::string description() const override { return "the chunks of collection " + name_; }
  Status read_block(std::size_t, const RecordSink& sink, Context& context) const override {
    return store_.for_each_chunk([&](const StoredChunk& chunk) -> Result<bool> {
      IG_TRY(context.check());
      const std::string text = indexed_text(chunk.heading, chunk.text);
      Record record;
      record.id = chunk.id;
      record.text = text;
      IG_TRY(sink(record));
      return true;
    });
  }

 private:
  Store& store_;
  std::string name_;
  std::vector<std::string> columns_;
};

// The files of a model folder as one string.
Result<std::string> packed_folder(const std::filesystem::path& folder) {
  std::map<std::string, std::string> content;
  const FileSet files = IG_TRY(FileSet::open(folder));
  for (const std::string& name : files.names()) content[name] = IG_TRY(files.read(name));
  return formats::pack_files(content);
}

// The fitted model of a space beside the truth: derived from the blob, opened faster than it.
std::filesystem::path fitted_folder(const std::filesystem::path& collection, const std::string& space_id) {
  return collection / ("fitted-" + space_id.substr(0, 16));
}

void drop_fitted_folders(const std::filesystem::path& collection, const std::string& keep_space_id) {
  std::error_code error;
  std::vector<std::filesystem::path> old;
  for (std::filesystem::directory_iterator it(collection, error), end; !error && it != end; it.increment(error)) {
    const bool fitted = it->path().filename().string().starts_with("fitted-");
    if (fitted && it->path() != fitted_folder(collection, keep_space_id)) old.push_back(it->path());
  }
  for (const auto& folder : old) std::filesystem::remove_all(folder, error);
}

Status check_model(const Model& model, const std::string& reference) {
  if (model.ability<Embedder>() == nullptr) {
    return fail(Code::unsupported, "model '" + reference + "' gives no vectors for texts.");
  }
  if (model.card().sparse) {
    return fail(Code::unsupported, "model '" + reference +
                                       "' gives sparse rows; a collection keeps dense vectors. Use "
                                       "fit:lsa, a dense model, or fit:bm25 for lexical search alone.");
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const ServingSpace>> LocalCollection::serving(Context& context) {
  const std::lock_guard lock(serving_mutex_);
  if (settings_.model == "none") return nullptr;
  const auto spaces = IG_TRY(store_->spaces());
  const auto space =
      std::find_if(spaces.begin(), spaces.end(), [](const auto& s) { return s.role == SpaceRole::search; });
  if (space == spaces.end()) return nullptr;
  if (serving_ && serving_->info.number == space->number) return serving_;
  auto loaded = std::make_shared<ServingSpace>();
  loaded->info = *space;
  loaded->model = IG_TRY(space->fitted_documents > 0 ? load_fitted(*space, context) : load(space->model, {}, context));
  if (loaded->model->card().space_id != space->space_id) {
    return fail(Code::mismatch, "collection '" + name_ + "' holds vectors of model '" + space->model + "' with space " +
                                    space->space_id.substr(0, 12) + ", but that model now has space " +
                                    loaded->model->card().space_id.substr(0, 12) +
                                    ". Bring the old model back, or run: isogloss reindex " + name_ + " --model " +
                                    space->model);
  }
  serving_ = std::move(loaded);
  return serving_;
}

Result<ModelPtr> LocalCollection::load_fitted(const SpaceInfo& space, Context& context) {
  const auto beside = FileSet::open_own(fitted_folder(folder_, space.space_id));
  if (beside) {
    auto model = model::load_files(*beside, "", {}, context);
    if (model && (*model)->card().space_id == space.space_id) return model;
  }
  const std::string blob = IG_TRY(store_->fitted_files(space.number));
  const FileSet files = FileSet::from_memory(IG_TRY(formats::unpack_files(blob, "the fitted model of " + name_)));
  return model::load_files(files, "", {}, context);
}

Status LocalCollection::put(std::span<DocumentPut> documents, Context& context) {
  for (int attempt = 1;; ++attempt) {
    const Status done = store_->put(documents, context);
    if (done || done.error().code != Code::mismatch || attempt == kMostAttempts) return done;
    for (DocumentPut& document : documents) static_cast<void>(IG_TRY(embed_chunks(document, context)));
  }
}

Result<Vectors> LocalCollection::vectors_of(std::int64_t space, const Model& model, std::span<const std::string> texts,
                                            std::size_t& kept, Context& context) {
  std::vector<std::vector<float>> known = IG_TRY(store_->vectors_of_texts(space, texts));
  std::map<std::string_view, std::size_t> rows;  // text -> its row of what is embedded
  std::vector<std::string> fresh;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (known[i].empty() && rows.emplace(texts[i], fresh.size()).second) fresh.push_back(texts[i]);
  }
  kept += texts.size() - fresh.size();
  if (fresh.size() == texts.size()) return embed_texts(model, texts, Role::document, context);
  const Vectors made = fresh.empty() ? Vectors{} : IG_TRY(embed_texts(model, fresh, Role::document, context));
  Vectors out = Vectors::dense(texts.size(), model.card().dimension);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::span<const float> row =
        known[i].empty() ? made.row_f32(rows.at(texts[i])) : std::span<const float>(known[i]);
    std::ranges::copy(row, out.row_f32(i).begin());
  }
  return out;
}

Result<std::size_t> LocalCollection::embed_chunks(DocumentPut& put, Context& context) {
  std::size_t kept = 0;
  put.vectors = {};
  put.space_id.clear();
  const auto space = IG_TRY(serving(context));
  if (!space || put.chunks.empty()) return kept;
  std::vector<std::string> texts;
  if (settings_.chunk.strategy == ChunkStrategy::late) {
    std::vector<LatePassage> passages;
    for (std::size_t i = 0; i < put.chunks.size(); ++i) {
      const Chunk& chunk = put.chunks[i];
      if (i == 0 || put.chunks[i - 1].wider != chunk.wider) {
        texts.push_back(put.document.text.substr(chunk.wider.begin, chunk.wider.size()));
      }
      passages.push_back({texts.size() - 1, {chunk.at.begin - chunk.wider.begin, chunk.at.end - chunk.wider.begin}});
    }
    put.vectors = IG_TRY(embed_late(*space->model, texts, passages, context));
  } else {
    for (const Chunk& chunk : put.chunks) texts.push_back(chunk_text(put.document, chunk));
    put.vectors = IG_TRY(vectors_of(space->info.number, *space->model, texts, kept, context));
  }
  put.space_id = space->info.space_id;
  return kept;
}

Result<ModelPtr> LocalCollection::named_model(Context& context) {
  if (settings_.model == "none") return nullptr;
  const ModelReference reference = IG_TRY(parse_model_reference(settings_.model));
  if (reference.kind == ReferenceKind::fit) return nullptr;
  const std::lock_guard lock(serving_mutex_);
  if (named_ != settings_.model) {
    named_model_ = IG_TRY(load(settings_.model, {}, context));
    named_ = settings_.model;
  }
  return named_model_;
}

Result<ChunkPlan> LocalCollection::chunk_plan(Context& context) {
  return plan_chunks(settings_.chunk, IG_TRY(named_model(context)));
}

Result<std::size_t> LocalCollection::count_tokens(std::string_view text, Context& context) {
  return guard([&]() -> Result<std::size_t> {
    const ChunkPlan plan = IG_TRY(chunk_plan(context));
    std::vector<Span> units;
    plan.units->split(text, units);
    return units.size();
  });
}

Result<ModelPtr> LocalCollection::model_for_space(Context& context) {
  const ModelReference reference = IG_TRY(parse_model_reference(settings_.model));
  if (reference.kind != ReferenceKind::fit) return named_model(context);
  return train(reference.family, StoreDataset(*store_, name_), reference.options, context);
}

Status LocalCollection::build_space(const ModelPtr& model, const std::string& reference, Context& context) {
  IG_TRY(check_model(*model, reference));
  if (settings_.chunk.strategy == ChunkStrategy::late && !can_embed_late(*model)) {
    return fail(Code::unsupported, "model '" + reference +
                                       "' gives no vectors of tokens whose mean is that of a text, which "
                                       "the collection's chunk strategy 'late' needs.");
  }
  const bool fitted = reference.starts_with("fit:");
  const Card& card = model->card();
  SpaceInfo info;
  info.space_id = card.space_id;
  info.model = reference;
  info.compute = compute_type(card, "auto");
  info.dimension = card.dimension;
  info.metric = card.metric;
  info.role = SpaceRole::building;
  info.fitted_documents = fitted ? static_cast<std::int64_t>(IG_TRY(store_->chunk_count())) : 0;
  std::string files;
  if (fitted) {
    IG_TRY(model->save(fitted_folder(folder_, card.space_id), context));
    files = IG_TRY(packed_folder(fitted_folder(folder_, card.space_id)));
  }
  const std::int64_t number = IG_TRY(store_->add_space(info, files, context));
  for (int attempt = 1;; ++attempt) {  // others may be adding
    IG_TRY(fill_space(number, *model, context));
    const Publish when = attempt < kMostAttempts ? Publish::complete : Publish::as_it_is;
    if (IG_TRY(store_->publish_space(number, when, context))) break;
  }
  drop_fitted_folders(folder_, card.space_id);
  return fill_space(number, *model, context);  // what was missing, and what others stored that knew of no space
}

// Texts to embed, collected until there are enough for a pass.
struct LocalCollection::Gathered {
  std::vector<std::int64_t> numbers;
  std::vector<std::string> texts;     // (numbers); late: the wider passages
  std::vector<LatePassage> passages;  // (numbers), late alone
  std::string document;               // late: of the last wider passage
  Span wider;
};

// Adds the chunk, unless another process removed it meanwhile.
Status LocalCollection::gather(std::int64_t number, Gathered& into) {
  const std::vector<StoredChunk> found = IG_TRY(store_->chunks({&number, 1}));
  if (found.empty()) return {};
  const StoredChunk& chunk = found.front();
  if (settings_.chunk.strategy != ChunkStrategy::late) {
    into.texts.push_back(indexed_text(chunk.heading, chunk.text));
    into.numbers.push_back(number);
    return {};
  }
  if (into.texts.empty() || into.document != chunk.document || into.wider != chunk.wider) {
    auto text = store_->document_text(chunk.document, chunk.wider);
    if (!text) return text.error().code == Code::not_found ? Status() : Status(std::unexpected(text.error()));
    into.texts.push_back(std::move(*text));
    into.document = chunk.document;
    into.wider = chunk.wider;
  }
  into.passages.push_back(
      {into.texts.size() - 1, {chunk.at.begin - chunk.wider.begin, chunk.at.end - chunk.wider.begin}});
  into.numbers.push_back(number);
  return {};
}

Status LocalCollection::fill_space(std::int64_t number, const Model& model, Context& context) {
  const std::vector<std::int64_t> missing = IG_TRY(store_->missing_vectors(number));
  const bool late = settings_.chunk.strategy == ChunkStrategy::late;
  Gathered group;
  for (std::size_t i = 0; i < missing.size(); ++i) {
    IG_TRY(gather(missing[i], group));
    if (group.numbers.empty() || (group.numbers.size() < kEmbedGroup && i + 1 < missing.size())) continue;
    std::size_t kept = 0;
    const Vectors rows = IG_TRY(late ? embed_late(model, group.texts, group.passages, context)
                                     : vectors_of(number, model, group.texts, kept, context));
    IG_TRY(store_->put_vectors(number, group.numbers, rows.view(), context));
    group = {};
    context.report({"embed", "chunks", static_cast<double>(i + 1), static_cast<double>(missing.size()), 0});
  }
  return {};
}

Result<bool> LocalCollection::space_is_due(Context& context) {
  settings_.model = IG_TRY(settings_from(IG_TRY(store_->settings()))).model;  // another process may have changed it
  if (settings_.model == "none") return false;
  const bool fit = settings_.model.starts_with("fit:");
  const std::size_t chunks = IG_TRY(store_->chunk_count());
  if (fit && chunks < kLeastChunksToFit) return false;
  const auto current = IG_TRY(serving(context));
  if (!current) return true;
  return fit && static_cast<double>(chunks) >= kRefitGrowth * static_cast<double>(current->info.fitted_documents);
}

Status LocalCollection::fill_serving(Context& context) {
  for (int attempt = 1;; ++attempt) {
    const auto newest = IG_TRY(serving(context));
    const Status filled = newest ? fill_space(newest->info.number, *newest->model, context) : Status();
    if (filled || filled.error().code != Code::unavailable || attempt == kMostAttempts) return filled;
  }
}

Result<std::string> LocalCollection::make_space(Context& context) {
  const bool fit = settings_.model.starts_with("fit:");
  const std::size_t chunks = IG_TRY(store_->chunk_count());
  auto model = model_for_space(context);
  if (!model && model.error().code == Code::invalid_argument && fit) {
    return "no vectors: " + model.error().message;  // too little text to fit on: lexical search still works
  }
  IG_TRY(build_space(IG_TRY(std::move(model)), settings_.model, context));
  return "vectors: " + settings_.model + (fit ? " fitted on " : " over ") + counted(chunks, "chunk");
}

Result<std::string> LocalCollection::refresh_space(Context& context) {
  std::string note;
  if (IG_TRY(space_is_due(context))) {
    const auto turn = store_->begin_build({}, context);
    if (!turn && turn.error().code != Code::unavailable) return fail(turn.error());
    if (!turn) note = "no new vectors by this run: " + turn.error().message;  // the other takes this run's chunks along
    if (turn && IG_TRY(space_is_due(context))) return make_space(context);
  }
  IG_TRY(fill_serving(context));
  return note;
}

Status LocalCollection::reindex(std::string_view model, Context& context) {
  return guard([&]() -> Status {
    const auto turn = IG_TRY(store_->begin_build(kBuildPatience, context));
    IG_TRY(store_->rebuild(context));
    if (!model.empty()) return reindex_with(model, context);
    settings_.model = IG_TRY(settings_from(IG_TRY(store_->settings()))).model;  // it may have waited for a change of it
    const bool too_small = settings_.model.starts_with("fit:") && IG_TRY(store_->chunk_count()) < kLeastChunksToFit;
    if (settings_.model == "none" || too_small) return {};
    IG_TRY(build_space(IG_TRY(model_for_space(context)), settings_.model, context));
    return store_->flush(context);
  });
}

// The setting is changed after the space serves, so that a failure leaves the collection as it was.
Status LocalCollection::reindex_with(std::string_view model, Context& context) {
  CollectionOptions options;
  options.model = model;
  const Settings asked = IG_TRY(new_settings(options));
  Settings changed = settings_;
  changed.model = asked.model;
  if (changed.model == "none") {
    settings_ = changed;
    return store_->set_settings(settings_values(settings_), context);
  }
  std::swap(settings_, changed);
  const auto made = model_for_space(context);
  const Status built = made ? build_space(*made, settings_.model, context) : Status(std::unexpected(made.error()));
  if (!built) {
    settings_ = changed;
    return built;
  }
  IG_TRY(store_->set_settings(settings_values(settings_), context));
  return store_->flush(context);
}

}  // namespace isogloss::runtime
