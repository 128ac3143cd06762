// SPDX-License-Identifier: Apache-2.0
#include "runtime/foreign/foreign_model.hpp"

#include <algorithm>
#include <cmath>

#include "core/hash.hpp"

namespace isogloss::runtime {
namespace {

constexpr std::uint32_t kBytesPerToken = 4;  // a guess: how long a text is, nobody tells

struct Texts final : Prepared::Body {
  std::vector<ForeignText> texts;
};

class ForeignModel final : public Model, public Embedder {
 public:
  explicit ForeignModel(std::unique_ptr<ForeignClient> client) : client_(std::move(client)) {}

  Status probe(Context& context) {
    const ForeignText text{"a", Role::none};
    const Vectors row = IG_TRY(client_->embed({&text, 1}, context));
    card_.family = client_->family();
    card_.modalities = {Modality::text};
    card_.dimension = row.dim();
    card_.space_id = sha256_hex(client_->identity() + "\n" + std::to_string(row.dim()));
    card_.trained_on = client_->identity();
    card_.facts["runs"] = client_->identity();
    return {};
  }

  const Card& card() const override { return card_; }
  Status save(const std::filesystem::path&, Context&) const override {
    return fail(Code::unsupported, "'" + client_->identity() + "' runs elsewhere: there is nothing here to save.");
  }

  Result<Prepared> prepare(std::span<const Input> inputs, const EmbedOptions& options, Context&) const override {
    if (options.outputs == Outputs::tokens) {
      return fail(Code::unsupported, "'" + client_->identity() + "' gives one vector a text, none of tokens.");
    }
    if (options.dim > card_.dimension) {
      return fail(Code::invalid_argument, "'" + client_->identity() + "' gives " + std::to_string(card_.dimension) +
                                              " columns, " + std::to_string(options.dim) + " were asked for.");
    }
    auto body = std::make_unique<Texts>();
    std::vector<std::uint32_t> costs;
    for (const Input& input : inputs) {
      body->texts.push_back({std::string(input.part.text), input.role});
      costs.push_back(
          client_->calls_are_dear() ? 1 : static_cast<std::uint32_t>(input.part.text.size()) / kBytesPerToken + 1);
    }
    return Prepared(std::vector<RowReport>(inputs.size()), std::move(costs), std::move(body));
  }

  Status run(std::span<const Slice> slices, EmbeddingOut& out, Context& context) const override {
    if (out.dense == nullptr) return {};
    std::vector<ForeignText> texts;
    for (const Slice& slice : slices) {
      const auto& body = static_cast<const Texts&>(slice.prepared->body());
      texts.insert(texts.end(), body.texts.begin() + static_cast<std::ptrdiff_t>(slice.begin),
                   body.texts.begin() + static_cast<std::ptrdiff_t>(slice.end));
    }
    for (std::size_t begin = 0; begin < texts.size(); begin += client_->batch()) {
      IG_TRY(context.check());
      const auto part = std::span(texts).subspan(begin, std::min(client_->batch(), texts.size() - begin));
      const Vectors rows = IG_TRY(client_->embed(part, context));
      if (rows.dim() != card_.dimension) {
        return fail(Code::corrupt_data, "'" + client_->identity() + "' gave vectors of " + std::to_string(rows.dim()) +
                                            " columns after " + std::to_string(card_.dimension) + " before.");
      }
      for (std::size_t i = 0; i < part.size(); ++i) {
        std::ranges::copy(rows.row_f32(i).first(out.dense->dim()), out.dense->row_f32(begin + i).begin());
      }
    }
    return {};
  }

 protected:
  const Card& embedder_card() const override { return card_; }

 private:
  const void* find(AbilityId id) const override {
    return id == AbilityId::embedder ? static_cast<const Embedder*>(this) : nullptr;
  }

  std::unique_ptr<ForeignClient> client_;
  Card card_;
};

}  // namespace

Status fill_row(const Json& numbers, std::size_t row, std::size_t rows, Vectors& out, std::string_view where) {
  const auto values = numbers.as_array();
  if (out.rows() == 0) out = Vectors::dense(rows, values.size());
  if (values.empty() || values.size() != out.dim()) {
    return fail(Code::corrupt_data, std::string(where) + ": vector " + std::to_string(row) + " has " +
                                        std::to_string(values.size()) + " numbers" +
                                        (values.empty() ? "." : ", others have " + std::to_string(out.dim()) + "."));
  }
  const auto to = out.row_f32(row);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i].as_number(std::nan(""));
    if (!std::isfinite(value)) {
      return fail(Code::corrupt_data,
                  std::string(where) + ": vector " + std::to_string(row) + " holds something that is no number.");
    }
    to[i] = static_cast<float>(value);
  }
  return {};
}

Result<ModelPtr> open_foreign(const ModelReference& reference, Context& context) {
  const bool command = reference.text.starts_with("cmd:");
  auto model = std::make_shared<ForeignModel>(IG_TRY(command ? command_client(reference) : openai_client(reference)));
  IG_TRY(model->probe(context));
  return ModelPtr(std::move(model));
}

}  // namespace isogloss::runtime
