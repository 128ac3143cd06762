// SPDX-License-Identifier: Apache-2.0
// The only list of short names. A row is a promise about the repository's architecture, which the encoder opens, and,
// where the weights were verified against the reference library, about their bytes.
#include "hub/known_models.hpp"

#include <algorithm>
#include <array>

#include "isogloss/hub.hpp"

namespace isogloss::hub {
namespace {

constexpr std::array kModels = {
    KnownModel{"minilm", "sentence-transformers/all-MiniLM-L6-v2",
               "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"},
    KnownModel{"minilm-l12", "sentence-transformers/all-MiniLM-L12-v2"},
    KnownModel{"mpnet", "sentence-transformers/all-mpnet-base-v2"},
    KnownModel{"multilingual-minilm", "sentence-transformers/paraphrase-multilingual-MiniLM-L12-v2"},
    KnownModel{"bge-small-en", "BAAI/bge-small-en-v1.5"},
    KnownModel{"bge-base-en", "BAAI/bge-base-en-v1.5"},
    KnownModel{"bge-large-en", "BAAI/bge-large-en-v1.5"},
    KnownModel{"e5-small", "intfloat/e5-small-v2"},
    KnownModel{"e5-base", "intfloat/e5-base-v2"},
    KnownModel{"e5-large", "intfloat/e5-large-v2"},
    KnownModel{"multilingual-e5-small", "intfloat/multilingual-e5-small"},
    KnownModel{"multilingual-e5-base", "intfloat/multilingual-e5-base"},
    KnownModel{"gte-small", "thenlper/gte-small"},
    KnownModel{"gte-base", "thenlper/gte-base"},
    KnownModel{"gte-modernbert", "Alibaba-NLP/gte-modernbert-base"},
    KnownModel{"arctic-embed-s", "Snowflake/snowflake-arctic-embed-s"},
    KnownModel{"arctic-embed-m", "Snowflake/snowflake-arctic-embed-m"},
    KnownModel{"mxbai-large", "mixedbread-ai/mxbai-embed-large-v1"},
    KnownModel{"nomic-embed", "nomic-ai/nomic-embed-text-v1.5"},
    KnownModel{"modernbert-embed", "nomic-ai/modernbert-embed-base"},
    KnownModel{"qwen3-embedding", "Qwen/Qwen3-Embedding-0.6B"},
    KnownModel{"embeddinggemma", "google/embeddinggemma-300m"},
    KnownModel{"cross-encoder-minilm", "cross-encoder/ms-marco-MiniLM-L6-v2"},
    KnownModel{"bge-reranker-base", "BAAI/bge-reranker-base"},
    KnownModel{"colbert-small", "answerdotai/answerai-colbert-small-v1"},
};

}  // namespace

std::span<const KnownModel> known_models() { return kModels; }

const KnownModel* find_known_model(std::string_view name) {
  const auto found = std::ranges::find(kModels, name, &KnownModel::name);
  return found == kModels.end() ? nullptr : &*found;
}

}  // namespace isogloss::hub

namespace isogloss {

std::string_view known_repository(std::string_view short_name) {
  const hub::KnownModel* known = hub::find_known_model(short_name);
  return known == nullptr ? std::string_view() : known->repository;
}

std::string_view known_short_name(std::string_view repository) {
  const auto all = hub::known_models();
  const auto found = std::ranges::find(all, repository, &hub::KnownModel::repository);
  return found == all.end() ? std::string_view() : found->name;
}

std::vector<std::string_view> known_short_names() {
  std::vector<std::string_view> names;
  for (const hub::KnownModel& known : hub::known_models()) names.push_back(known.name);
  return names;
}

}  // namespace isogloss
