// SPDX-License-Identifier: Apache-2.0
#include "vectors/word_table.hpp"

#include <cmath>

#include "core/assert.hpp"
#include "core/parallel.hpp"
#include "math/vector.hpp"

namespace isogloss::vectors {
namespace {

constexpr std::size_t kGrain = 2048;  // rows of one task

}  // namespace

WordTable::WordTable(tokens::WordMap words, std::vector<float> rows, std::size_t dim, std::vector<std::uint64_t> counts)
    : words_(std::move(words)), own_rows_(std::move(rows)), dim_(dim), counts_(std::move(counts)) {
  rows_ = own_rows_;
  finish();
}

WordTable::WordTable(tokens::WordMap words, std::shared_ptr<const MappedFile> file, std::span<const float> rows,
                     std::size_t dim, std::vector<std::uint64_t> counts)
    : words_(std::move(words)), file_(std::move(file)), rows_(rows), dim_(dim), counts_(std::move(counts)) {
  finish();
}

void WordTable::finish() {
  IG_ASSERT(rows_.size() == words_.size() * dim_);
  total_ = 0;
  for (std::size_t i = 0; i < words_.size(); ++i) {
    total_ += counts_.empty() ? 1.0 / static_cast<double>(i + 2) : static_cast<double>(counts_[i]);
  }
  if (total_ <= 0) total_ = 1;
}

std::optional<std::size_t> WordTable::find(std::string_view word) const {
  const std::uint32_t id = words_.find(word);
  if (id == tokens::WordMap::kNone) return std::nullopt;
  return id;
}

double WordTable::share(std::size_t index) const {
  return (counts_.empty() ? 1.0 / static_cast<double>(index + 2) : static_cast<double>(counts_[index])) / total_;
}

Status WordTable::cosines(std::span<const float> vector, std::span<float> out, Context& context) const {
  const float own = std::sqrt(math::squared_length(vector));
  parallel_for(context, size(), kGrain, [&](std::size_t begin, std::size_t end) {
    if (!context.check()) return;  // told below
    math::dot_rows(vector, rows_.data() + begin * dim_, out.subspan(begin, end - begin));
    for (std::size_t i = begin; i < end; ++i) {
      const float length = own * std::sqrt(math::squared_length(row(i)));
      out[i] = length > 0 ? out[i] / length : 0.0F;
    }
  });
  return context.check();
}

}  // namespace isogloss::vectors
