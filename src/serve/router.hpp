// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "serve/route.hpp"

namespace isogloss::serve {

// Finds routes by method and path. Immutable.
class Router {
 public:
  explicit Router(std::vector<Route> routes);

  struct Match {
    std::vector<const Route*> routes;  // of that path and method; more than one when bodies tell them apart
    std::string_view pattern;          // "/v1/models/{id}"
    std::vector<std::string> parameters;
    std::string allowed;  // methods of that path, when there is no route for the one asked for
  };
  Match find(std::string_view method, std::string_view path) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Place {
    std::string_view pattern;
    std::vector<std::string_view> parts;
    std::vector<const Route*> routes;  // of all methods
  };
  const Place* place_of(std::string_view path, std::vector<std::string>& parameters) const;

  std::vector<Route> routes_;
  std::vector<Place> places_;
  std::unordered_map<std::string_view, std::size_t> plain_;  // paths without parameters -> place
};

// Of the routes of one path the one whose `when` the body has.
const Route* choose(const std::vector<const Route*>& routes, const Json& body);

}  // namespace isogloss::serve
