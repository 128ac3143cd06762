// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "isogloss/family.hpp"

namespace isogloss::model {

// The family whose model this is. Without a name, every family is asked; none or two exact matches is an error that
// names them.
Result<const Family*> family_of(const FileSet& files, std::string_view family);
// Opens a file set as a model. Errors as of family_of().
Result<ModelPtr> load_files(const FileSet& files, std::string_view family, const OptionValues& options,
                            Context& context);

}  // namespace isogloss::model
