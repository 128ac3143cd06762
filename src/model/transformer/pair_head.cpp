// SPDX-License-Identifier: Apache-2.0
// Heads by the tensors they are made of (transformers 5.23, the ...ForSequenceClassification of each architecture):
//
//   BERT          pooler.dense, tanh; classifier
//   RoBERTa, MPNet, XLM-R   classifier.dense, tanh; classifier.out_proj
//   DistilBERT    pre_classifier, relu; classifier
//   ModernBERT    head.dense, its activation, head.norm; classifier
//   Llama, Qwen   score, of the last token
#include "model/transformer/pair_head.hpp"

namespace isogloss::model {
namespace {

using nn::Activation;

std::string with_prefix(const Weights& tensors, const std::string& name) {
  for (const char* prefix : {"", "bert.", "model.", "new."}) {
    if (tensors.has(prefix + name + ".weight")) return prefix + name;
  }
  return {};
}

Result<DenseChain> read_layers(const Weights& tensors, const nn::EncoderConfig& c, PairHead& head) {
  DenseChain layers;
  const std::size_t n = c.hidden;
  const auto classifier = [&](const std::string& name) -> Status {
    const std::vector<std::size_t> shape = tensors.shape(name + ".weight");
    if (!shape.empty() && shape[0] != 1) {
      return fail(Code::unsupported, tensors.where() + ": the classifier has " + std::to_string(shape[0]) +
                                         " labels; a model that scores pairs has one.");
    }
    return layers.add(tensors, name, 1, n, Activation::none);
  };
  if (tensors.has("classifier.out_proj.weight")) {
    IG_TRY(layers.add(tensors, "classifier.dense", n, n, Activation::tanh));
    IG_TRY(classifier("classifier.out_proj"));
  } else if (tensors.has("score.weight")) {
    head.rows = nn::WantedRows::last;
    IG_TRY(classifier("score"));
  } else if (tensors.has("pre_classifier.weight")) {
    IG_TRY(layers.add(tensors, "pre_classifier", n, n, Activation::relu));
    IG_TRY(classifier("classifier"));
  } else if (tensors.has("head.dense.weight")) {
    IG_TRY(layers.add(tensors, "head.dense", n, n, c.activation));
    IG_TRY(layers.add_norm(tensors, "head.norm", n, c.norm_eps));
    IG_TRY(classifier("classifier"));
  } else if (const std::string pooler = with_prefix(tensors, "pooler.dense"); !pooler.empty()) {
    IG_TRY(layers.add(tensors, pooler, n, n, Activation::tanh));
    IG_TRY(classifier("classifier"));
  } else {
    return fail(Code::unsupported,
                tensors.where() +
                    ": config.json says the model classifies, but there is no head that is "
                    "known here (pooler and classifier, classifier.dense, pre_classifier, head.dense, score).");
  }
  return layers;
}

}  // namespace

Result<PairHead> read_pair_head(const Weights& tensors, const Json& config, const FileSet& files,
                                const nn::EncoderConfig& encoder) {
  PairHead head;
  head.layers = IG_TRY(read_layers(tensors, encoder, head));
  std::string activation(config["sentence_transformers"]["activation_fn"].as_string());
  if (activation.empty()) activation = config["sbert_ce_default_activation_function"].as_string();
  if (files.has("config_sentence_transformers.json")) {
    const std::string text = IG_TRY(files.read("config_sentence_transformers.json"));
    const Json own = IG_TRY(Json::parse(text, (files.origin() / "config_sentence_transformers.json").string()));
    if (own["activation_fn"].is_string()) activation = own["activation_fn"].as_string();
  }
  head.sigmoid = !activation.ends_with("Identity");
  return head;
}

}  // namespace isogloss::model
