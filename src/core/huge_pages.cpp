// SPDX-License-Identifier: Apache-2.0
#include "core/huge_pages.hpp"

#include <sys/mman.h>

#include <cstdint>

namespace isogloss {

void prefer_huge_pages(std::span<std::byte> memory) {
#ifdef MADV_HUGEPAGE
  constexpr std::size_t kPage = std::size_t{1} << 21;
  void* begin = memory.data();
  std::size_t size = memory.size();
  // Only whole pages: what lies beside them is not ours to advise on.
  const std::size_t lost = (kPage - reinterpret_cast<std::uintptr_t>(begin) % kPage) % kPage;
  if (size < lost + kPage) return;
  size = (size - lost) / kPage * kPage;
  (void)::madvise(static_cast<std::byte*>(begin) + lost, size, MADV_HUGEPAGE);
#else
  (void)memory;
#endif
}

}  // namespace isogloss
