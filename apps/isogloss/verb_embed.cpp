// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "core/base64.hpp"
#include "core/file.hpp"
#include "core/json.hpp"
#include "core/npy.hpp"
#include "core/text.hpp"
#include "core/unpack.hpp"
#include "input/csv.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

// One text to embed, with what its output row repeats.
struct Item {
  std::string id;
  std::string text;
  std::vector<std::string> cells;  // of a CSV or TSV input
};

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::string csv_cell(std::string_view text, char separator) {
  if (text.find_first_of(std::string("\"\n\r") + separator) == std::string_view::npos) return std::string(text);
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

class EmbedVerb final : public Verb {
 public:
  std::string_view name() const override { return "embed"; }
  std::string_view summary() const override { return "turn texts into vectors"; }
  std::string_view examples() const override {
    return "  isogloss embed -m bow.model -c \"my happy hound\"\n"
           "  cat queries.txt | isogloss embed -m lsa.model -f jsonl\n"
           "  isogloss embed -m lsa.model -i corpus.txt -f npy -o corpus.npy\n"
           "  isogloss embed -m minilm -i corpus.txt --dtype i8 -f npy -o corpus.npy\n"
           "  isogloss embed -m reviews.model -i reviews.csv --text-field text -f csv -o out.csv\n";
  }

  void describe(Flags& flags, std::span<const std::string>) override {
    flags.value("-m,--model", model_, "model: a folder or an installed name");
    flags.value("-c,--content", contents_, "text to embed (repeat for several)");
    flags.value("-i,--input", inputs_,
                "file: a text per line; a row per text in .jsonl, .csv, .tsv; else the whole document (repeat); - = "
                "standard input");
    flags.value("-f,--format", format_, "jsonl (default), json, npy, csv, tsv, blob, base64 or hex");
    flags.value("-o,--output", output_, "file to write; default standard output");
    flags.value("--role", role_, "query or document");
    flags.value("--pool", pool_, "how models of word vectors weigh the words of a text: mean, sif or idf [mean]");
    flags.value("--dim", dim_, "keep the first columns only; 0 = all");
    flags.value("--dtype", dtype_, "numbers of the vectors: f32, bf16, i8, u8 or bit (packed, 8 columns a byte)");
    flags.value("--range", range_, "i8 and u8: size of the largest number kept; default for vectors of length 1");
    flags.value("--text-field", text_fields_, "column that holds text (repeat for several)");
    flags.value("--id-field", id_field_, "column that holds the id");
    flags.value("--compute", compute_, "arithmetic of the model: auto, f32, bf16 or int8");
    flags.value("--truncate", truncate_, "what to do with a text above the window: error, start or end");
    flags.value("--errors", errors_, "write failed inputs to this JSON lines file");
    flags.flag("--sparse", sparse_, "print columns and values of a sparse row instead of all zeros");
    flags.flag("--tokens", tokens_, "a vector per token of the text instead of one for the text (jsonl)");
    flags.flag("--words", words_, "a vector per word of the text, from the model's vocabulary");
  }

  Result<int> run(Program& program) override {
    if (model_.empty())
      return usage_error("embed needs a model: -m FOLDER. Train one: isogloss train lsa corpus.txt -o lsa.model");
    IG_TRY(check_flags());
    OptionValues load_options;
    if (!pool_.empty()) load_options.set("pool", pool_);
    const ModelPtr model = IG_TRY(load(model_, load_options, program.context));
    IG_TRY(collect(program));
    if (words_) return print_words(program, *model);
    const Embedder* embedder = model->ability<Embedder>();
    if (embedder == nullptr) return fail(Code::unsupported, "model '" + model_ + "' gives no vectors for texts.");
    if (tokens_) return print_tokens(program, *model, *embedder);
    std::vector<Input> inputs;
    for (const Item& item : items_) inputs.push_back(Input::text(item.text, role_value_));
    EmbedOptions options;
    set_options(options);
    options.on_error = OnError::skip;
    const Embedding embedding = IG_TRY(embedder->embed(inputs, options, program.context));
    if (dtype_value_ == DType::bf16) shown_ = to_f32(embedding.dense);
    IG_TRY(write(program, embedding));
    return finish(program, embedding);
  }

 private:
  void set_options(EmbedOptions& options) const {
    options.dim = dim_;
    options.dtype = dtype_value_;
    options.range = static_cast<float>(range_);
    options.compute = compute_;
    options.truncate = truncate_value_;
  }

  Status check_flags() {
    dtype_value_ = IG_TRY(from_flags(parse_dtype(dtype_)));
    if (range_ != 0 && dtype_value_ != DType::i8 && dtype_value_ != DType::u8)
      return usage_error("--range goes with --dtype i8 or u8.");
    const std::vector<std::string> formats{"jsonl", "json", "npy", "csv", "tsv", "blob", "base64", "hex"};
    if (std::find(formats.begin(), formats.end(), format_) == formats.end()) {
      const std::string nearest = nearest_name(format_, formats);
      return usage_error("--format must be one of jsonl, json, npy, csv, tsv, blob, base64, hex; not '" + format_ +
                         "'." + (nearest.empty() ? "" : " Did you mean '" + nearest + "'?"));
    }
    if (role_ == "query")
      role_value_ = Role::query;
    else if (role_ == "document")
      role_value_ = Role::document;
    else if (!role_.empty())
      return usage_error("--role must be query or document, not '" + role_ + "'.");
    truncate_value_ = IG_TRY(truncate_value(truncate_));
    if (format_ == "npy" && output_.empty() && ::isatty(STDOUT_FILENO) != 0)
      return usage_error("-f npy needs -o FILE.");
    return {};
  }

  Status collect(Program& program) {
    for (const std::string& text : contents_) items_.push_back({std::to_string(items_.size() + 1), text, {}});
    if (inputs_.empty() && contents_.empty()) inputs_.push_back("-");
    for (const std::string& path : inputs_) IG_TRY(collect_file(path, program.context));
    return {};
  }

  Status collect_file(const std::string& path, Context& context) {
    if (path == "-" || without_packing(path).ends_with(".txt")) {
      return each_line(path, [&](std::string_view line) -> Status {
        items_.push_back({std::to_string(items_.size() + 1), std::string(line), {}});
        return {};
      });
    }
    ReadOptions options;
    options.text_fields = text_fields_;
    options.id_field = id_field_;
    const Document document = IG_TRY(read_document(path, options, context));
    for (const Row& row : document.rows) {
      items_.push_back({row.id, document.text.substr(row.at.begin, row.at.size()), {}});
    }
    if (document.rows.empty()) items_.push_back({path, document.text, {}});
    return format_ == "csv" || format_ == "tsv" ? keep_columns(path) : Status();
  }

  // The columns of a CSV or TSV input, to be repeated in the output.
  Status keep_columns(const std::string& path) {
    const std::string_view name = without_packing(path);
    if (!name.ends_with(".csv") && !name.ends_with(".tsv")) return {};
    const std::string content = IG_TRY(read_unpacked(path, SIZE_MAX));
    input::CsvTable table = IG_TRY(input::CsvTable::open(path, content, name.ends_with(".csv") ? ',' : '\t'));
    header_ = table.columns();
    std::vector<std::string> cells;
    for (Item& item : items_) {
      if (!IG_TRY(table.next(cells))) return {};
      item.cells = cells;
      item.cells.resize(header_.size());
    }
    return {};
  }

  // Sparse row i with all its zeros.
  static std::vector<float> dense_row(const Embedding& embedding, std::size_t i) {
    std::vector<float> out(embedding.sparse.dim(), 0.0F);
    const SparseRow row = embedding.sparse.row_sparse(i);
    for (std::size_t k = 0; k < row.columns.size(); ++k) out[row.columns[k]] = row.values[k];
    return out;
  }

  // Row i of dense vectors as an array: numbers, or bytes of i8, u8 and bit.
  static void write_row(JsonWriter& json, const Vectors& rows, std::size_t i) {
    if (rows.dtype() == DType::f32) {
      json.values(rows.row_f32(i));
      return;
    }
    const std::byte* const row = rows.view().row_bytes(i);
    json.begin_array();
    for (std::size_t k = 0; k < rows.row_bytes(); ++k) {
      const auto byte = std::to_integer<std::uint8_t>(row[k]);
      json.value(rows.dtype() == DType::i8 ? static_cast<int>(static_cast<std::int8_t>(byte)) : static_cast<int>(byte));
    }
    json.end_array();
  }

  void write_array(JsonWriter& json, const Embedding& embedding, std::size_t i) const {
    if (embedding.sparse.is_sparse()) {
      json.values(dense_row(embedding, i));
    } else {
      write_row(json, dtype_value_ == DType::bf16 ? shown_ : embedding.dense, i);
    }
  }

  void write_embedding(JsonWriter& json, const Embedding& embedding, std::size_t i) const {
    if (!sparse_ || !embedding.sparse.is_sparse()) {
      json.key("embedding");
      write_array(json, embedding, i);
      return;
    }
    const SparseRow row = embedding.sparse.row_sparse(i);
    json.field("dim", static_cast<std::uint64_t>(embedding.sparse.dim())).key("columns").begin_array();
    for (const std::uint32_t column : row.columns) json.value(column);
    json.end_array().key("values").values(row.values);
  }

  std::string object(const Embedding& embedding, std::size_t i) const {
    std::string out;
    JsonWriter json(out);
    const Item& item = items_[i];
    json.begin_object();
    const bool numeric =
        !item.id.empty() && item.id.size() < 16 && item.id.find_first_not_of("0123456789") == std::string::npos;
    numeric ? json.field("id", static_cast<std::int64_t>(std::stoll(item.id))) : json.field("id", item.id);
    json.field("text", item.text);
    const auto& error = embedding.reports[i].error;
    if (error) {
      json.key("error")
          .begin_object()
          .field("code", code_name(error->code))
          .field("message", error->message)
          .end_object();
    } else {
      write_embedding(json, embedding, i);
    }
    json.end_object();
    return out;
  }

  std::string bytes_of(const Embedding& embedding, std::size_t i) const {
    if (!embedding.sparse.is_sparse()) {
      const auto* const row = static_cast<const char*>(static_cast<const void*>(embedding.dense.view().row_bytes(i)));
      return {row, embedding.dense.row_bytes()};
    }
    const std::vector<float> row = dense_row(embedding, i);
    return {static_cast<const char*>(static_cast<const void*>(row.data())), row.size() * sizeof(float)};
  }

  std::string rendered(const Embedding& embedding) const {
    std::string out;
    const std::size_t n = items_.size();
    if (format_ == "npy") return npy(embedding);
    if (format_ == "json") {
      const bool single = n == 1 && contents_.size() == 1;
      for (std::size_t i = 0; i < n; ++i) out += (i == 0 ? "" : ",") + object(embedding, i);
      return (single ? out : "[" + out + "]") + "\n";
    }
    const char separator = format_ == "tsv" ? '\t' : ',';
    if (format_ == "csv" || format_ == "tsv") out = csv_header(separator);
    for (std::size_t i = 0; i < n; ++i) {
      if (format_ == "jsonl")
        out += object(embedding, i) + "\n";
      else if (format_ == "blob")
        out += bytes_of(embedding, i);
      else if (format_ == "base64")
        append_base64(out, bytes_of(embedding, i)), out += '\n';
      else if (format_ == "hex")
        out += hex(bytes_of(embedding, i)) + "\n";
      else
        out += csv_line(embedding, i, separator);
    }
    return out;
  }

  std::string csv_header(char separator) const {
    std::string out;
    for (const std::string& name : header_) out += csv_cell(name, separator) + separator;
    if (header_.empty()) out = std::string("id") + separator + "text" + separator;
    return out + "embedding\n";
  }

  std::string csv_line(const Embedding& embedding, std::size_t i, char separator) const {
    std::string out;
    for (const std::string& cell : items_[i].cells) out += csv_cell(cell, separator) + separator;
    if (header_.empty())
      out = csv_cell(items_[i].id, separator) + separator + csv_cell(items_[i].text, separator) + separator;
    std::string array;
    if (!embedding.reports[i].error) {
      JsonWriter json(array);
      write_array(json, embedding, i);
    }
    return out + csv_cell(array, separator) + "\n";
  }

  // NumPy has no bfloat16; two raw bytes are what it writes for ml_dtypes' one.
  static std::string_view npy_type(DType dtype) {
    if (dtype == DType::bf16) return "<V2";
    if (dtype == DType::i8) return "|i1";
    return dtype == DType::f32 ? "<f4" : "|u1";
  }

  std::string npy(const Embedding& embedding) const {
    const bool sparse = embedding.sparse.is_sparse();
    std::size_t columns = sparse ? embedding.sparse.dim() : embedding.dense.dim();
    if (dtype_value_ == DType::bit) columns = embedding.dense.row_bytes();
    const std::size_t shape[] = {items_.size(), columns};
    std::string out = npy_header(npy_type(dtype_value_), shape);
    for (std::size_t i = 0; i < items_.size(); ++i) {
      if (embedding.reports[i].error && dtype_value_ == DType::f32) {
        const float nan = std::nanf("");
        for (std::size_t k = 0; k < columns; ++k)
          out.append(static_cast<const char*>(static_cast<const void*>(&nan)), 4);
      } else {
        out += bytes_of(embedding, i);
      }
    }
    return out;
  }

  Status write(Program& program, const Embedding& embedding) const {
    const std::string text = rendered(embedding);
    if (!output_.empty() && output_ != "-") return write_file(output_, text);
    program.out(text);
    return {};
  }

  Result<int> finish(Program& program, const Embedding& embedding) const {
    constexpr std::size_t kShown = 10;  // cut inputs named one by one
    std::size_t failed = 0;
    std::size_t cut = 0;
    std::size_t tokens_cut = 0;
    std::string lines;
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const auto& error = embedding.reports[i].error;
      tokens_cut += embedding.reports[i].tokens_cut;
      if (embedding.reports[i].tokens_cut != 0 && ++cut <= kShown) {
        program.warn("input " + items_[i].id + ": " + counted(embedding.reports[i].tokens_cut, "token") + " cut");
      }
      if (!error) continue;
      ++failed;
      program.warn("input " + items_[i].id + ": " + error->message);
      JsonWriter(lines).begin_object().field("id", items_[i].id).field("message", error->message).end_object();
      lines += '\n';
    }
    if (cut > kShown) {
      program.warn("... " + counted(cut, "input") + " cut in all, " + counted(tokens_cut, "token"));
    }
    if (!errors_.empty()) IG_TRY(write_file(errors_, lines));
    return failed == 0 ? kDone : failed == items_.size() ? kFailed : kSomeFailed;
  }

  // A line per text: its pieces, and a row for each.
  Result<int> print_tokens(Program& program, const Model& model, const Embedder& embedder) const {
    const TokenEmbedder* reader = model.ability<TokenEmbedder>();
    if (reader == nullptr)
      return fail(Code::unsupported, "model '" + model_ + "' reads no tokens, so it has no vectors of them.");
    if (format_ != "jsonl")
      return usage_error("--tokens prints -f jsonl only: texts have different numbers of tokens.");
    std::size_t failed = 0;
    for (const Item& item : items_) {
      EmbedOptions options;
      set_options(options);
      options.outputs = Outputs::tokens;
      const Input input = Input::text(item.text, role_value_);
      auto embedding = embedder.embed({&input, 1}, options, program.context);
      if (!embedding) {
        program.warn("input " + item.id + ": " + embedding.error().message);
        ++failed;
        continue;
      }
      std::string out;
      JsonWriter json(out);
      json.begin_object().field("id", item.id).field("text", item.text).key("embeddings").begin_array();
      const Vectors rows = dtype_value_ == DType::bf16 ? to_f32(embedding->per_token) : std::move(embedding->per_token);
      for (std::size_t t = 0; t < rows.rows(); ++t) write_row(json, rows, t);
      json.end_array().end_object();
      program.line(std::move(out));
    }
    return failed == 0 ? kDone : failed == items_.size() ? kFailed : kSomeFailed;
  }

  Result<int> print_words(Program& program, const Model& model) const {
    const Vocabulary* vocabulary = model.ability<Vocabulary>();
    if (vocabulary == nullptr) return fail(Code::unsupported, "model '" + model_ + "' has no vectors of words.");
    std::size_t missing = 0, all = 0;
    std::string out;
    std::vector<float> row(vocabulary->word_dimension());
    for (const Item& item : items_) {
      const std::string text = one_line(item.text);
      for (const std::string_view word : split(text, ' ')) {
        ++all;
        if (const Status found = vocabulary->any_word_vector(word, row); !found) {
          if (found.error().code != Code::not_found) return fail(found.error());
          ++missing;
          program.warn("'" + std::string(word) + "' is not in the vocabulary");
          continue;
        }
        if (!vocabulary->find_word(word)) {
          program.note("'" + std::string(word) + "' is not in the vocabulary: from its n-grams");
        }
        if (program.flags.json || format_ != "jsonl") {
          JsonWriter(out).begin_object().field("word", word).key("embedding").values(row).end_object();
        } else {
          out += word;
          for (const float v : row) out += "  " + fixed(v, 4);
        }
        out += '\n';
      }
    }
    program.out(out);
    return missing == 0 ? kDone : missing == all ? kFailed : kSomeFailed;
  }

  std::string model_, compute_ = "auto", dtype_ = "f32", format_ = "jsonl", output_, role_, id_field_,
                      truncate_ = "error", errors_, pool_;
  std::vector<std::string> contents_, inputs_, text_fields_;
  std::size_t dim_ = 0;
  double range_ = 0;
  bool sparse_ = false, words_ = false, tokens_ = false;
  Role role_value_ = Role::none;
  Truncate truncate_value_ = Truncate::error;
  DType dtype_value_ = DType::f32;
  Vectors shown_;  // bf16 as numbers
  std::vector<Item> items_;
  std::vector<std::string> header_;
};

}  // namespace

std::unique_ptr<Verb> make_embed_verb() { return std::make_unique<EmbedVerb>(); }

}  // namespace isogloss::cli
