// SPDX-License-Identifier: Apache-2.0
// Dates of mail headers and of RSS (RFC 5322) as ISO 8601, in the zone that they name; empty for what is no date.
#pragma once

#include <string>

typedef struct _GDateTime GDateTime;  // glib's own name for it

namespace isogloss::input::foreign {

std::string iso_8601(GDateTime* date);
std::string iso_of_mail_date(const char* date);

}  // namespace isogloss::input::foreign
