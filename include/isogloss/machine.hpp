// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

namespace isogloss {

// What this build runs on.
struct MachineInfo {
  std::string version;    // of isogloss, "0.1.0"
  std::string cpu;        // as the system calls it
  std::size_t cores = 0;
  std::string kernels;    // instruction set in use: scalar, avx2, avx512, avx512_bf16
  std::string available;  // those this CPU has
  std::string forced;     // value of ISOGLOSS_SIMD, empty when unset
};
MachineInfo machine_info();

}  // namespace isogloss
