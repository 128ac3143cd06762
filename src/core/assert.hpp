// SPDX-License-Identifier: Apache-2.0
// IG_ASSERT(condition): what only a bug of ours can break. What input can cause is a Result instead.
#pragma once

#include <cstdlib>

#ifdef NDEBUG
#define IG_ASSERT(condition) static_cast<void>(true || (condition))
#else
#define IG_ASSERT(condition) ((condition) ? static_cast<void>(0) : std::abort())
#endif
