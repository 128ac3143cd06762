// SPDX-License-Identifier: Apache-2.0
// Documents as JSON lines: what an extractor, our worker or the user's --extract-cmd, prints. Each line is a piece of
// the text and what is known of it; all spans are bytes of the line's own text.
//
//   {"text":"Refunds\nMoney back within 30 days.","page":3,       page from 1; absent = no pages
//    "start":120,"end":153,                                       where the piece stands in the whole text, if it
//    matters "boxes":[[0,7,72.0,90.5,120.2,104.0]],                       [start,end,left,top,right,bottom] in points
//    on that page "time":[12.5,15.0],                                          when the piece is said, in seconds
//    "heading":1,                                                 the piece is a heading of this level
//    "headings":[[1,0,7]],"opaque":[[8,34]],                      [level,start,end]; blocks not to be split
//    "moments":[[0,7,12.5,13.1]],                                 [start,end,from,to in seconds]
//    "rows":[{"at":[0,7],"id":"r1","meta":{}}],
//    "title":"...","type":"pdf","meta":{"author":"..."},"notes":["..."]}      of the whole document
#pragma once

#include <string>
#include <string_view>

#include "isogloss/input.hpp"
#include "isogloss/result.hpp"

namespace isogloss::input {

// The document as such lines, one per page, or one.
std::string document_lines(const Document& document);

// The document of such lines; `where` names the source in errors. Pieces that do not end at a line feed get one. A
// "start" beyond what is there is filled with blanks (at most 1 MB in all), so that the extractor's own positions hold.
// Error{corrupt_data}: a line that is no object with a text, a span outside it, a start that goes back.
Result<Document> parse_document_lines(std::string_view lines, std::string_view where);

}  // namespace isogloss::input
