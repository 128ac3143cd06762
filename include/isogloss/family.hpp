// SPDX-License-Identifier: Apache-2.0
// A Family is a record, not a class: what one kind of model is called and the functions that open and train it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/model.hpp"
#include "isogloss/options.hpp"
#include "isogloss/result.hpp"

namespace isogloss {

class PackedCache;

// The opened files of a model: a folder, one file, or a folder held in memory. Read-only; thread-safe.
class FileSet {
 public:
  // A folder (its files, and those of its direct subfolders as "1_Pooling/config.json") or a single file.
  static Result<FileSet> open(const std::filesystem::path& path);
  // The same for a folder that isogloss wrote by rename and nobody else changes: its files may be mapped.
  static Result<FileSet> open_own(const std::filesystem::path& path);
  // Files by name, in memory.
  static FileSet from_memory(std::map<std::string, std::string> files);

  const std::filesystem::path& origin() const { return origin_; }  // for messages; empty in memory
  // What the model is called: the folder's or file's name; ORG/NAME of a snapshot in a cache of the Hugging Face libraries.
  std::string name() const;
  bool is_single_file() const { return single_; }
  bool may_be_mapped() const { return own_; }
  std::filesystem::path path(std::string_view name) const;  // empty in memory or when there is no such file
  // The files of a subfolder as a set of their own: a model inside a model. Error{not_found}.
  Result<FileSet> inner(const std::string& folder) const;
  bool has(std::string_view name) const;
  std::vector<std::string> names() const;
  // The whole content; Error{not_found} names file and folder.
  Result<std::string> read(std::string_view name) const;
  // Exactly `bytes` from `offset` on; Error{corrupt_data} when the file ends before.
  Result<std::string> read_range(std::string_view name, std::uint64_t offset, std::size_t bytes) const;
  Result<std::uint64_t> size(std::string_view name) const;
  // At most `bytes` from the start, for recognising formats.
  std::string head(std::string_view name, std::size_t bytes) const;
  // Where what is derived from these files may be kept between runs; null = nowhere.
  const PackedCache* cache() const { return cache_.get(); }
  void set_cache(std::shared_ptr<const PackedCache> cache) { cache_ = std::move(cache); }

 private:
  std::filesystem::path origin_;
  bool single_ = false;
  bool own_ = false;
  std::map<std::string, std::filesystem::path, std::less<>> paths_;
  std::shared_ptr<const std::map<std::string, std::string, std::less<>>> memory_;
  std::shared_ptr<const PackedCache> cache_;
};

// One training or evaluation record. Views are valid during the callback only.
struct Record {
  std::string_view id;
  std::string_view text;
  std::string_view label;
  std::span<const std::string_view> columns;  // parallel to Dataset::column_names()
};

using RecordSink = std::function<Status(const Record&)>;

// A stream of records that can be read again and again, cut into blocks so that big corpora can be read in parallel.
// Made by runtime from files. Thread-safe for reading different blocks.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual const std::vector<std::string>& column_names() const = 0;  // empty = no columns
  virtual std::size_t blocks() const = 0;                            // at least 1; records never span two
  // Feeds the records of one block to the sink, in order. REQUIRES: block < blocks().
  virtual Status read_block(std::size_t block, const RecordSink& sink, Context& context) const = 0;
  virtual std::string description() const = 0;  // one line for Card::trained_on

  // All blocks in order.
  Status for_each(const RecordSink& sink, Context& context) const {
    for (std::size_t block = 0; block < blocks(); ++block) IG_TRY(read_block(block, sink, context));
    return {};
  }
};

enum class Recognised { none, weak, exact };

// Where a long training starts from, and what it leaves behind on its way.
struct TrainingRun {
  ModelPtr base;                            // the model that is trained further; null = from nothing
  std::filesystem::path checkpoint;         // file that is written on the way, and read at the start when it is there;
                                            // empty = none. The caller removes it once the model is saved.
  std::chrono::duration<double> every{60};  // seconds between two checkpoints
};

