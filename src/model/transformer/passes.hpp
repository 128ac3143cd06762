// SPDX-License-Identifier: Apache-2.0
// Runs rows of several prepare() calls through the encoder: passes of a bounded number of tokens, shared among threads.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "model/transformer/encoders.hpp"

namespace isogloss::model {

// One row: its ids live as long as the call.
struct PassRow {
  std::span<const std::uint32_t> ids;
  std::span<const std::uint8_t> types;  // as many as ids, or empty = all 0
  std::size_t target = 0;               // the caller's number of this row
  std::size_t skip = 0;                 // tokens at its start that a pooling leaves out
};

// The states of one pass: row i of `rows` holds tokens starts[i] .. starts[i + 1] of `states`, or row i of it when one
// row a sequence was wanted.
struct PassResult {
  std::span<const PassRow> rows;
  std::span<const std::size_t> starts;
  const nn::Activations& states;
};

// Calls done() for every pass, from any thread, not at the same time for the same rows. Which rows share a pass never
// shows in their states.
Status run_passes(const nn::Encoder& encoder, WorkspacePool& workspaces, std::vector<PassRow> rows,
                  nn::WantedRows wanted, const std::function<void(const PassResult&)>& done, Context& context);

}  // namespace isogloss::model
