// SPDX-License-Identifier: Apache-2.0
// Models that run elsewhere: behind an address that speaks OpenAI's embeddings, or as a command. To the rest they are
// models as any other; what they cost is a request or a process a batch.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "core/json.hpp"
#include "isogloss/model.hpp"
#include "isogloss/reference.hpp"

namespace isogloss::runtime {

struct ForeignText {
  std::string text;
  Role role = Role::none;
};

// What answers. Thread-safe.
class ForeignClient {
 public:
  virtual ~ForeignClient() = default;
  virtual std::string family() const = 0;    // "url", "command"
  virtual std::string identity() const = 0;  // what decides which vectors may be compared, as far as can be known
  virtual std::size_t batch() const = 0;     // most texts of a call
  // Whether a call costs so much (a process that opens a model) that as many texts as there are should share one.
  virtual bool calls_are_dear() const = 0;
  // A dense f32 row a text, all of one length.
  virtual Result<Vectors> embed(std::span<const ForeignText> texts, Context& context) const = 0;
};

// http(s)://..., options `model` (its name there) and `batch`; the key is $OPENAI_API_KEY. Error{offline}: the address
// is beyond this machine and the network is switched off.
Result<std::unique_ptr<ForeignClient>> openai_client(const ModelReference& reference);
// cmd:COMMAND, run by /bin/sh: gets JSON lines {"text","role"} and prints {"embedding":[...]} for each, in order.
Result<std::unique_ptr<ForeignClient>> command_client(const ModelReference& reference);

// Asks for one text, to know the number of columns. Errors: unavailable, offline, invalid_argument (options),
// corrupt_data (answers that are no vectors).
Result<ModelPtr> open_foreign(const ModelReference& reference, Context& context);

// Numbers of a JSON array as row `row` of `out`, which the first one makes (rows, its length). Error{corrupt_data}: no
// numbers, or another length; `where` names the source.
Status fill_row(const Json& numbers, std::size_t row, std::size_t rows, Vectors& out, std::string_view where);

}  // namespace isogloss::runtime
