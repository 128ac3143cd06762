// SPDX-License-Identifier: Apache-2.0
// For the tests of counting families: short cuts to train, embed and read rows.
#pragma once

#include <string>
#include <vector>

#include "isogloss/family.hpp"
#include "tokens/counting/memory_dataset.hpp"

namespace isogloss::model {

inline Result<ModelPtr> train_on(const Family& family, std::vector<std::string> texts,
                                 const OptionValues& options = {}) {
  Context context;
  return family.train(tokens::MemoryDataset(std::move(texts)), options, context);
}

inline Embedding embed_texts(const Model& model, const std::vector<std::string>& texts, Role role = Role::none) {
  std::vector<Input> inputs;
  for (const std::string& text : texts) inputs.push_back(Input::text(text, role));
  EmbedOptions options;
  options.on_error = OnError::skip;
  Context context;
  return model.ability<Embedder>()->embed(inputs, options, context).value();
}

// Row `row` with its zeros. (dim)
inline std::vector<float> dense_row(const Embedding& embedding, std::size_t row) {
  if (!embedding.sparse.is_sparse()) {
    const auto values = embedding.dense.row_f32(row);
    return {values.begin(), values.end()};
  }
  std::vector<float> out(embedding.sparse.dim());
  const SparseRow sparse = embedding.sparse.row_sparse(row);
  for (std::size_t k = 0; k < sparse.columns.size(); ++k) out[sparse.columns[k]] = sparse.values[k];
  return out;
}

inline double dot(const SparseRow& a, const SparseRow& b) {
  double sum = 0;
  for (std::size_t i = 0, j = 0; i < a.columns.size() && j < b.columns.size();) {
    if (a.columns[i] == b.columns[j]) {
      sum += static_cast<double>(a.values[i++]) * static_cast<double>(b.values[j++]);
    } else {
      (a.columns[i] < b.columns[j] ? i : j) += 1;
    }
  }
  return sum;
}

}  // namespace isogloss::model
