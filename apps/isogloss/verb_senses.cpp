// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "core/cosine.hpp"
#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/heads.hpp"
#include "isogloss/model.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class SensesVerb final : public Verb {
 public:
  std::string_view name() const override { return "senses"; }
  std::string_view summary() const override { return "group sentences by the sense of a word in them"; }
  std::string_view examples() const override {
    return "  isogloss senses -m minilm play \"The Broadway play premiered yesterday.\" \"We play chess every "
           "Sunday.\"\n";
  }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.positional("WORD", word_, "the word");
    flags.list("SENTENCE", sentences_, "sentences that hold it, two or more");
    flags.value("-m,--model", model_, "a model: a folder or an installed name");
    flags.value("--groups", groups_, "number of senses; default 2");
  }

  Result<int> run(Program& program) override {
    if (model_.empty()) return usage_error("senses needs a model: -m FOLDER or -m minilm");
    if (sentences_.size() < 2) return usage_error("senses needs two sentences or more.");
    if (groups_ < 1 || groups_ > sentences_.size()) {
      return usage_error("--groups must be from 1 to the number of sentences, " + std::to_string(sentences_.size()) +
                         ".");
    }
    const ModelPtr model = IG_TRY(load(model_, {}, program.context));
    for (const std::string& sentence : sentences_)
      rows_.push_back(IG_TRY(from_flags(word_in_sentence(*model, word_, sentence, program.context))));
    for (const auto& a : rows_) {
      for (const auto& b : rows_) similarity_.push_back(cosine(a, b));
    }
    group();
    print(program, model->ability<TokenEmbedder>() == nullptr);
    return kDone;
  }

 private:
  double between(std::size_t i, std::size_t j) const { return similarity_[i * rows_.size() + j]; }

  // The two groups nearest by mean similarity become one, until as many are left as were asked for.
  void group() {
    for (std::size_t i = 0; i < rows_.size(); ++i) members_.push_back({i});
    while (members_.size() > groups_) {
      std::size_t best_a = 0, best_b = 1;
      for (std::size_t a = 0; a < members_.size(); ++a) {
        for (std::size_t b = a + 1; b < members_.size(); ++b) {
          if (mean_between(members_[a], members_[b]) > mean_between(members_[best_a], members_[best_b]))
            best_a = a, best_b = b;
        }
      }
      members_[best_a].insert(members_[best_a].end(), members_[best_b].begin(), members_[best_b].end());
      members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(best_b));
    }
    for (auto& group : members_) std::ranges::sort(group);
    std::ranges::sort(members_);
  }

  double mean_between(const std::vector<std::size_t>& a, const std::vector<std::size_t>& b) const {
    double sum = 0;
    std::size_t count = 0;
    for (const std::size_t i : a) {
      for (const std::size_t j : b) {
        if (i == j) continue;
        sum += between(i, j);
        ++count;
      }
    }
    return count == 0 ? 1.0 : sum / static_cast<double>(count);
  }

  void print(Program& program, bool is_static) const {
    if (program.flags.json) {
      std::string out;
      JsonWriter json(out);
      json.begin_object().field("word", word_).key("groups").begin_array();
      for (const auto& group : members_) {
        json.begin_object().key("sentences").begin_array();
        for (const std::size_t i : group) json.value(static_cast<std::uint64_t>(i + 1));
        json.end_array().field("within", mean_between(group, group)).end_object();
      }
      json.end_array().key("cosines").begin_array();
      for (std::size_t i = 0; i < rows_.size(); ++i) {
        json.begin_array();
        for (std::size_t j = 0; j < rows_.size(); ++j) json.value(between(i, j));
        json.end_array();
      }
      json.end_array().end_object();
      return program.line(std::move(out));
    }
    for (std::size_t g = 0; g < members_.size(); ++g) {
      program.line("sense " + std::to_string(g + 1) + ", cosine within " +
                   fixed(mean_between(members_[g], members_[g]), 2));
      for (const std::size_t i : members_[g]) program.line("  " + std::to_string(i + 1) + "  " + sentences_[i]);
    }
    double low = 1, high = -1;
    for (std::size_t a = 0; a < members_.size(); ++a) {
      for (std::size_t b = a + 1; b < members_.size(); ++b) {
        for (const std::size_t i : members_[a]) {
          for (const std::size_t j : members_[b])
            low = std::min(low, between(i, j)), high = std::max(high, between(i, j));
        }
      }
    }
    if (members_.size() > 1) program.line("cosine across " + fixed(low, 2) + " to " + fixed(high, 2));
    if (is_static)
      program.note("a static model has one vector per word, whatever stands around it: every cosine is 1.000");
  }

  std::string word_, model_;
  std::vector<std::string> sentences_;
  std::size_t groups_ = 2;
  std::vector<std::vector<float>> rows_;
  std::vector<double> similarity_;
  std::vector<std::vector<std::size_t>> members_;
};

}  // namespace

std::unique_ptr<Verb> make_senses_verb() { return std::make_unique<SensesVerb>(); }

}  // namespace isogloss::cli
