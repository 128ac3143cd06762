// SPDX-License-Identifier: Apache-2.0
// Errors are values: Result<T> is the only way failure crosses the API. No exception leaves a public function.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace isogloss {

// What kind of failure. One table (src/core/error.cpp) maps a code to its name, exit status and HTTP status.
enum class Code {
  invalid_argument,  // the caller asked for something outside the stated range
  not_found,         // a model, collection, file or id does not exist
  already_exists,
  too_long,     // an input exceeds the model's window and may not be cut
  mismatch,     // a model and a collection do not belong together
  unsupported,  // understood, but this build or model cannot do it
  corrupt_data,
  exhausted,      // a limit was reached; try again later
  offline,        // needs the network, and the network is switched off
  unavailable,    // a resource is busy or a peer does not answer
  out_of_memory,
  cancelled,
  io,
  internal,  // a bug of ours
};

std::string_view code_name(Code code);  // "invalid_argument"
int code_exit_status(Code code);        // as the table of docs/design/errors.md
int code_http_status(Code code);

// A failure: `message` is a full sentence with the offending value, the allowed range and what to do.
struct Error {
  Code code = Code::internal;
  std::string message;
  std::ptrdiff_t item = -1;   // index of the offending input of a batch, -1 = not about one input
  double retry_after = 0.0;   // seconds; 0 = no hint
};

// Either a value or an Error. Same member names as std::expected; [[nodiscard]].
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

using Status = Result<void>;

// Builds the error branch of any Result: `return fail(Code::not_found, "...")`.
inline std::unexpected<Error> fail(Code code, std::string message, std::ptrdiff_t item = -1) {
  return std::unexpected<Error>(Error{code, std::move(message), item, 0.0});
}
inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

}  // namespace isogloss

// IG_TRY(expr): the value of a Result, or return its error from the enclosing function. Works for move-only values and
// for Status (then it yields nothing). May be nested; each use has a name of its own.
#define IG_TRY_JOIN_(a, b) a##b
#define IG_TRY_NAME_(a, b) IG_TRY_JOIN_(a, b)
#define IG_TRY_AS_(name, expr)                                                        \
  __extension__({                                                                     \
    auto&& name = (expr);                                                             \
    if (!name) return std::unexpected<::isogloss::Error>(std::move(name).error());    \
    *std::move(name);                                                                 \
  })
#define IG_TRY(expr) IG_TRY_AS_(IG_TRY_NAME_(ig_result_, __COUNTER__), expr)
