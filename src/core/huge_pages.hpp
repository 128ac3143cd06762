// SPDX-License-Identifier: Apache-2.0
// Fewer and larger pages for memory that is read and written all over.
#pragma once

#include <cstddef>
#include <span>

namespace isogloss {

// A wish, to be made before the memory is first written; a system that cannot does nothing.
void prefer_huge_pages(std::span<std::byte> memory);

}  // namespace isogloss
