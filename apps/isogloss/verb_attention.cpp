// SPDX-License-Identifier: Apache-2.0
#include "core/json.hpp"
#include "isogloss/model.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class AttentionVerb final : public Verb {
 public:
  std::string_view name() const override { return "attention"; }
  std::string_view summary() const override { return "show which token attends to which"; }
  std::string_view examples() const override {
    return "  isogloss attention \"The Broadway play premiered yesterday.\" -m minilm --layer 3 --head 1\n"
           "  isogloss attention \"The cat sat.\" -m minilm --layer 0 --json\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("TEXT", text_, "the text");
    flags.value("-m,--model", model_, "a model that reads tokens: a folder or an installed name");
    flags.value("--layer", layer_, "layer, from 0");
    flags.value("--head", head_, "head, from 0; without it the mean of all heads");
  }

  Result<int> run(Program& program) override {
    if (model_.empty()) return usage_error("attention needs a model: -m FOLDER or -m minilm");
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    const TokenEmbedder* reader = model->ability<TokenEmbedder>();
    if (reader == nullptr)
      return fail(Code::unsupported, "model '" + model_ + "' has no attention: it does not read tokens.");
    if (head_ != kAllHeads && head_ >= reader->heads()) {
      return usage_error("--head must be 0 to " + std::to_string(reader->heads() - 1) + ", not " +
                         std::to_string(head_) + ".");
    }
    const Attention attention = IG_TRY(reader->attention(text_, layer_, program.context));
    program.flags.json ? print_json(program, attention) : print_table(program, attention);
    return kDone;
  }

 private:
  static constexpr std::size_t kAllHeads = static_cast<std::size_t>(-1);

  float weight(const Attention& a, std::size_t from, std::size_t to) const {
    if (head_ != kAllHeads) return a.at(head_, from, to);
    float sum = 0;
    for (std::size_t h = 0; h < a.heads; ++h) sum += a.at(h, from, to);
    return sum / static_cast<float>(a.heads);
  }

  void print_json(Program& program, const Attention& a) const {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("layer", static_cast<std::uint64_t>(layer_)).key("head");
    head_ == kAllHeads ? json.null() : json.value(static_cast<std::uint64_t>(head_));
    json.key("tokens").begin_array();
    for (const std::string& token : a.tokens) json.value(token);
    json.end_array().key("weights").begin_array();
    std::vector<float> row(a.tokens.size());
    for (std::size_t from = 0; from < a.tokens.size(); ++from) {
      for (std::size_t to = 0; to < row.size(); ++to) row[to] = weight(a, from, to);
      json.values(row);
    }
    json.end_array().end_object();
    program.line(std::move(out));
  }

  // A row per token: how it divides its attention.
  void print_table(Program& program, const Attention& a) const {
    std::vector<std::vector<std::string>> rows{{""}};
    rows[0].insert(rows[0].end(), a.tokens.begin(), a.tokens.end());
    for (std::size_t from = 0; from < a.tokens.size(); ++from) {
      rows.push_back({a.tokens[from]});
      for (std::size_t to = 0; to < a.tokens.size(); ++to) rows.back().push_back(fixed(weight(a, from, to), 3));
    }
    program.out(format_table(rows));
  }

  std::string text_, model_;
  std::size_t layer_ = 0, head_ = kAllHeads;
};

}  // namespace

std::unique_ptr<Verb> make_attention_verb() { return std::make_unique<AttentionVerb>(); }

}  // namespace isogloss::cli
