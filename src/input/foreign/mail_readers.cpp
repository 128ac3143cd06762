// SPDX-License-Identifier: Apache-2.0
// Mail by gmime: one message (eml) or many (mbox, RFC 4155). The text is the plain alternative, else the HTML one;
// attachments go through the readers. Headers (from, to, cc, subject, date, message_id) are metadata: of the document,
// or in an mbox of the row that each message is.
#include <gmime/gmime.h>

#include <algorithm>
#include <memory>

#include "core/text.hpp"
#include "core/utf8.hpp"
#include "input/foreign/charset_guess.hpp"
#include "input/foreign/foreign.hpp"
#include "input/foreign/mail_date.hpp"

namespace isogloss::input::foreign {
namespace {

constexpr int kDeepestPart = 50;  // multiparts inside one another

struct Unref {
  void operator()(void* object) const { g_object_unref(object); }
};
template <class T>
using Owned = std::unique_ptr<T, Unref>;

std::string text_of(const char* text) { return text == nullptr ? std::string() : utf8_repair(text); }

std::string addresses(GMimeMessage* message, GMimeAddressType type) {
  InternetAddressList* list = g_mime_message_get_addresses(message, type);
  if (list == nullptr || internet_address_list_length(list) == 0) return {};
  char* text = internet_address_list_to_string(list, nullptr, FALSE);
  std::string out = one_line(text_of(text));
  g_free(text);
  return out;
}

Metadata headers_of(GMimeMessage* message) {
  const std::pair<const char*, std::string> all[] = {
      {"from", addresses(message, GMIME_ADDRESS_TYPE_FROM)},
      {"to", addresses(message, GMIME_ADDRESS_TYPE_TO)},
      {"cc", addresses(message, GMIME_ADDRESS_TYPE_CC)},
      {"subject", one_line(text_of(g_mime_message_get_subject(message)))},
      {"date", iso_8601(g_mime_message_get_date(message))},
      {"message_id", text_of(g_mime_message_get_message_id(message))}};
  Metadata out;
  for (const auto& [name, value] : all) {
    if (!value.empty()) out[name] = value;
  }
  return out;
}

std::string decoded(GMimePart* part, std::size_t most) {
  GMimeDataWrapper* wrapper = g_mime_part_get_content(part);
  if (wrapper == nullptr || g_mime_data_wrapper_get_stream(wrapper) == nullptr) return {};
  const Owned<GMimeStream> memory(g_mime_stream_mem_new());
  g_mime_data_wrapper_write_to_stream(wrapper, memory.get());
  GByteArray* bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory.get()));
  return {static_cast<const char*>(static_cast<const void*>(bytes->data)), std::min<std::size_t>(bytes->len, most)};
}

// The text, the HTML and the attachments of a message.
class Parts {
 public:
  void take(GMimeObject* object, int depth) {
    if (object == nullptr || depth > kDeepestPart) return;
    if (GMIME_IS_MULTIPART(object)) {
      auto* parts = GMIME_MULTIPART(object);
      for (int i = 0; i < g_mime_multipart_get_count(parts); ++i) take(g_mime_multipart_get_part(parts, i), depth + 1);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
      attached_messages.push_back(g_mime_message_part_get_message(GMIME_MESSAGE_PART(object)));
    } else if (GMIME_IS_PART(object)) {
      take_part(GMIME_PART(object));
    }
  }

  std::vector<GMimePart*> texts, htmls, attachments;
  std::vector<GMimeMessage*> attached_messages;

 private:
  void take_part(GMimePart* part) {
    GMimeContentType* type = g_mime_object_get_content_type(GMIME_OBJECT(part));
    if (g_mime_part_is_attachment(part) != FALSE || g_mime_part_get_filename(part) != nullptr) {
      attachments.push_back(part);
    } else if (g_mime_content_type_is_type(type, "text", "html") != FALSE) {
      htmls.push_back(part);
    } else if (g_mime_content_type_is_type(type, "text", "*") != FALSE) {
      texts.push_back(part);
    }
  }
};

std::string part_text(GMimePart* part, std::size_t most) {
  const char* charset = g_mime_object_get_content_type_parameter(GMIME_OBJECT(part), "charset");
  std::string text = to_utf8(decoded(part, most), charset == nullptr ? "" : charset).text;
  std::erase(text, '\r');
  return text;
}

class MailReader {
 public:
  MailReader(const Source& source, Context& context) : source_(source), context_(context) {}

