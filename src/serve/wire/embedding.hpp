// SPDX-License-Identifier: Apache-2.0
// What the embedding routes of all owners share: reading inputs, options and models, writing vectors.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "serve/route.hpp"

namespace isogloss::serve {

// Inputs of a request. They point into the body and into this object.
struct Inputs {
  std::vector<Input> list;
  bool single = false;  // one text, not a list of them
  std::deque<std::vector<std::int32_t>> ids;
  std::deque<std::string> made;  // texts that do not stand in the body
};

enum class EmptyText : std::uint8_t { allow, refuse };

struct InputRules {
  std::string_view field = "input";
  EmptyText empty = EmptyText::allow;  // OpenAI refuses "" and []
  Role role = Role::none;
  std::string_view prompt = {};
};

// A string, a list of strings, a list of token ids, a list of lists of them, or objects with a text.
// Error{invalid_argument}.
Result<Inputs> read_inputs(const Call& call, const Json& value, const InputRules& rules);

// What the owners call the role of a text: query, search_query, retrieval.query; document, search_document, passage,
// ...
Role role_of(std::string_view name);

// Puts the prompt that the request asks for by name into the rules. "query" and "document" are roles for models that
// have no prompt of that name. Error{invalid_argument} lists the prompts of the model.
Status use_prompt(const Card& card, const Json& name, InputRules& rules);

// The columns asked for, 0 = all. Error{invalid_argument}: more than there are, or fewer without --allow-truncate-dim.
Result<std::size_t> dimension_of(const Call& call, const LoadedModel& model, const Json& value);

// What to do with texts above the window: the route's default unless the request or the server says otherwise.
Truncate truncate_of(const Call& call, bool wanted, Truncate side = Truncate::end);

// Dense vectors of the inputs. Error{unsupported}: the model is sparse.
Result<Embedding> embed_dense(Call& call, const LoadedModel& model, const Inputs& inputs, const EmbedOptions& options);

std::size_t tokens_of(const Embedding& embedding);

// "truncated":[3,7], when there is something to list, and the header of the same content.
void tell_truncated(const Embedding& embedding, Response& response, JsonWriter* json);

// How a vector is written.
enum class VectorForm : std::uint8_t { f32, base64, i8, u8, bits, signed_bits };

// One row as JSON value: an array of numbers, or base64 of the little-endian bytes when `packed`.
void append_vector(std::string& out, std::span<const float> row, VectorForm form, bool packed);

}  // namespace isogloss::serve
