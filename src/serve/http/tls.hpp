// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "isogloss/result.hpp"

using SSL_CTX = struct ssl_ctx_st;

namespace isogloss::serve {

// The server's side of TLS 1.2 and newer with a certificate (and those between it and its root) and its key, files in
// PEM form. The caller owns it. Error{invalid_argument} names the file.
Result<SSL_CTX*> make_tls_context(const std::string& certificate, const std::string& key);

}  // namespace isogloss::serve
