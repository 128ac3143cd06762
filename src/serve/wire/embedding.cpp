// SPDX-License-Identifier: Apache-2.0
#include "serve/wire/embedding.hpp"

#include <algorithm>

#include "core/base64.hpp"
#include "core/text.hpp"
#include "isogloss/tokens.hpp"

namespace isogloss::serve {
namespace {

constexpr std::string_view kNoTokenIds =
    "Token ids mean nothing without the vocabulary they come from, so this server refuses them. Send text: with "
    "langchain, OpenAIEmbeddings(check_embedding_ctx_length=False). If they are the served model's own ids, start the "
    "server with --token-ids model; if they are another tokenizer's, with --token-ids FILE.";

// Ids of another tokenizer are read as the text they stand for.
Status add_ids(const Call& call, std::span<const Json> ids, Inputs& out) {
  if (call.services.options.token_ids.empty()) return fail(Code::invalid_argument, std::string(kNoTokenIds));
  Input input;
  const Tokenizer* foreign = call.services.id_tokenizer;
  std::vector<std::int32_t> own;
  std::vector<std::uint32_t> other;
  for (const Json& id : ids) {
    if (!id.is_integer() || id.as_integer() < 0 || id.as_integer() > INT32_MAX) {
      return fail(Code::invalid_argument, "A list of token ids holds something that is no id.");
    }
    foreign != nullptr ? other.push_back(static_cast<std::uint32_t>(id.as_integer()))
                       : own.push_back(static_cast<std::int32_t>(id.as_integer()));
  }
  if (foreign != nullptr) {
    out.made.push_back(IG_TRY(foreign->decode(other, {})));
    input = Input::text(out.made.back());
  } else {
    out.ids.push_back(std::move(own));
    input.part.modality = Modality::tokens;
    input.part.ids = out.ids.back();
  }
  out.list.push_back(input);
  return {};
}

// {"image": ...}, {"type": "image_url", ...}, or the image itself as address of data.
bool is_image(const Json& item) {
  if (item.is_string()) return item.as_string().starts_with("data:image/");
  return !item["image"].is_null() || !item["image_url"].is_null();
}

Status add_one(const Call& call, const Json& item, const InputRules& rules, Inputs& out) {
  if (item.is_array()) return add_ids(call, item.as_array(), out);
  const Json& text = item.is_object() ? item["text"] : item;
  if (is_image(item)) {
    return fail(Code::invalid_argument,
                "An item of '" + std::string(rules.field) + "' is an image, and the model takes text only.");
  }
  if (!text.is_string())
    return fail(Code::invalid_argument, "An item of '" + std::string(rules.field) + "' is no text.");
  if (rules.empty == EmptyText::refuse && text.as_string().empty()) {
    return fail(Code::invalid_argument, "A text of '" + std::string(rules.field) + "' is empty. Leave it out.");
  }
  out.list.push_back(Input::text(text.as_string()));
  return {};
}

template <class T>
void append_integers(std::string& out, std::span<const T> row, int shift) {
  out += '[';
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i != 0) out += ',';
    append_number(out, static_cast<std::int64_t>(row[i]) + shift);
  }
  out += ']';
}

}  // namespace

Result<Inputs> read_inputs(const Call& call, const Json& value, const InputRules& rules) {
  Inputs out;
  const std::span<const Json> items = value.as_array();
  const bool ids = !items.empty() && items[0].is_integer();
  out.single = !value.is_array() || ids;
  if (value.is_array() && items.empty() && rules.empty == EmptyText::refuse) {
    return fail(Code::invalid_argument, "'" + std::string(rules.field) + "' is an empty list. Send at least one text.");
  }
  if (items.size() > call.services.options.max_inputs && !ids) {
    return fail(Code::invalid_argument, "'" + std::string(rules.field) + "' has " + std::to_string(items.size()) +
                                            " items; this server takes " +
                                            std::to_string(call.services.options.max_inputs) + ".");
  }
  if (ids) {
    IG_TRY(add_ids(call, items, out));
  } else if (value.is_array()) {
    out.list.reserve(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (Status added = add_one(call, items[i], rules, out); !added) {
        added.error().item = static_cast<std::ptrdiff_t>(i);
        return fail(std::move(added.error()));
      }
    }
  } else {
    IG_TRY(add_one(call, value, rules, out));
  }
  for (Input& input : out.list) {
    input.role = rules.role;
    input.prompt = rules.prompt;
  }
  return out;
}

