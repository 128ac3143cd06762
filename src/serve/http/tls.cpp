// SPDX-License-Identifier: Apache-2.0
#include "serve/http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>

namespace isogloss::serve {
namespace {

std::string last_error() {
  const char* const reason = ERR_reason_error_string(ERR_get_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "unreadable";
}

}  // namespace

Result<SSL_CTX*> make_tls_context(const std::string& certificate, const std::string& key) {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free);
  if (context == nullptr) return fail(Code::internal, "TLS cannot be set up: " + last_error() + ".");
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    return fail(Code::invalid_argument, "'" + certificate + "' is no certificate in PEM form: " + last_error() + ".");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fail(Code::invalid_argument,
                "'" + key + "' is not the private key of that certificate, in PEM form: " + last_error() + ".");
  }
  SSL_CTX_up_ref(context.get());
  return context.get();
}

}  // namespace isogloss::serve
