// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cstring>

#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/model.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

// The known causes of different vectors for the same text, and whether each can act on this model here.
struct Cause {
  const char* name;
  const char* here;
};
constexpr Cause kCauses[] = {
    {"random initialisation", "no: the weights are read from a file"},
    {"contextual embeddings",
     "between texts only: a word's vector depends on its sentence, a text's vector on the text alone"},
    {"non-deterministic settings (dropout, threads)",
     "no: no dropout, and sums have one order on any number of threads"},
    {"model updates or retraining",
     "yes, when the files change; the space id says so and a collection refuses the other model"},
    {"floating-point precision",
     "between arithmetics (--compute) and instruction sets, within a stated bound; not within one"},
    {"preprocessing",
     "prompts and roles are part of the text: a query and a document of the same words differ where a model has "
     "prompts"},
    {"batch effects", "no: there is no padding, and rows are computed apart"},
};

class SameVerb final : public Verb {
 public:
  std::string_view name() const override { return "same"; }
  std::string_view summary() const override { return "check that the same text is the same vector"; }
  std::string_view examples() const override {
    return "  isogloss same -m minilm \"The same text\" --runs 3 --batch 1,7,512 --threads 1,2\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("TEXT", text_, "the text");
    flags.value("-m,--model", model_, "a model: a folder or an installed name");
    flags.value("--runs", runs_, "runs of each setting");
    flags.value("--batch", batches_, "sizes of batches the text stands in, with commas");
    flags.value("--threads", threads_, "numbers of threads, with commas");
    flags.value("--compute", compute_, "arithmetic: auto, f32, bf16 or int8");
  }

  Result<int> run(Program& program) override {
    if (model_.empty()) return usage_error("same needs a model: -m FOLDER or -m minilm");
    const std::vector<std::size_t> batches = IG_TRY(numbers(batches_, "--batch"));
    const std::vector<std::size_t> threads = IG_TRY(numbers(threads_, "--threads"));
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    const Embedder* embedder = model->ability<Embedder>();
    if (embedder == nullptr) return fail(Code::unsupported, "model '" + model_ + "' gives no vectors for texts.");
    std::string first;
    std::size_t same = 0, all = 0;
    for (const std::size_t count : threads) {
      ThreadPool pool(count);
      for (const std::size_t batch : batches) {
        for (std::size_t i = 0; i < runs_; ++i, ++all) {
          const std::string bits = IG_TRY(bits_in(*embedder, batch, i, pool, program.context));
          if (first.empty()) first = bits;
          same += bits == first ? 1 : 0;
        }
      }
    }
    print(program, same, all);
    return same == all ? kDone : kFailed;
  }

 private:
  static Result<std::vector<std::size_t>> numbers(const std::string& list, const std::string& flag) {
    std::vector<std::size_t> out;
    for (const std::string_view item : split(list, ',')) {
      std::size_t n = 0;
      const auto end = std::from_chars(item.data(), item.data() + item.size(), n);
      if (end.ec != std::errc() || end.ptr != item.data() + item.size() || n < 1 || n > 4096) {
        return usage_error(flag + " takes numbers from 1 to 4096 with commas, not '" + list + "'.");
      }
      out.push_back(n);
    }
    return out;
  }

  // The text's row among `batch` - 1 others, at a place that differs from run to run.
  Result<std::string> bits_in(const Embedder& embedder, std::size_t batch, std::size_t run, ThreadPool& pool,
                              const Context& outer) const {
    Context context = outer;
    context.pool = &pool;
    context.threads = 0;
    const std::size_t at = run * 31 % batch;
    std::vector<std::string> texts(batch, text_);
    for (std::size_t i = 0; i < batch; ++i) {
      for (std::size_t k = 0; i != at && k <= i % 40; ++k) texts[i] += " other words " + std::to_string(i * 7 + k);
    }
    std::vector<Input> inputs;
    for (const std::string& text : texts) inputs.push_back(Input::text(text));
    EmbedOptions options;
    options.compute = compute_;
    options.truncate = Truncate::end;
    const Embedding embedding = IG_TRY(embedder.embed(inputs, options, context));
    if (!embedding.sparse.is_sparse()) {
      const auto row = embedding.dense.row_f32(at);
      return std::string(static_cast<const char*>(static_cast<const void*>(row.data())), row.size_bytes());
    }
    const SparseRow row = embedding.sparse.row_sparse(at);
    std::string out(static_cast<const char*>(static_cast<const void*>(row.columns.data())), row.columns.size_bytes());
    return out.append(static_cast<const char*>(static_cast<const void*>(row.values.data())), row.values.size_bytes());
  }

  static void print(Program& program, std::size_t same, std::size_t all) {
    if (program.flags.json) {
      std::string out;
      JsonWriter json(out);
      json.begin_object().field("identical", same == all).field("same", static_cast<std::uint64_t>(same));
      json.field("runs", static_cast<std::uint64_t>(all)).key("causes").begin_object();
      for (const Cause& cause : kCauses) json.field(cause.name, cause.here);
      json.end_object().end_object();
      return program.line(std::move(out));
    }
    program.line((same == all ? "identical: same bits in " : "different: same bits in only ") + std::to_string(same) +
                 " of " + std::to_string(all));
    program.line("why the same text may have different vectors, and whether it can happen here:");
    for (const Cause& cause : kCauses) program.line("  " + std::string(cause.name) + ": " + cause.here);
  }

  std::string text_, model_, batches_ = "1,7,64", threads_ = "1,2", compute_ = "auto";
  std::size_t runs_ = 3;
};

}  // namespace

std::unique_ptr<Verb> make_same_verb() { return std::make_unique<SameVerb>(); }

}  // namespace isogloss::cli