Role role_of(std::string_view name) {
  if (name == "query" || name.ends_with(".query") || name.ends_with("_query")) return Role::query;
  if (name == "document" || name == "passage" || name.ends_with(".passage") || name.ends_with("_document"))
    return Role::document;
  return Role::none;
}

Status use_prompt(const Card& card, const Json& name, InputRules& rules) {
  if (!name.is_string() || name.as_string().empty()) return {};
  if (card.prompts.contains(std::string(name.as_string()))) {
    rules.prompt = name.as_string();
    return {};
  }
  rules.role = role_of(name.as_string());
  if (rules.role != Role::none) return {};
  std::string known;
  for (const auto& [one, text] : card.prompts) known += (known.empty() ? "" : ", ") + one;
  return fail(Code::invalid_argument, "The model has no prompt '" + shortened(name.as_string(), 80) +
                                          "'. It has: " + (known.empty() ? "none" : known) + ".");
}

Result<std::size_t> dimension_of(const Call& call, const LoadedModel& model, const Json& value) {
  if (value.is_null()) return std::size_t{0};
  const std::size_t all = model.model->card().dimension;
  const std::int64_t wanted = value.as_integer(-1);
  const std::string has = "The model '" + model.name + "' has " + std::to_string(all) + " dimensions";
  if (wanted < 1 || static_cast<std::size_t>(wanted) > all) {
    return fail(Code::invalid_argument, has + "; " + value.as_text() + " were asked for.");
  }
  if (static_cast<std::size_t>(wanted) < all && !call.services.options.allow_truncate_dim) {
    return fail(Code::invalid_argument,
                has + " and was not trained to be cut to " + std::to_string(wanted) +
                    ". If you want that all the same, start the server with --allow-truncate-dim.");
  }
  return static_cast<std::size_t>(wanted) == all ? 0 : static_cast<std::size_t>(wanted);
}

Truncate truncate_of(const Call& call, bool wanted, Truncate side) {
  return wanted && !call.services.options.truncate_error ? side : Truncate::error;
}

Result<Embedding> embed_dense(Call& call, const LoadedModel& model, const Inputs& inputs, const EmbedOptions& options) {
  if (model.model->card().sparse) {
    return fail(Code::unsupported,
                "The model '" + model.name + "' gives sparse vectors. Ask for them at /embed_sparse.");
  }
  return call.services.engine.embed(model, inputs.list, options, call.caller());
}

std::size_t tokens_of(const Embedding& embedding) {
  std::size_t tokens = 0;
  for (const RowReport& report : embedding.reports) tokens += report.tokens_used;
  return tokens;
}

void tell_truncated(const Embedding& embedding, Response& response, JsonWriter* json) {
  std::vector<std::size_t> cut;
  for (std::size_t i = 0; i < embedding.reports.size(); ++i) {
    if (embedding.reports[i].tokens_cut != 0) cut.push_back(i);
  }
  if (cut.empty()) return;
  std::string list;
  for (const std::size_t i : cut) {
    if (list.size() > 2000) {  // a header has its limits; /metrics counts them all
      list += ",...";
      break;
    }
    list += (list.empty() ? "" : ",") + std::to_string(i);
  }
  response.headers.emplace_back("X-Isogloss-Truncated", list);
  if (json == nullptr) return;
  json->key("truncated").begin_array();
  for (const std::size_t i : cut) json->value(static_cast<std::uint64_t>(i));
  json->end_array();
}

void append_vector(std::string& out, std::span<const float> row, VectorForm form, bool packed) {
  const VectorsView view{static_cast<const std::byte*>(static_cast<const void*>(row.data())), 1, row.size(),
                         row.size_bytes(), DType::f32};
  if (form == VectorForm::f32 && !packed) {
    JsonWriter(out).values(row);
    return;
  }
  Vectors small;
  std::span<const std::byte> bytes(view.data, row.size_bytes());
  if (form != VectorForm::f32 && form != VectorForm::base64) {
    const DType dtype = form == VectorForm::i8 ? DType::i8 : form == VectorForm::u8 ? DType::u8 : DType::bit;
    small = *quantize(view, dtype);
    bytes = {small.data(), small.row_bytes()};
  }
  if (packed || form == VectorForm::base64) {
    out += '"';
    append_base64(out, bytes);
    out += '"';
    return;
  }
  const void* const raw = bytes.data();
  if (form == VectorForm::i8)
    append_integers(out, std::span(static_cast<const std::int8_t*>(raw), bytes.size()), 0);
  else
    append_integers(out, std::span(static_cast<const std::uint8_t*>(raw), bytes.size()),
                    form == VectorForm::signed_bits ? -128 : 0);
}

}  // namespace isogloss::serve
