// SPDX-License-Identifier: Apache-2.0
// What the environment says about the hub, with the variables of the Hugging Face libraries.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>

#include "isogloss/result.hpp"

namespace isogloss::hub {

struct HubSettings {
  std::filesystem::path root;                       // of the cache
  std::string endpoint = "https://huggingface.co";  // HF_ENDPOINT, without a slash at its end
  std::chrono::seconds metadata_timeout{10};        // HF_HUB_ETAG_TIMEOUT
  std::chrono::seconds download_timeout{10};        // HF_HUB_DOWNLOAD_TIMEOUT: without a byte
  std::string offline;                              // the variable that switches the network off; empty = it is on
  bool links = true;                                // HF_HUB_DISABLE_SYMLINKS: copies instead
};

HubSettings hub_settings();

// HF_TOKEN, the file HF_TOKEN_PATH, or $HF_HOME/token; empty when there is none. Error{invalid_argument}: a token with
// characters that no header can hold.
Result<std::string> hub_token();

}  // namespace isogloss::hub
