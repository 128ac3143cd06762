// SPDX-License-Identifier: Apache-2.0
// What systemd asks of a service, without its library.
#pragma once

#include <string_view>

namespace isogloss::serve {

// The first socket that was handed down (sd_listen_fds(3)), -1 when there is none for this process.
int inherited_socket();
// sd_notify(3): "READY=1". Does nothing when nobody listens.
void notify_system(std::string_view state);

}  // namespace isogloss::serve
