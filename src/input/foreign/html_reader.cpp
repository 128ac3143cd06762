// SPDX-License-Identifier: Apache-2.0
// HTML by gumbo (the parsing rules of HTML5), one walk over its tree. What is left out: scripts, forms' controls, what
// is hidden, and what is around the text rather than in it: nav, aside, footer, elements whose role, class or id says
// so, headers of the page but for their h1, and lists that are links and little else. Where the page marks its <main>
// or its one <article>, the text is that, unless most of the page lies outside it.
#include <gumbo.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/foreign/builder.hpp"
#include "input/foreign/charset_guess.hpp"
#include "input/foreign/foreign.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr std::size_t kHead = 4096;      // bytes in which a page says what it is
constexpr int kDeepest = 1000;           // elements inside one another; what is deeper is left out
constexpr std::size_t kLeastMain = 250;  // bytes of <main> below which the body is looked at too
constexpr std::size_t kMostOutside = 4;  // times more text in the body: then <main> was none
constexpr std::size_t kFewestLinks = 4;  // of a list that is navigation
constexpr double kMostlyLinks = 0.7;

enum class Kind : std::uint8_t { inline_, block, skip, heading, item, row, cell, table, pre, list, line_break, around };

constexpr std::size_t kTags = static_cast<std::size_t>(GUMBO_TAG_LAST) + 1;

struct TagsOfKind {
  Kind kind;
  std::initializer_list<GumboTag> tags;
};

constexpr std::array<Kind, kTags> kinds_of_tags() {
  std::array<Kind, kTags> out{};  // inline_
  for (const TagsOfKind& some : {
           TagsOfKind{Kind::skip,
                      {GUMBO_TAG_SCRIPT, GUMBO_TAG_STYLE, GUMBO_TAG_NOSCRIPT, GUMBO_TAG_TEMPLATE, GUMBO_TAG_HEAD,
                       GUMBO_TAG_IFRAME, GUMBO_TAG_OBJECT, GUMBO_TAG_SVG, GUMBO_TAG_MATH, GUMBO_TAG_BUTTON,
                       GUMBO_TAG_SELECT, GUMBO_TAG_TEXTAREA, GUMBO_TAG_CANVAS, GUMBO_TAG_VIDEO, GUMBO_TAG_AUDIO}},
           TagsOfKind{Kind::around, {GUMBO_TAG_NAV, GUMBO_TAG_ASIDE, GUMBO_TAG_FOOTER}},
           TagsOfKind{Kind::heading,
                      {GUMBO_TAG_H1, GUMBO_TAG_H2, GUMBO_TAG_H3, GUMBO_TAG_H4, GUMBO_TAG_H5, GUMBO_TAG_H6}},
           TagsOfKind{Kind::item, {GUMBO_TAG_LI, GUMBO_TAG_DT, GUMBO_TAG_DD}},
           TagsOfKind{Kind::list, {GUMBO_TAG_UL, GUMBO_TAG_OL, GUMBO_TAG_DL}},
           TagsOfKind{Kind::row, {GUMBO_TAG_TR}},
           TagsOfKind{Kind::cell, {GUMBO_TAG_TD, GUMBO_TAG_TH}},
           TagsOfKind{Kind::table, {GUMBO_TAG_TABLE}},
           TagsOfKind{Kind::pre, {GUMBO_TAG_PRE}},
           TagsOfKind{Kind::line_break, {GUMBO_TAG_BR}},
           TagsOfKind{Kind::block,
                      {GUMBO_TAG_P, GUMBO_TAG_DIV, GUMBO_TAG_SECTION, GUMBO_TAG_ARTICLE, GUMBO_TAG_MAIN,
                       GUMBO_TAG_HEADER, GUMBO_TAG_BLOCKQUOTE, GUMBO_TAG_FIGURE, GUMBO_TAG_FIGCAPTION,
                       GUMBO_TAG_ADDRESS, GUMBO_TAG_HR, GUMBO_TAG_DETAILS, GUMBO_TAG_SUMMARY, GUMBO_TAG_BODY,
                       GUMBO_TAG_CAPTION, GUMBO_TAG_FORM, GUMBO_TAG_FIELDSET, GUMBO_TAG_CENTER}},
       }) {
    for (const GumboTag tag : some.tags) out[static_cast<std::size_t>(tag)] = some.kind;
  }
  return out;
}

