// SPDX-License-Identifier: Apache-2.0
#include "answer/chat.hpp"

#include "core/json.hpp"
#include "core/openai_api.hpp"
#include "core/text.hpp"

namespace isogloss::answer {
namespace {

std::string request_body(const AskOptions& options, std::string_view prompt) {
  std::string body;
  JsonWriter json(body);
  json.begin_object().field("model", options.llm_model).field("stream", true).field("temperature", 0);
  json.key("messages").begin_array().begin_object().field("role", "user").field("content", prompt).end_object();
  json.end_array().end_object();
  return body;
}

// A server that ignores "stream" answers with one JSON object.
Result<std::string> whole_reply(std::string_view body) {
  const Json json = IG_TRY(Json::parse(body, "the chat server's reply"));
  const auto choices = json["choices"].as_array();
  if (choices.empty()) return fail(Code::unavailable, "the chat server's reply has no \"choices\".");
  return std::string(choices[0]["message"]["content"].as_string());
}

}  // namespace

Result<ChatEvent> read_event(std::string_view line) {
  line = trim(line);
  if (!line.starts_with("data:")) return ChatEvent();
  const std::string_view data = trim(line.substr(5));
  if (data.empty() || data == "[DONE]") return ChatEvent{{}, !data.empty()};
  const Json json = IG_TRY(Json::parse(data, "the chat server's stream"));
  if (json["error"].is_object()) {
    return fail(Code::unavailable, "the chat server stopped: " + std::string(json["error"]["message"].as_string()));
  }
  const auto choices = json["choices"].as_array();
  if (choices.empty()) return ChatEvent();
  return ChatEvent{std::string(choices[0]["delta"]["content"].as_string()), !choices[0]["finish_reason"].is_null()};
}

Result<std::string> chat(const AskOptions& options, std::string_view prompt, Context& context) {
  if (options.llm_model.empty()) return fail(Code::invalid_argument, "--llm needs --llm-model NAME.");
  HttpRequest request;
  request.url = openai_endpoint(options.llm_url, "/chat/completions");
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    return fail(Code::invalid_argument,
                "--llm takes an address that begins with http:// or https://, not '" + options.llm_url + "'.");
  }
  if (options.offline && !is_loopback_url(request.url)) {
    return fail(Code::offline,
                "'" + request.url + "' is not on this machine, and the network is switched off (--offline).");
  }
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
  if (!options.llm_key.empty()) request.headers.emplace_back("Authorization", "Bearer " + options.llm_key);
  request.body = request_body(options, prompt);
  std::string raw, answer;
  std::size_t done = 0;
  bool whole = false;
  Status broken;
  const auto take_line = [&](std::string_view line) -> Status {
    const ChatEvent event = IG_TRY(read_event(line));
    answer += event.text;
    whole = whole || event.last;
    if (options.on_text && !event.text.empty()) options.on_text(event.text);
    return {};
  };
  const HttpSink sink = [&](std::string_view piece) {
    raw += piece;
    for (std::size_t feed; broken && (feed = raw.find('\n', done)) != std::string::npos; done = feed + 1)
      broken = take_line(std::string_view(raw).substr(done, feed - done));
    return broken.has_value();
  };
  const HttpResponse response = IG_TRY(http_request(request, sink, context));
  IG_TRY(broken);
  (void)take_line(std::string_view(raw).substr(done));  // the last line feed may be missing, or what stood before it
  if (response.status < 200 || response.status >= 300) {
    return fail(Code::unavailable, "'" + request.url + "' answered with status " + std::to_string(response.status) +
                                       ": " + server_message(response));
  }
  if (!answer.empty() && !whole)
    return fail(Code::unavailable, "'" + request.url + "' broke off in the middle of its answer.");
  if (answer.empty() && trim(raw).starts_with('{')) answer = IG_TRY(whole_reply(raw));
  if (trim(answer).empty()) {
    const bool chat_reply = raw.find("data:") != std::string::npos || trim(raw).starts_with('{');
    return fail(
        Code::unavailable,
        "'" + request.url + "' answered nothing" +
            (chat_reply ? "."
                        : " that is a chat reply. Is it the address of an OpenAI-compatible server? It begins: " +
                              one_line(shortened(raw, 80))));
  }
  return answer;
}

}  // namespace isogloss::answer
