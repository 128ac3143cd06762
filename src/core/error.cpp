// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "isogloss/result.hpp"

namespace isogloss {
namespace {

struct CodeRow {
  Code code;
  std::string_view name;
  int exit_status;  // invalid_argument is 2 when it comes from a flag; the command line decides that
  int http_status;
};

constexpr std::array kCodes{
    CodeRow{Code::invalid_argument, "invalid_argument", 1, 400}, CodeRow{Code::not_found, "not_found", 3, 404},
    CodeRow{Code::already_exists, "already_exists", 1, 409},     CodeRow{Code::too_long, "too_long", 1, 400},
    CodeRow{Code::mismatch, "mismatch", 7, 409},                 CodeRow{Code::unsupported, "unsupported", 1, 422},
    CodeRow{Code::corrupt_data, "corrupt_data", 1, 422},         CodeRow{Code::exhausted, "exhausted", 1, 429},
    CodeRow{Code::offline, "offline", 6, 503},                   CodeRow{Code::unavailable, "unavailable", 1, 503},
    CodeRow{Code::out_of_memory, "out_of_memory", 1, 503},       CodeRow{Code::cancelled, "cancelled", 130, 499},
    CodeRow{Code::io, "io", 1, 500},                             CodeRow{Code::internal, "internal", 1, 500},
};

const CodeRow& row_of(Code code) {
  for (const CodeRow& row : kCodes) {
    if (row.code == code) return row;
  }
  return kCodes.back();
}

}  // namespace

std::string_view code_name(Code code) { return row_of(code).name; }
int code_exit_status(Code code) { return row_of(code).exit_status; }
int code_http_status(Code code) { return row_of(code).http_status; }

}  // namespace isogloss