Kind kind_of(GumboTag tag) {
  static constexpr std::array<Kind, kTags> kKinds = kinds_of_tags();
  return kKinds[static_cast<std::size_t>(tag)];
}

const GumboNode* element(const GumboNode* node) {
  return node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE ? node : nullptr;
}

std::span<void* const> children(const GumboNode* node) {
  const GumboVector& all = node->v.element.children;
  return {all.data, all.length};
}

std::string_view attribute(const GumboNode* node, const char* name) {
  const GumboAttribute* found = gumbo_get_attribute(&node->v.element.attributes, name);
  return found != nullptr ? found->value : std::string_view();
}

// The first element, in the order of the text, for which test() holds.
template <class Test>
const GumboNode* find_element(const GumboNode* node, const Test& test, int depth = 0) {
  if (element(node) == nullptr || depth > kDeepest) return nullptr;
  if (test(node)) return node;
  for (const void* child : children(node)) {
    if (const GumboNode* found = find_element(static_cast<const GumboNode*>(child), test, depth + 1)) return found;
  }
  return nullptr;
}

bool is_tag(const GumboNode* node, GumboTag tag) { return node->v.element.tag == tag; }

// A word of class or id, or a role, that stands for what surrounds a text.
bool named_around(const GumboNode* node) {
  static constexpr std::array kWords{
      "nav",           "navbar",   "navigation", "menu",     "sidebar", "footer",     "breadcrumb", "breadcrumbs",
      "cookie",        "cookies",  "consent",    "share",    "sharing", "social",     "related",    "advert",
      "advertisement", "ads",      "ad",         "banner",   "promo",   "pagination", "pager",      "newsletter",
      "subscribe",     "comments", "toolbar",    "masthead", "infobox", "navbox",     "toc"};
  static constexpr std::array kRoles{"navigation", "banner", "contentinfo", "complementary",
                                     "search",     "menu",   "dialog"};
  const std::string_view role = attribute(node, "role");
  if (std::ranges::find(kRoles, role) != kRoles.end()) return true;
  for (const char* name : {"class", "id"}) {
    const std::string value = ascii_lower(attribute(node, name));
    for (std::size_t at = 0; at < value.size();) {
      const std::size_t end = std::min(value.find_first_of(" -_\t\n", at), value.size());
      if (std::ranges::find(kWords, std::string_view(value).substr(at, end - at)) != kWords.end()) return true;
      at = end + 1;
    }
  }
  return false;
}

bool is_hidden(const GumboNode* node) {
  if (node->v.element.attributes.length == 0) return false;
  const auto style = attribute(node, "style");
  return gumbo_get_attribute(&node->v.element.attributes, "hidden") != nullptr ||
         attribute(node, "aria-hidden") == "true" || style.find("display:none") != std::string_view::npos ||
         style.find("display: none") != std::string_view::npos;
}

bool holds_main(const GumboNode* node) {
  return find_element(node, [](const GumboNode* n) {
           return is_tag(n, GUMBO_TAG_MAIN) || is_tag(n, GUMBO_TAG_ARTICLE) || is_tag(n, GUMBO_TAG_H1) ||
                  is_tag(n, GUMBO_TAG_BODY);
         }) != nullptr;
}

// A table that puts blocks beside one another, rather than one of data.
bool is_layout(const GumboNode* table) {
  const auto role = attribute(table, "role");
  if (role == "presentation" || role == "none") return true;
  return find_element(table, [table](const GumboNode* n) {
           const Kind kind = kind_of(n->v.element.tag);
           return n != table && (kind == Kind::heading || kind == Kind::table);
         }) != nullptr;
}

class Walk {
 public:
  Walk(Builder& out, HtmlPart part) : out_(out), page_(part == HtmlPart::page) {}

  void node(const GumboNode* n, int depth) {
    if (n->type == GUMBO_NODE_TEXT || n->type == GUMBO_NODE_WHITESPACE || n->type == GUMBO_NODE_CDATA) {
      text(n->v.text.text);
    } else if (element(n) != nullptr && depth < kDeepest) {
      take_element(n, depth);
    }
  }