struct ConvertOptions {
  std::string as;     // name of a WordFileKind; empty = by the ending of the target
  std::string dtype;  // of the weights: f32, bf16, f16; empty = as they are, and bf16 for what is kept in blocks
  // Files of word vectors in text.
  bool header = false;      // of GloVe's: begin with a line of counts
  std::int64_t digits = 6;  // after the point; 0 = the shortest that reads back the same
  OptionValues family;  // the family's own (Family::convert_options)
};

// A form that the words of a model with a vocabulary can be written in.
struct WordFileKind {
  std::string_view name;     // "vec"; files that end in ".vec" are of this kind
  std::string_view summary;  // "word2vec text"
  bool folder = false;       // it is a folder, which has to be asked for by name
  // path: a file, or an empty folder.
  Status (*write)(const Vocabulary& words, const std::filesystem::path& path, const ConvertOptions& options,
                  Context& context) = nullptr;
};
std::span<const WordFileKind> word_file_kinds();

struct Family {
  std::string_view name;        // "tfidf"
  std::string_view title;       // "TF-IDF"
  std::string_view generation;  // row of the table of families: "counting"
  std::string_view summary;     // one sentence
  std::vector<Modality> modalities;

  // Is this file set one of ours? Looks at names and heads only. Two exact matches among families are an error.
  Recognised (*recognise)(const FileSet& files) = nullptr;
  std::vector<OptionInfo> (*load_options)() = nullptr;   // null = none
  std::vector<OptionInfo> (*train_options)() = nullptr;  // null = cannot be trained
  std::vector<OptionInfo> (*embed_options)() = nullptr;  // null = none
  Result<ModelPtr> (*load)(const FileSet& files, const OptionValues& options, Context& context) = nullptr;
  // Returns a new model; training never changes one that is serving. null = cannot be trained.
  Result<ModelPtr> (*train)(const Dataset& data, const OptionValues& options, Context& context) = nullptr;
  // The same from a model or a checkpoint, for families whose training takes its time. null = trains in one go.
  Result<ModelPtr> (*train_further)(const Dataset& data, const OptionValues& options, const TrainingRun& run,
                                    Context& context) = nullptr;
  std::size_t (*estimate_memory)(const FileSet& files) = nullptr;  // bytes; null = size of the files
  // Writes the same model into the empty folder `target` in the form that is opened best. null = there is one form only.
  Status (*convert)(const FileSet& files, const std::filesystem::path& target, const ConvertOptions& options,
                    Context& context) = nullptr;
  // Single files of other programs that it can write, by their ending (".bin"); the ending of `target` says which.
  std::vector<std::string_view> file_endings = {};
  Status (*convert_file)(const FileSet& files, const std::filesystem::path& target, const ConvertOptions& options,
                         Context& context) = nullptr;
  std::vector<OptionInfo> (*convert_options)() = nullptr;  // null = none
};

// Every family of this build, in the order of the documentation.
std::span<const Family* const> families();
// The family called `name`; Error{not_found} names the nearest known one.
Result<const Family*> find_family(std::string_view name);

// Trains a model of `family` on `data`. With `run.base` the model is trained further into a new one: its options hold
// unless others are given. Error{unsupported}: the family cannot. A cancelled run with a checkpoint leaves it behind.
Result<ModelPtr> train(std::string_view family, const Dataset& data, const OptionValues& options, Context& context,
                       const TrainingRun& run = {});

// A model by reference (model.hpp, load()); fit:FAMILY, and a bare family's name, is trained on `data`.
Result<ModelPtr> load_or_fit(std::string_view reference, const Dataset& data, Context& context);

// Makes a Dataset of files: text (a record per line), CSV, TSV, JSON lines. `text_fields` empty = title and text, else
// every column that is neither label nor id.
struct DatasetOptions {
  std::vector<std::string> text_fields;
  std::string label_field;
  std::string id_field;
  // Every record has a label: lines begin with it ("__label__spam text", "spam text"), tables and JSON lines have it in
  // `label_field`, else in the field called label, category, class, intent, sentiment or target.
  bool labelled = false;
};
Result<std::unique_ptr<Dataset>> open_dataset(std::span<const std::filesystem::path> files,
                                              const DatasetOptions& options, Context& context);

}  // namespace isogloss
