// SPDX-License-Identifier: Apache-2.0
// A Model is what load() and train() return: immutable, shared between threads. What it can do is asked by ability:
//
//   const Embedder* embedder = model->ability<Embedder>();   // null when it cannot
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "isogloss/context.hpp"
#include "isogloss/input.hpp"
#include "isogloss/options.hpp"
#include "isogloss/result.hpp"
#include "isogloss/vectors.hpp"

namespace isogloss {

class Tokenizer;  // tokens.hpp

enum class AbilityId : std::uint8_t {
  embedder,
  token_embedder,
  pair_scorer,
  classifier,
  detector,
  generator,
  predictor,
  vocabulary,
};

// What a model is. Printed by the command line, HTTP, Python and the documentation.
struct Card {
  std::string family;                  // "tfidf"
  std::vector<Modality> modalities;    // what it embeds
  std::size_t dimension = 0;           // columns of its vectors
  std::size_t window = 0;              // most tokens per input; 0 = no limit
  Metric metric = Metric::cosine;      // how its vectors are meant to be compared
  bool sparse = false;                 // rows are sparse
  bool normalized = false;             // rows have length 1 (or 0)
  std::map<std::string, std::string> prompts;  // name -> text put before the input
  std::string licence;
  std::string space_id;                // SHA-256, hexadecimal: which vectors may be compared
  std::size_t bytes = 0;               // of weights
  std::string trained_on;              // one line
  std::map<std::string, std::string> facts;  // what else is worth showing, by name
};

class Model {
 public:
  virtual ~Model() = default;
  virtual const Card& card() const = 0;
  // Writes a model folder that load() opens. The folder must not exist or be an older save of a model.
  virtual Status save(const std::filesystem::path& folder, Context& context) const = 0;

  // The ability of type T, owned by the model, or null. Valid as long as the model.
  template <class T>
  const T* ability() const {
    return static_cast<const T*>(find(T::kId));
  }

 private:
  // Returns static_cast<const T*>(this) for the ability T of `id`, null when it has none.
  virtual const void* find(AbilityId id) const = 0;
};

using ModelPtr = std::shared_ptr<const Model>;

enum class Truncate : std::uint8_t { error, start, end };
enum class OnError : std::uint8_t { fail, skip };

// What a call asks for: one vector an input, or one for every token of it.
enum class Outputs : std::uint8_t { vectors, tokens };

struct EmbedOptions {
  Outputs outputs = Outputs::vectors;
  std::size_t dim = 0;              // cut to the first `dim` columns (Matryoshka); 0 = all
  DType dtype = DType::f32;         // of the dense output and of token vectors: f32, bf16, i8, u8, bit
  float range = 0;                  // of i8 and u8 (QuantizeOptions); 0 = that of length 1, where vectors have it
  std::string compute = "auto";     // arithmetic: auto, f32, bf16, int8
  Truncate truncate = Truncate::error;
  OnError on_error = OnError::fail;
  OptionValues family;              // the family's own embed options
};

// What became of one input.
struct RowReport {
  std::size_t tokens_used = 0;
  std::size_t tokens_cut = 0;
  std::optional<Error> error;
};

// Inputs of one request, decoded and counted, ready to run. Owns all it needs; outlives the Inputs it was made from.
class Prepared {
 public:
  // What the family keeps between prepare() and run().
  struct Body {
    virtual ~Body() = default;
  };
  Prepared(std::vector<RowReport> reports, std::vector<std::uint32_t> costs, std::unique_ptr<Body> body)
      : reports_(std::move(reports)), costs_(std::move(costs)), body_(std::move(body)) {}

  std::size_t rows() const { return reports_.size(); }
  std::span<const RowReport> reports() const { return reports_; }   // (rows)
  std::uint32_t cost(std::size_t row) const { return costs_[row]; }  // in tokens
  const Body& body() const { return *body_; }

