// SPDX-License-Identifier: Apache-2.0
// Libraries that are opened on first use, so that the start of the program does not pay for them. For .cpp files only.
#pragma once

#include <dlfcn.h>

namespace isogloss {

// Null when it is not installed. It stays open.
inline void* open_library(const char* name) { return ::dlopen(name, RTLD_NOW | RTLD_LOCAL); }

template <class F>
bool find_function(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace isogloss
