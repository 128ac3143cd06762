// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "isogloss/family.hpp"

namespace isogloss::model {

const Family& fasttext_family();

}  // namespace isogloss::model