 private:
  void text(std::string_view t) {
    const std::size_t before = out_.here();
    pre_ > 0 ? out_.verbatim(t) : out_.words(t);
    if (links_ > 0) link_bytes_ += out_.here() - before;
  }

  void all_children(const GumboNode* n, int depth) {
    for (const void* child : children(n)) node(static_cast<const GumboNode*>(child), depth + 1);
  }

  bool left_out(const GumboNode* n, Kind kind) const {
    if (kind == Kind::skip || is_hidden(n)) return true;
    if (!page_) return false;
    if (kind == Kind::around) return true;
    return (kind == Kind::block || kind == Kind::list || kind == Kind::table || kind == Kind::cell) &&
           named_around(n) && !holds_main(n);
  }

  void take_element(const GumboNode* n, int depth) {
    const Kind kind = kind_of(n->v.element.tag);
    if (left_out(n, kind)) return;
    if (page_ && is_tag(n, GUMBO_TAG_HEADER) && !inside_article_) return title_of_header(n, depth);
    switch (kind) {
      case Kind::inline_:
        return take_inline(n, depth);
      case Kind::heading:
        return take_heading(n, depth);
      case Kind::item:
        return take_item(n, depth);
      case Kind::line_break:
        return out_.line();
      case Kind::cell:
        if (cells_ == 0) return take_block(n, Kind::block, depth);
        out_.separator(" | ");
        return all_children(n, depth);
      case Kind::row:
        out_.line();
        all_children(n, depth);
        return out_.line();
      case Kind::pre:
        return take_pre(n, depth);
      default:
        return take_block(n, kind, depth);
    }
  }

  void take_inline(const GumboNode* n, int depth) {
    const bool link = is_tag(n, GUMBO_TAG_A);
    links_ += link ? 1 : 0;
    link_count_ += link ? 1 : 0;
    all_children(n, depth);
    links_ -= link ? 1 : 0;
  }

  void title_of_header(const GumboNode* n, int depth) {
    const GumboNode* h1 = find_element(n, [](const GumboNode* e) { return is_tag(e, GUMBO_TAG_H1); });
    if (h1 != nullptr) take_heading(h1, depth);
  }

  void take_heading(const GumboNode* n, int depth) {
    if (cells_ > 0) return all_children(n, depth);
    out_.block();
    const std::size_t from = out_.here();
    all_children(n, depth);
    out_.end_heading(static_cast<int>(n->v.element.tag) - static_cast<int>(GUMBO_TAG_H1) + 1, from);
    out_.block();
  }

  void take_item(const GumboNode* n, int depth) {
    const std::size_t from = out_.here();
    if (is_tag(n, GUMBO_TAG_LI)) {
      out_.item(numbers_.empty() || numbers_.back() == 0 ? "- " : std::to_string(numbers_.back()++) + ". ");
    } else {
      out_.line();
    }
    const std::size_t filled = out_.here();
    all_children(n, depth);
    if (out_.here() == filled && is_tag(n, GUMBO_TAG_LI)) out_.take_back(from);
    out_.line();
  }

  void take_pre(const GumboNode* n, int depth) {
    out_.block();
    const std::size_t from = out_.here();
    ++pre_;
    all_children(n, depth);
    --pre_;
    out_.end_opaque(from);
    out_.block();
  }

  // A block, a list or a table; what turns out to be navigation is taken back.
  void take_block(const GumboNode* n, Kind kind, int depth) {
    const bool article = is_tag(n, GUMBO_TAG_ARTICLE) || is_tag(n, GUMBO_TAG_MAIN);
    const bool nested_list = kind == Kind::list && !numbers_.empty();
    if (cells_ == 0 && !nested_list) out_.block();
    const std::size_t from = out_.here(), links = link_count_, bytes = link_bytes_;
    inside_article_ += article ? 1 : 0;
    if (kind == Kind::list) numbers_.push_back(is_tag(n, GUMBO_TAG_OL) ? 1 : 0);
    const int cells = kind == Kind::table ? std::exchange(cells_, is_layout(n) ? 0 : cells_ + 1) : cells_;
    all_children(n, depth);
    cells_ = cells;
    if (kind == Kind::list) numbers_.pop_back();
    inside_article_ -= article ? 1 : 0;
    const double share =
        static_cast<double>(link_bytes_ - bytes) / static_cast<double>(std::max<std::size_t>(out_.here() - from, 1));
    if (page_ && !article && link_count_ - links >= kFewestLinks && share > kMostlyLinks) {
      out_.take_back(from);
      link_bytes_ = bytes;
    }
    if (cells_ == 0) out_.block();
  }

