// SPDX-License-Identifier: Apache-2.0
// Arrays of numbers as NumPy writes them to a file, in answers and as bodies: application/x-npy.
#pragma once

#include <span>
#include <string_view>

#include "serve/route.hpp"

namespace isogloss::serve {

inline constexpr std::string_view kNpyType = "application/x-npy";

// Whether the client asks for an array instead of JSON.
bool wants_npy(const Call& call);

// An answer that is an array of f32 so far without its numbers, which are appended row by row.
Response npy_response(std::span<const std::size_t> shape);
void append_numbers(std::string& out, std::span<const float> numbers);

// The route, told that its handler asks wants_npy() and that the answer is of `otherwise` if not.
Route answers_npy(Route route, std::string_view otherwise = "application/json");
// The route, told that a body may be an array: it then is that field, and the others are parameters of the address.
Route takes_npy(Route route, std::string_view field);

// A body that is an array, as the JSON that says the same. Error{corrupt_data}, Error{unsupported}: it is none;
// Error{invalid_argument}: not one row.
Result<Json> array_body(const Route& route, const Request& request);

}  // namespace isogloss::serve
