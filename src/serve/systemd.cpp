// SPDX-License-Identifier: Apache-2.0
#include "serve/systemd.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

namespace isogloss::serve {

int inherited_socket() {
  constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
  const char* count = std::getenv("LISTEN_FDS");
  const char* process = std::getenv("LISTEN_PID");
  if (count == nullptr || process == nullptr || std::atoi(count) < 1) return -1;
  return std::atol(process) == ::getpid() ? kFirst : -1;
}

void notify_system(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path == nullptr || (path[0] != '/' && path[0] != '@') || std::strlen(path) >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, path, std::strlen(path));
  if (path[0] == '@') address.sun_path[0] = '\0';  // of the abstract name space
  const int channel = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (channel < 0) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(path));
  const auto* plain = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  static_cast<void>(::sendto(channel, state.data(), state.size(), MSG_NOSIGNAL, plain, size) < 0);
  ::close(channel);
}

}  // namespace isogloss::serve