  Builder& out_;
  bool page_;
  int inside_article_ = 0, pre_ = 0, cells_ = 0, links_ = 0;
  std::size_t link_count_ = 0, link_bytes_ = 0;
  std::vector<int> numbers_;  // of the items of the lists around; 0 = not numbered
};

// Of the head: title, description, canonical link, dates.
void take_head(const GumboNode* root, Document& document) {
  const GumboNode* head = find_element(root, [](const GumboNode* n) { return is_tag(n, GUMBO_TAG_HEAD); });
  if (const auto lang = attribute(root, "lang"); !lang.empty()) document.meta["lang"] = std::string(lang);
  if (head == nullptr) return;
  static constexpr std::pair<std::string_view, std::string_view> kMeta[] = {{"description", "description"},
                                                                            {"author", "author"},
                                                                            {"article:published_time", "published"},
                                                                            {"date", "published"}};
  for (const void* child : children(head)) {
    const auto* n = static_cast<const GumboNode*>(child);
    if (element(n) == nullptr) continue;
    if (is_tag(n, GUMBO_TAG_TITLE)) {
      Document title;
      Builder words(title);
      for (const void* part : children(n)) words.words(static_cast<const GumboNode*>(part)->v.text.text);
      document.title = title.text;
    }
    if (is_tag(n, GUMBO_TAG_LINK) && attribute(n, "rel") == "canonical")
      document.meta["url"] = std::string(attribute(n, "href"));
    if (!is_tag(n, GUMBO_TAG_META)) continue;
    const auto name = attribute(n, "name").empty() ? attribute(n, "property") : attribute(n, "name");
    for (const auto& [from, to] : kMeta) {
      if (name == from) document.meta[std::string(to)] = std::string(attribute(n, "content"));
    }
  }
}

// <main>, else the only <article>.
const GumboNode* main_of(const GumboNode* root) {
  const auto* found = find_element(
      root, [](const GumboNode* n) { return is_tag(n, GUMBO_TAG_MAIN) || attribute(n, "role") == "main"; });
  if (found != nullptr) return found;
  std::size_t articles = 0;
  found = find_element(root, [&](const GumboNode* n) {
    articles += is_tag(n, GUMBO_TAG_ARTICLE) ? 1 : 0;
    return is_tag(n, GUMBO_TAG_ARTICLE);
  });
  find_element(root, [&](const GumboNode* n) {
    articles += is_tag(n, GUMBO_TAG_ARTICLE) ? 1 : 0;
    return false;
  });
  return articles == 2 ? found : nullptr;  // counted once by each search
}

Document walked(const GumboNode* from, HtmlPart part) {
  Document document;
  Builder out(document);
  Walk(out, part).node(from, 0);
  out.finish();
  return document;
}

Document main_text(const GumboNode* root) {
  const GumboNode* marked = main_of(root);
  if (marked == nullptr) return walked(root, HtmlPart::page);
  Document found = walked(marked, HtmlPart::page);
  if (found.text.size() >= kLeastMain) return found;
  Document whole = walked(root, HtmlPart::page);
  return whole.text.size() > kMostOutside * std::max<std::size_t>(found.text.size(), 1) ? whole : found;
}

