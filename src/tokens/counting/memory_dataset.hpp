// SPDX-License-Identifier: Apache-2.0
// For tests and drivers: a Dataset of texts in memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "isogloss/family.hpp"

namespace isogloss::tokens {

class MemoryDataset final : public Dataset {
 public:
  explicit MemoryDataset(std::vector<std::string> texts) : texts_(std::move(texts)) {}
  // A table: one row of cells per record, the text being the cells joined by commas.
  MemoryDataset(std::vector<std::string> columns, std::vector<std::vector<std::string>> rows)
      : columns_(std::move(columns)), rows_(std::move(rows)) {
    for (const auto& row : rows_) {
      std::string text;
      for (const std::string& cell : row) text += (text.empty() ? "" : ",") + cell;
      texts_.push_back(text);
    }
  }

  const std::vector<std::string>& column_names() const override { return columns_; }
  std::size_t blocks() const override { return 1; }
  Status read_block(std::size_t, const RecordSink& sink, Context& context) const override {
    IG_TRY(context.check());
    std::vector<std::string_view> cells;
    for (std::size_t i = 0; i < texts_.size(); ++i) {
      Record record;
      record.text = texts_[i];
      if (!rows_.empty()) cells.assign(rows_[i].begin(), rows_[i].end());
      record.columns = cells;
      IG_TRY(sink(record));
    }
    return {};
  }
  std::string description() const override { return std::to_string(texts_.size()) + " texts"; }

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::string> texts_;
};

}  // namespace isogloss::tokens