  // The message's text under its subject as heading of `level`.
  Status append(GMimeMessage* message, int level, int depth, Document& document) {
    const std::string subject = one_line(text_of(g_mime_message_get_subject(message)));
    Parts parts;
    parts.take(g_mime_message_get_mime_part(message), 0);
    if (!subject.empty()) {
      document.headings.push_back({level, {document.text.size(), document.text.size() + subject.size()}});
      document.text += subject + "\n\n";
    }
    for (GMimePart* part : parts.texts) document.text += part_text(part, source_.budget.bytes) + "\n";
    if (parts.texts.empty()) {
      for (GMimePart* part : parts.htmls) {
        Document page;
        IG_TRY(append_html(part_text(part, source_.budget.bytes), HtmlPart::fragment, page));
        document.text += page.text + "\n";
      }
    }
    for (GMimePart* part : parts.attachments) IG_TRY(attach(part, level + 1, document));
    for (GMimeMessage* inner : parts.attached_messages) {
      if (inner != nullptr && depth < source_.budget.depth) IG_TRY(append(inner, level + 1, depth + 1, document));
    }
    return {};
  }

 private:
  Status attach(GMimePart* part, int level, Document& document) {
    const char* file = g_mime_part_get_filename(part);
    const std::string name = file == nullptr ? "attachment" : one_line(text_of(file));
    std::string content = decoded(part, source_.budget.bytes);
    source_.budget.bytes -= content.size();
    auto inner = read_inner(name, std::move(content), source_, context_);
    if (inner) {
      append_inner(document, name, std::move(*inner), level);
    } else if (inner.error().code == Code::out_of_memory) {
      return fail(inner.error());
    } else {
      document.notes.push_back("attachment " + name + " was left out: " + inner.error().message);
    }
    return {};
  }

  const Source& source_;
  Context& context_;
};

Owned<GMimeParser> parser_of(const Source& source, GMimeFormat format) {
  static const bool started = (g_mime_init(), true);
  static_cast<void>(started);
  const Owned<GMimeStream> stream(g_mime_stream_mem_new_with_buffer(source.content.data(), source.content.size()));
  Owned<GMimeParser> parser(g_mime_parser_new_with_stream(stream.get()));
  g_mime_parser_set_format(parser.get(), format);
  return parser;
}

bool has_header(GMimeMessage* message) {
  return g_mime_header_list_get_count(g_mime_object_get_header_list(GMIME_OBJECT(message))) > 0;
}

}  // namespace

std::string iso_8601(GDateTime* date) {
  if (date == nullptr) return {};
  char* text = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S%z");
  std::string out = text_of(text);
  g_free(text);
  return out;
}

std::string iso_of_mail_date(const char* date) {
  GDateTime* parsed = g_mime_utils_header_decode_date(date);
  std::string out = iso_8601(parsed);
  if (parsed != nullptr) g_date_time_unref(parsed);
  return out;
}

Result<Document> read_eml(const Source& source, Context& context) {
  if (source.content.empty()) return Document{};
  const auto parser = parser_of(source, GMIME_FORMAT_MESSAGE);
  const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
  Document document;
  if (message == nullptr || !has_header(message.get())) {
    return fail(Code::corrupt_data, source.quoted() + " is no mail: it has no headers.");
  }
  document.meta = headers_of(message.get());
  document.title = one_line(text_of(g_mime_message_get_subject(message.get())));
  IG_TRY(MailReader(source, context).append(message.get(), 1, 0, document));
  return document;
}

Result<Document> read_mbox(const Source& source, Context& context) {
  if (source.content.empty()) return Document{};
  const auto parser = parser_of(source, GMIME_FORMAT_MBOX);
  Document document;
  MailReader reader(source, context);
  while (g_mime_parser_eos(parser.get()) == FALSE) {
    IG_TRY(context.check());
    const Owned<GMimeMessage> message(g_mime_parser_construct_message(parser.get(), nullptr));
    if (message == nullptr || !has_header(message.get())) break;
    Row row{{document.text.size(), 0}, std::to_string(document.rows.size() + 1), headers_of(message.get())};
    IG_TRY(reader.append(message.get(), 1, 0, document));
    row.at.end = document.text.size();
    document.text += '\n';
    document.rows.push_back(std::move(row));
  }
  if (document.rows.empty() && !trim(source.content).empty()) {
    return fail(Code::corrupt_data, source.quoted() + " is no mbox: no message was found in it.");
  }
  return document;
}

}  // namespace isogloss::input::foreign
