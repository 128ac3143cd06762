// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "isogloss/result.hpp"

namespace isogloss::serve {

// One field of a form. Views into the body.
struct FormField {
  std::string name;
  std::string filename;  // empty = no file
  std::string_view content;
};

// The fields of multipart/form-data (RFC 7578). `content_type` is the header with its boundary.
// Error{invalid_argument}: another type, or no such body.
Result<std::vector<FormField>> read_form(std::string_view content_type, std::string_view body);

}  // namespace isogloss::serve
