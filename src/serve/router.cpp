// SPDX-License-Identifier: Apache-2.0
#include "serve/router.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace isogloss::serve {
namespace {

bool is_parameter(std::string_view part) { return part.starts_with('{'); }
bool takes_rest(std::string_view part) { return part.ends_with("...}"); }

bool matches(std::span<const std::string_view> pattern, std::span<const std::string_view> path,
             std::vector<std::string>& parameters) {
  parameters.clear();
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (i >= path.size()) return false;
    if (takes_rest(pattern[i])) {
      parameters.push_back(url_decode(
          {path[i].data(), static_cast<std::size_t>(path.back().data() + path.back().size() - path[i].data())}));
      return true;
    }
    if (is_parameter(pattern[i])) {
      if (path[i].empty()) return false;
      parameters.push_back(url_decode(path[i]));
    } else if (pattern[i] != path[i]) {
      return false;
    }
  }
  return pattern.size() == path.size();
}

}  // namespace

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const Route& route : routes_) {
    for (const std::string_view path : route.paths) {
      auto place = std::ranges::find(places_, path, &Place::pattern);
      if (place == places_.end()) place = places_.insert(places_.end(), {path, split(path, '/'), {}});
      place->routes.push_back(&route);
    }
  }
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (std::ranges::none_of(places_[i].parts, is_parameter)) plain_.emplace(places_[i].pattern, i);
  }
}

const Router::Place* Router::place_of(std::string_view path, std::vector<std::string>& parameters) const {
  if (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  if (const auto found = plain_.find(path); found != plain_.end()) return &places_[found->second];
  const std::vector<std::string_view> parts = split(path, '/');
  for (const Place& place : places_) {
    if (std::ranges::any_of(place.parts, is_parameter) && matches(place.parts, parts, parameters)) return &place;
  }
  return nullptr;
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  Match match;
  const Place* place = place_of(path, match.parameters);
  if (place == nullptr) return match;
  match.pattern = place->pattern;
  for (const std::string_view wanted : {method, method == "HEAD" ? std::string_view("GET") : method}) {
    for (const Route* route : place->routes) {
      if (route->method == wanted) match.routes.push_back(route);
    }
    if (!match.routes.empty()) return match;
  }
  for (const Route* route : place->routes) {
    if (match.allowed.find(route->method) == std::string::npos)
      match.allowed += (match.allowed.empty() ? "" : ", ") + std::string(route->method);
  }
  return match;
}

const Route* choose(const std::vector<const Route*>& routes, const Json& body) {
  for (const Route* route : routes) {
    if (!route->when.empty() && body.find(route->when) != nullptr) return route;
  }
  return routes.back();  // whose own check says what is missing
}

}  // namespace isogloss::serve
