// SPDX-License-Identifier: Apache-2.0
// One page of the web as a document.
#pragma once

#include <string>
#include <string_view>

#include "cli.hpp"
#include "isogloss/documents.hpp"

namespace isogloss::cli {

struct WebPage {
  std::string name;    // "example.org/guide/page"
  std::string source;  // the address that answered
  Document document;
};

enum class PageHosts : std::uint8_t { public_alone, all };

bool is_web_address(std::string_view text);

// Fetches the page, at most options.max_size bytes in a minute, over at most five redirects, none of them from https to
// http; with PageHosts::public_alone never from an address of a private network, and not through a proxy. What it is,
// is told by its Content-Type, else by its name. Errors: offline (but for loopback addresses), unavailable, not_found,
// too_long, unsupported (a private address), and those of read_document_text().
Result<WebPage> fetch_page(const std::string& address, PageHosts hosts, const ReadOptions& options, Program& program);

}  // namespace isogloss::cli
