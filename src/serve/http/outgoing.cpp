// SPDX-License-Identifier: Apache-2.0
#include "serve/http/outgoing.hpp"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>

namespace isogloss::serve {

Outgoing Outgoing::of(const Request& request, Response response, bool keep) {
  Outgoing out;
  out.keep = keep;
  out.bare = request.method == "HEAD" || response.status == 204;
  if (!response.stream) out.head = response_head(request, response, keep, BodyLength::known);
  out.response = std::move(response);
  return out;
}

std::array<std::string_view, 2> Outgoing::rest() const {
  const std::string_view body = bare ? std::string_view() : std::string_view(response.body);
  const std::size_t of_head = std::min(sent, head.size());
  return {std::string_view(head).substr(of_head), body.substr(sent - of_head)};
}

void Outgoing::send_at_once(int socket) {
  std::array<iovec, 2> pieces{};
  std::ranges::transform(rest(), pieces.begin(),
                         [](std::string_view part) { return iovec{const_cast<char*>(part.data()), part.size()}; });
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  const ssize_t n = ::sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n > 0) sent += static_cast<std::size_t>(n);
}

}  // namespace isogloss::serve
