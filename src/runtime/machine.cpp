// SPDX-License-Identifier: Apache-2.0
#include "isogloss/machine.hpp"

#include <cstdlib>
#include <fstream>
#include <thread>

#include "core/text.hpp"
#include "simd/kernels.hpp"

namespace isogloss {
namespace {

std::string cpu_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("model name")) return std::string(trim(line.substr(line.find(':') + 1)));
  }
  return "unknown";
}

}  // namespace

MachineInfo machine_info() {
  MachineInfo info;
  info.version = IG_VERSION;
  info.cpu = cpu_name();
  info.cores = std::thread::hardware_concurrency();
  info.kernels = simd::level_name(simd::active_level());
  for (const simd::Level level : simd::available_levels()) {
    info.available += (info.available.empty() ? "" : ", ") + std::string(simd::level_name(level));
  }
  if (const char* forced = std::getenv("ISOGLOSS_SIMD")) info.forced = forced;
  return info;
}

}  // namespace isogloss
