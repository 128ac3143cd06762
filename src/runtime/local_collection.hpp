// SPDX-License-Identifier: Apache-2.0
// The Collection over a Store on this machine. Its parts: collection.cpp (opening, facts), ingest/pipeline.cpp (files
// in), spaces.cpp (models and fitted spaces), search.cpp.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "isogloss/collection.hpp"
#include "runtime/analysis.hpp"
#include "runtime/settings.hpp"

namespace isogloss::runtime {

// A model with the space its vectors belong to.
struct ServingSpace {
  SpaceInfo info;
  ModelPtr model;
};

class LocalCollection final : public Collection {
 public:
  static Result<std::unique_ptr<Collection>> open(const std::filesystem::path& folder, OpenMode mode,
                                                  const CollectionOptions& options, Context& context);

  Result<IngestSummary> index(std::span<const std::filesystem::path> roots, const IngestOptions& options,
                              const FileSink& sink, Context& context) override;
  Status watch(std::span<const std::filesystem::path> roots, const IngestOptions& options, const WatchOptions& watch,
               const FileSink& sink, const WatchSink& told, Context& context) override;
  Result<IngestSummary> index_document(std::string_view name, std::string_view source, Document document,
                                       const FileSink& sink, Context& context) override;
  Status add(std::string_view name, std::string content, const Metadata& meta, Context& context) override;
  Status restore(DocumentPut put, Context& context) override;
  Status remove(std::span<const std::string> names, Context& context) override;
  Result<SearchResult> search(std::string_view query, const SearchOptions& options, Context& context) override;
  Status reindex(std::string_view model, Context& context) override;
  Status flush(Context& context) override { return store_->flush(context); }
  Store& store() override { return *store_; }
  std::map<std::string, std::string> facts() override;
  const std::filesystem::path& folder() const override { return folder_; }
  void analyse(std::string_view text, TermCounts& out) const override { counter_->count(text, out); }
  Result<std::size_t> count_tokens(std::string_view text, Context& context) override;

  // For the pipeline.
  const Settings& settings() const { return settings_; }
  // How documents are cut: for the collection's model where it has one of its own.
  Result<ChunkPlan> chunk_plan(Context& context);
  // The serving model; null when the collection has no vectors (yet).
  Result<std::shared_ptr<const ServingSpace>> serving(Context& context);
  // Vectors of the chunks of one document, empty without a serving space; how many of them were there already.
  Result<std::size_t> embed_chunks(DocumentPut& put, Context& context);
  // Store::put; embeds again when the space was swapped meanwhile.
  Status put(std::span<DocumentPut> documents, Context& context);
  // Fits or loads the model when it is due and no other process is at it; a line about what was done, or empty.
  Result<std::string> refresh_space(Context& context);

 private:
  Status ensure_writable_settings(Context& context);
  Result<ModelPtr> load_fitted(const SpaceInfo& space, Context& context);
  Result<ModelPtr> model_for_space(Context& context);
  // The model that the settings name, opened once; null when they name a fit: one or none.
  Result<ModelPtr> named_model(Context& context);
  // A space has to be made: there is none yet, or the collection has outgrown the one it was fitted for.
  Result<bool> space_is_due(Context& context);
  // Vectors for chunks that another process stored before it knew of the serving space.
  Status fill_serving(Context& context);
  Result<std::string> make_space(Context& context);
  Status reindex_with(std::string_view model, Context& context);
  // Vectors of texts in a space: those that equal texts have, and of the others each text once. `kept` grows by how
  // many were not embedded.
  Result<Vectors> vectors_of(std::int64_t space, const Model& model, std::span<const std::string> texts,
                             std::size_t& kept, Context& context);
  struct Gathered;
  Status gather(std::int64_t number, Gathered& into);
  // Embeds the chunks that have no vector in the space yet.
  Status fill_space(std::int64_t number, const Model& model, Context& context);
  Status build_space(const ModelPtr& model, const std::string& reference, Context& context);

  std::filesystem::path folder_;
  std::string name_;
  std::unique_ptr<Store> store_;
  Settings settings_;
  std::unique_ptr<TermCounter> counter_;
  std::mutex serving_mutex_;
  std::shared_ptr<const ServingSpace> serving_;
  std::string named_;  // what named_model_ was opened by
  ModelPtr named_model_;
};

}  // namespace isogloss::runtime
