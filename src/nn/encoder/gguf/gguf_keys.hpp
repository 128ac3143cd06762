// SPDX-License-Identifier: Apache-2.0
// Keys ARCHITECTURE.NAME of a GGUF file as members of a config.json.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/json.hpp"
#include "formats/gguf.hpp"
#include "isogloss/result.hpp"

namespace isogloss::nn {

class GgufKeys {
 public:
  GgufKeys(const formats::Gguf& file, std::string_view architecture) : file_(file), architecture_(architecture) {}

  const formats::Gguf& file() const { return file_; }
  std::string key(std::string_view name) const { return std::string(architecture_) + "." + std::string(name); }
  bool has(std::string_view name) const { return file_.has(key(name)); }
  // A whole number; the default when the key is absent.
  Result<std::size_t> count(std::string_view name, std::size_t absent) const;
  // A member of the config with the value of a key, when the file has it.
  Status copy_count(std::string_view name, std::string_view member);
  Status copy_number(std::string_view name, std::string_view member);
  Status copy_rope_scaling();
  void put(std::string_view member, Json value) { members_.emplace_back(member, std::move(value)); }
  void put(std::string_view member, std::size_t value) { put(member, Json(static_cast<std::int64_t>(value))); }
  // Rows of a table, 0 when there is none.
  std::size_t rows(std::string_view tensor) const;
  // Layers, width, heads, inner width and vocabulary.
  Status copy_dimensions(std::string_view model_type);
  Json finish() { return Json(std::move(members_)); }
  std::unexpected<Error> refuse(const std::string& what) const;

 private:
  const formats::Gguf& file_;
  std::string_view architecture_;
  Json::Object members_;
};

Result<Json> bert_config(GgufKeys& keys);
Result<Json> nomic_bert_config(GgufKeys& keys);
Result<Json> modernbert_config(GgufKeys& keys);
Result<Json> gpt2_config(GgufKeys& keys);
Result<Json> llama_config(GgufKeys& keys);
Result<Json> qwen2_config(GgufKeys& keys);
Result<Json> qwen3_config(GgufKeys& keys);
Result<Json> gemma_config(GgufKeys& keys);

}  // namespace isogloss::nn
