// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "isogloss/family.hpp"

namespace isogloss::model {

const Family& classifier_family();

}  // namespace isogloss::model
