// SPDX-License-Identifier: Apache-2.0
// Loaded before the C library (LD_PRELOAD): counts the calls that make data durable, in the eight bytes of the file
// that BENCH_SYNC_COUNT names, so that "durable" is counted and not claimed.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t>* open_count() {
  const char* path = std::getenv("BENCH_SYNC_COUNT");
  const int file = path != nullptr ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return nullptr;
  void* place = ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  ::close(file);
  return place == MAP_FAILED ? nullptr : static_cast<std::atomic<std::uint64_t>*>(place);
}

void count_one() {
  static std::atomic<std::uint64_t>* const count = open_count();
  if (count != nullptr) count->fetch_add(1, std::memory_order_relaxed);
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" int fsync(int file) {
  static const auto call = next<int (*)(int)>("fsync");
  count_one();
  return call(file);
}

extern "C" int fdatasync(int file) {
  static const auto call = next<int (*)(int)>("fdatasync");
  count_one();
  return call(file);
}

extern "C" int msync(void* begin, std::size_t size, int flags) {
  static const auto call = next<int (*)(void*, std::size_t, int)>("msync");
  if ((flags & MS_SYNC) != 0) count_one();
  return call(begin, size, flags);
}
