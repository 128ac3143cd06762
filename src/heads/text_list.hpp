// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "isogloss/family.hpp"

namespace isogloss::heads {

// Texts in memory as what a model may be fitted on: no labels. The texts outlive it.
class TextList final : public Dataset {
 public:
  TextList(std::span<const std::string> texts, std::string description)
      : texts_(texts), description_(std::move(description)) {}
  const std::vector<std::string>& column_names() const override { return none_; }
  std::size_t blocks() const override { return 1; }
  Status read_block(std::size_t, const RecordSink& sink, Context& context) const override {
    IG_TRY(context.check());
    for (const std::string& text : texts_) {
      Record record;
      record.text = text;
      IG_TRY(sink(record));
    }
    return {};
  }
  std::string description() const override { return description_; }

 private:
  std::span<const std::string> texts_;
  std::string description_;
  std::vector<std::string> none_;
};

}  // namespace isogloss::heads