 private:
  std::vector<RowReport> reports_;
  std::vector<std::uint32_t> costs_;
  std::unique_ptr<Body> body_;
};

// Rows [begin, end) of one Prepared.
struct Slice {
  const Prepared* prepared = nullptr;
  std::size_t begin = 0;
  std::size_t end = 0;
};

// Where run() writes; null = not wanted. Row i of the slices, counted through them, goes to row i. A dense Vectors must
// have its rows and dim already; sparse and per-token ones are appended to.
struct EmbeddingOut {
  Vectors* dense = nullptr;
  Vectors* sparse = nullptr;
  Vectors* per_token = nullptr;
};

// The result of embed(): rows stay aligned with the inputs; a failed row is zero and its report holds the error.
struct Embedding {
  Vectors dense;      // empty when the model is sparse
  Vectors sparse;     // empty when the model is dense
  Vectors per_token;  // of Outputs::tokens, then the others are empty
  std::vector<RowReport> reports;
};

// Inputs -> vectors. A row's bits depend neither on the batch, nor its order, nor the number of threads. Thread-safe.
class Embedder {
 public:
  static constexpr AbilityId kId = AbilityId::embedder;
  virtual Result<Prepared> prepare(std::span<const Input> inputs, const EmbedOptions& options,
                                   Context& context) const = 0;
  virtual Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const = 0;

  // prepare() and run() of everything in one call.
  Result<Embedding> embed(std::span<const Input> inputs, const EmbedOptions& options, Context& context) const;

  // Columns of per-token vectors, where they are not those of the card.
  virtual std::size_t token_dimension() const { return embedder_card().dimension; }

 protected:
  virtual const Card& embedder_card() const = 0;  // the model's card
  ~Embedder() = default;
};

// Relevance of (query, document) pairs, higher is better. Thread-safe.
class PairScorer {
 public:
  static constexpr AbilityId kId = AbilityId::pair_scorer;
  // scores: (documents)
  virtual Status score(std::string_view query, std::span<const std::string_view> documents, std::span<float> scores,
                       Context& context) const = 0;

 protected:
  ~PairScorer() = default;
};

// What attends to what in one layer: weights (heads, tokens, tokens), row i = how token i divides its attention; each row
// sums to 1.
struct Attention {
  std::vector<std::string> tokens;  // pieces as the vocabulary writes them, special tokens included
  std::size_t heads = 0;
  std::vector<float> weights;

  float at(std::size_t head, std::size_t from, std::size_t to) const {
    return weights[(head * tokens.size() + from) * tokens.size() + to];
  }
};

// A model that reads tokens. Their vectors come from Embedder (Outputs::tokens). Thread-safe.
class TokenEmbedder {
 public:
  static constexpr AbilityId kId = AbilityId::token_embedder;
  virtual const Tokenizer& tokenizer() const = 0;
  // Content of the model's tokenizer.json. Error{not_found}: it keeps its tokenizer in another form.
  virtual Result<std::string> tokenizer_json() const = 0;
  // Tokens that an input of this role costs beside its text: special tokens and the prompt.
  virtual std::size_t overhead(Role role) const = 0;
  virtual std::size_t layers() const = 0;
  virtual std::size_t heads() const = 0;
  // In f32. Error{invalid_argument}: no such layer (from 0); Error{too_long}.
  virtual Result<Attention> attention(std::string_view text, std::size_t layer, Context& context) const = 0;