// What gumbo allocates, given back at once: a tenth faster than one by one, and another tenth because the pages stay.
class Arena {
 public:
  static void* allocate(void* self, std::size_t size) {
    return static_cast<Arena*>(self)->take((size + 15) & ~std::size_t{15});
  }
  static void leave(void*, void*) {}
  // Everything is free again. Memory beyond what a usual page takes goes back.
  void reset() {
    if (blocks_.size() > kKeptBlocks) blocks_.resize(kKeptBlocks);
    current_ = 0;
    left_ = 0;
  }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };

  void* take(std::size_t size) {
    while (size > left_) next_block(size);
    left_ -= size;
    return std::exchange(next_, next_ + size);
  }

  void next_block(std::size_t size) {
    if (current_ == blocks_.size()) {
      const std::size_t bytes = std::max(size, kBlock);
      blocks_.push_back({std::make_unique_for_overwrite<char[]>(bytes), bytes});
    }
    next_ = blocks_[current_].bytes.get();
    left_ = blocks_[current_++].size;
  }

  static constexpr std::size_t kBlock = 256 * 1024, kKeptBlocks = 64;
  std::vector<Block> blocks_;
  std::size_t current_ = 0;  // blocks in use
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

Result<Document> parse(std::string_view html, HtmlPart part) {
  static thread_local Arena arena;
  arena.reset();
  GumboOptions options = kGumboDefaultOptions;
  options.allocator = Arena::allocate;
  options.deallocator = Arena::leave;
  options.userdata = &arena;
  options.max_errors = 0;
  const GumboOutput* output = gumbo_parse_with_options(&options, html.data(), html.size());
  if (output == nullptr || output->root == nullptr) return fail(Code::corrupt_data, "the HTML cannot be parsed.");
  Document document = part == HtmlPart::page ? main_text(output->root) : walked(output->root, part);
  const std::string heading = document.title;
  document.title.clear();
  take_head(output->root, document);
  if (document.title.empty()) document.title = heading;
  return document;
}

// "<title/>" and the like are complete in XHTML; HTML takes them for open.
std::string with_closed_elements(std::string_view xhtml) {
  static constexpr std::array kVoid{"area",  "base", "br",   "col",   "embed",  "hr",    "img",
                                    "input", "link", "meta", "param", "source", "track", "wbr"};
  std::string out;
  std::size_t done = 0;
  for (std::size_t end = xhtml.find("/>"); end != std::string_view::npos; end = xhtml.find("/>", end + 2)) {
    const std::size_t begin = xhtml.rfind('<', end);
    if (begin == std::string_view::npos || begin < done) continue;
    const std::string_view name = xhtml.substr(begin + 1, xhtml.find_first_of(" \t\r\n/", begin) - begin - 1);
    const bool plain = !name.empty() && std::isalpha(static_cast<unsigned char>(name[0])) != 0;
    if (!plain || std::ranges::find(kVoid, name) != kVoid.end()) continue;
    out.append(xhtml.substr(done, end - done)).append("></").append(name).append(">");
    done = end + 2;
  }
  return out.append(xhtml.substr(done));
}

// charset of <meta>, looked for in the first bytes as the HTML standard has it.
std::string_view declared_charset(std::string_view content) {
  const std::string_view head = content.substr(0, kHead);
  const std::size_t at = ascii_lower(head).find("charset=");
  if (at == std::string::npos) return {};
  std::string_view value = head.substr(at + 8);
  if (value.starts_with('"') || value.starts_with('\'')) value.remove_prefix(1);
  return value.substr(0, value.find_first_of("\"'> ;/?"));
}

}  // namespace

Status append_html(std::string_view html, HtmlPart part, Document& document) {
  const bool xml = html.starts_with("<?xml") || html.substr(0, kHead).find("/1999/xhtml") != std::string_view::npos;
  Document found = IG_TRY(xml ? parse(with_closed_elements(html), part) : parse(html, part));
  if (!document.text.empty()) document.text += '\n';
  const std::size_t base = document.text.size();
  document.text += found.text;
  for (Heading& h : found.headings) document.headings.push_back({h.level, {h.at.begin + base, h.at.end + base}});
  for (Span& at : found.opaque) document.opaque.push_back({at.begin + base, at.end + base});
  if (document.title.empty()) document.title = std::move(found.title);
  document.meta.merge(found.meta);
  return {};
}

Result<Document> read_html(const Source& source, Context&) {
  Document document;
  std::string buffer;
  const std::string_view html = IG_TRY(content_text(source, declared_charset(source.content), buffer, document));
  IG_TRY(append_html(html, HtmlPart::page, document));
  return document;
}

}  // namespace isogloss::input::foreign
