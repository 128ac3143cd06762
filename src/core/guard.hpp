// SPDX-License-Identifier: Apache-2.0
// guard(f): the one place where exceptions of the standard library become Errors; stands at every public entry.
#pragma once

#include <exception>
#include <filesystem>
#include <new>
#include <type_traits>

#include "isogloss/result.hpp"

namespace isogloss {

// Runs f(), which returns a Result, and turns an exception into its error branch.
template <class F>
std::invoke_result_t<F> guard(F&& f) noexcept {
  try {
    return std::forward<F>(f)();
  } catch (const std::bad_alloc&) {
    return fail(Code::out_of_memory, "Not enough memory for this operation. Use fewer or smaller inputs.");
  } catch (const std::filesystem::filesystem_error& error) {
    return fail(Code::io, error.what());
  } catch (const std::exception& error) {
    return fail(Code::internal, std::string("An unexpected exception reached the border of the library: ") + error.what());
  }
}

}  // namespace isogloss