 protected:
  ~TokenEmbedder() = default;
};

struct WordScore {
  std::string word;
  double score = 0;
};

// A vector whose nearest words are wanted.
struct NearestRequest {
  std::span<const float> vector;               // (word_dimension)
  std::span<const std::size_t> left_out = {};  // words that are no answers, a few
};

// A label of an input by its number.
struct LabelScore {
  std::uint32_t label = 0;
  float probability = 0;
};

// Inputs -> labels with probabilities. What is told of an input depends neither on the batch nor the number of threads.
// Thread-safe.
class Classifier {
 public:
  static constexpr AbilityId kId = AbilityId::classifier;
  virtual std::size_t label_count() const = 0;
  virtual std::string_view label(std::size_t index) const = 0;  // REQUIRES: index < label_count()
  // The k most probable labels of every input, best first, ties by number: all when there are fewer, none for an input
  // of which the model knows nothing. Error{invalid_argument}: k is 0; Error{unsupported} names an input that is no text.
  virtual Result<std::vector<std::vector<LabelScore>>> classify(std::span<const Input> inputs, std::size_t k,
                                                                Context& context) const = 0;

 protected:
  ~Classifier() = default;
};

// A part of a word from which a vector is made, with the row of the model's table that it has.
struct WordPart {
  std::string text;       // "<wh"
  std::size_t row = 0;
  std::size_t begin = 0;  // bytes of the word
  std::size_t end = 0;
};

// Words with a row each. Thread-safe. What is asked of it beyond one row stands in words.hpp.
class Vocabulary {
 public:
  static constexpr AbilityId kId = AbilityId::vocabulary;
  virtual std::size_t word_count() const = 0;
  virtual std::optional<std::size_t> find_word(std::string_view word) const = 0;
  virtual std::string_view word(std::size_t index) const = 0;  // REQUIRES: index < word_count()
  virtual std::size_t word_dimension() const = 0;              // 0 = the words have no vectors
  // out: (word_dimension)
  virtual void word_vector(std::size_t index, std::span<float> out) const = 0;
  // The vector that stands for any word; families that read parts of words make one for those they never saw.
  // out: (word_dimension). Error{not_found}: no such word.
  virtual Status any_word_vector(std::string_view word, std::span<float> out) const;
  // The parts from which any word's vector is made, the whole word first when it has a row of its own.
  // Error{unsupported}: the family does not read parts of words.
  virtual Result<std::vector<WordPart>> word_parts(std::string_view word) const;
  // Cosine of `vector` (word_dimension) with that of every word, 0 where one is zero. out: (word_count)
  virtual Status cosines(std::span<const float> vector, std::span<float> out, Context& context) const;
  // The n words of largest cosine with each vector among the first `among` of the vocabulary, exactly; best first, ties
  // by word.
  virtual Result<std::vector<std::vector<WordScore>>> nearest(std::span<const NearestRequest> requests, std::size_t n,
                                                              std::size_t among, Context& context) const;
  // The n words nearest to `word` by cosine of their vectors, itself excluded, best first; ties by word.
  virtual Result<std::vector<WordScore>> near(std::string_view word, std::size_t n, Context& context) const;
  // The n words of largest summed weight over the training documents, best first; Error{unsupported} when the family
  // has no weights.
  virtual Result<std::vector<WordScore>> terms(std::size_t n, Context& context) const;

 protected:
  ~Vocabulary() = default;
};

// What is asked of a Predictor.
struct Question {
  enum class Kind {
    gap,      // the word between `before` and `after`
    context,  // words that stand near the word `before`
  };
  Kind kind = Kind::gap;
  std::string_view before;
  std::string_view after;
};

// A model that knows which words to expect where. Thread-safe.
class Predictor {
 public:
  static constexpr AbilityId kId = AbilityId::predictor;
  // The n likeliest words with their probability among all words of the vocabulary, best first; ties by word.
  // Error{unsupported}: not this kind of question; Error{not_found}: no word of the question is known.
  virtual Result<std::vector<WordScore>> predict(const Question& question, std::size_t n, Context& context) const = 0;

 protected:
  ~Predictor() = default;
};

// Opens a model by reference (docs/guide/models.md): a path, FAMILY:PATH, an installed short name. Error{not_found}
// says how to get it.
Result<ModelPtr> load(std::string_view reference, const OptionValues& options, Context& context);

}  // namespace isogloss
