// SPDX-License-Identifier: Apache-2.0
#include "serve/array.hpp"

#include <algorithm>

#include "core/npy.hpp"
#include "core/text.hpp"

namespace isogloss::serve {
namespace {

// "+" of a form is a blank.
std::string decoded(std::string_view text) {
  std::string out(text);
  std::ranges::replace(out, '+', ' ');
  return url_decode(out);
}

Json parameter(const Field& field, std::string text) {
  if ((field.types & kText) == 0) {
    if (auto value = Json::parse(text, field.name)) return std::move(*value);
  }
  return Json(std::move(text));
}

}  // namespace

bool wants_npy(const Call& call) { return call.request.header("accept").find(kNpyType) != std::string_view::npos; }

Response npy_response(std::span<const std::size_t> shape) {
  Response response;
  response.content_type = kNpyType;
  response.body = npy_header("<f4", shape);
  return response;
}

void append_numbers(std::string& out, std::span<const float> numbers) {
  out.append(static_cast<const char*>(static_cast<const void*>(numbers.data())), numbers.size_bytes());
}

Route answers_npy(Route route, std::string_view otherwise) {
  route.npy_or = otherwise;
  return route;
}

Route takes_npy(Route route, std::string_view field) {
  route.npy_field = field;
  return route;
}

Result<Json> array_body(const Route& route, const Request& request) {
  const NpyMatrix matrix = IG_TRY(parse_npy_matrix(request.body, "The body"));
  if (matrix.rows != 1) {
    return fail(Code::invalid_argument,
                "The body has " + std::to_string(matrix.rows) + " rows; send one vector a request.");
  }
  Json::Object object;
  for (const std::string_view pair : split(request.query, '&')) {
    const std::size_t mark = std::min(pair.find('='), pair.size());
    const auto field = std::ranges::find(route.fields, decoded(pair.substr(0, mark)), &Field::name);
    if (field == route.fields.end() || mark == pair.size()) continue;
    object.emplace_back(field->name, parameter(*field, decoded(pair.substr(mark + 1))));
  }
  Json::Array row;
  for (const float value : matrix.values) row.emplace_back(static_cast<double>(value));
  object.emplace_back(route.npy_field, std::move(row));
  return Json(std::move(object));
}

}  // namespace isogloss::serve
