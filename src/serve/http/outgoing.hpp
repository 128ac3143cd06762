// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "serve/http/http.hpp"

namespace isogloss::serve {

// An answer on its way out.
struct Outgoing {
  Response response;
  bool keep = false;     // the connection
  bool bare = false;     // no body is sent
  std::string head;      // empty for one that streams
  std::size_t sent = 0;  // of head and body

  static Outgoing of(const Request& request, Response response, bool keep);
  // What is left of head and body.
  std::array<std::string_view, 2> rest() const;
  // Sends as much as the socket takes without waiting. An error is left for the next try to meet.
  void send_at_once(int socket);
};

}  // namespace isogloss::serve
