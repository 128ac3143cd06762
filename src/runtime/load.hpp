// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "isogloss/family.hpp"

namespace isogloss::runtime {

// Opens a file set as a model. Without a family, every family is asked; none or two exact matches is an error that
// names them.
Result<ModelPtr> load_files(const FileSet& files, std::string_view family, const OptionValues& options,
                            Context& context);

}  // namespace isogloss::runtime
