// SPDX-License-Identifier: Apache-2.0
// Chat over a collection: the model "rag:NAME" answers the last message of the user from the collection NAME, with
// numbered citations, in the formats of OpenAI (chat completions, responses), Cohere and Ollama. The words come from
// the built-in extractive answerer, or from an OpenAI-compatible server (--llm), whose citations are checked on their
// way.
#include "isogloss/answer.hpp"

#include <chrono>
#include <ctime>
#include <memory>

#include "core/hit_json.hpp"
#include "core/text.hpp"
#include "serve/engine/collections.hpp"
#include "serve/route.hpp"
#include "serve/wire/collection_search.hpp"

namespace isogloss::serve {
namespace {

constexpr std::string_view kPrefix = "rag:";

std::int64_t now_seconds() { return static_cast<std::int64_t>(std::time(nullptr)); }

// A message's text: a string, or parts of type text.
std::string text_of(const Json& content) {
  if (content.is_string()) return std::string(content.as_string());
  std::string out;
  for (const Json& part : content.as_array()) out += part["text"].as_string();
  return out;
}

Result<std::string> question_of(const Json& messages) {
  if (messages.is_string()) return std::string(messages.as_string());
  const std::span<const Json> all = messages.as_array();
  for (std::size_t i = all.size(); i-- > 0;) {
    if (all[i]["role"].as_string("user") == "user") return text_of(all[i]["content"]);
  }
  return fail(Code::invalid_argument, "There is no message of the user to answer.");
}

void write_references(JsonWriter& json, const Answer& answer) {
  json.key("references").begin_array();
  for (const Citation& c : answer.citations) {
    json.begin_object().field("n", static_cast<std::uint64_t>(c.n)).field("id", c.chunk.id);
    json.field("text", c.text).field("score", c.score).field("score_kind", score_kind_name(c.kind));
    write_source(json, c.chunk, c.at);
    json.end_object();
  }
  json.end_array().field("found", answer.found);
}

// Tokens of a chat, by the tokenizer of the collection's model.
struct Usage {
  std::uint64_t prompt = 0;      // what was asked; with a chat server, all that was sent to it
  std::uint64_t completion = 0;  // the answer
};

// One format of answers: pieces while they come, and the whole.
class Format {
 public:
  virtual ~Format() = default;
  virtual std::string_view stream_type() const { return "text/event-stream"; }
  virtual std::string begin() { return {}; }
  virtual std::string piece(std::string_view text) = 0;
  virtual std::string end(const Answer& answer) = 0;
  virtual std::string broken(const Error& error) = 0;
  virtual std::string whole(const Answer& answer) = 0;

  Usage usage;  // set before end() and whole()
};

std::string event(const std::string& json) { return "data: " + json + "\n\n"; }

// Under the names of the owner.
JsonWriter& write_usage(JsonWriter& json, const Usage& usage, std::string_view prompt, std::string_view completion) {
  return json.field(prompt, usage.prompt).field(completion, usage.completion);
}

class OpenAiFormat final : public Format {
 public:
  OpenAiFormat(const Call& call, std::string model)
      : id_("chatcmpl-" + call.request.id),
        model_(std::move(model)),
        with_usage_(call["stream_options"]["include_usage"].as_bool()) {}

  std::string begin() override {
    return chunk([](JsonWriter& json) {
      json.key("delta").begin_object().field("role", "assistant").field("content", "").end_object();
    });
  }
  std::string piece(std::string_view text) override {
    return chunk([&](JsonWriter& json) { json.key("delta").begin_object().field("content", text).end_object(); });
  }
  std::string end(const Answer& answer) override {
    std::string out;
    JsonWriter json(out);
    head(json, "chat.completion.chunk");
    json.key("choices").begin_array().begin_object().field("index", 0).key("delta").begin_object().end_object();
    json.field("finish_reason", "stop").end_object().end_array();
    write_references(json, answer);
    json.end_object();
    out = event(out);
    if (with_usage_) {
      std::string last;
      JsonWriter usage_alone(last);
      head(usage_alone, "chat.completion.chunk");
      usage_alone.key("choices").begin_array().end_array();
      total(usage_alone);
      usage_alone.end_object();
      out += event(last);
    }
    return out + event("[DONE]");
  }
  std::string broken(const Error& error) override { return event(error_response(Owner::openai, error).body); }
  std::string whole(const Answer& answer) override {
    std::string out;
    JsonWriter json(out);
    head(json, "chat.completion");
    json.key("choices").begin_array().begin_object().field("index", 0).key("message").begin_object();
    json.field("role", "assistant")
        .field("content", answer.text)
        .end_object()
        .field("finish_reason", "stop")
        .end_object()
        .end_array();
    total(json);
    write_references(json, answer);
    json.end_object();
    return out;
  }

 private:
  void total(JsonWriter& json) const {
    write_usage(json.key("usage").begin_object(), usage, "prompt_tokens", "completion_tokens")
        .field("total_tokens", usage.prompt + usage.completion)
        .end_object();
  }
  void head(JsonWriter& json, std::string_view object) const {
    json.begin_object().field("id", id_).field("object", object).field("created", created_).field("model", model_);
  }
  template <class Delta>
  std::string chunk(Delta delta) const {
    std::string out;
    JsonWriter json(out);
    head(json, "chat.completion.chunk");
    json.key("choices").begin_array().begin_object().field("index", 0);
    delta(json);
    json.key("finish_reason").null().end_object().end_array().end_object();
    return event(out);
  }

  const std::string id_, model_;
  const std::int64_t created_ = now_seconds();
  const bool with_usage_;
};

class CohereFormat final : public Format {
 public:
  explicit CohereFormat(const Call& call) : id_(call.request.id) {}
  std::string begin() override {
    return R"(event: message-start)"
           "\n" +
           event(
               R"({"type":"message-start","id":")" + id_ +
               R"(","delta":{"message":{"role":"assistant","content":[],"tool_plan":"","tool_calls":[],"citations":[]}}})") +
           "event: content-start\n" +
           event(R"({"type":"content-start","index":0,"delta":{"message":{"content":{"type":"text","text":""}}}})");
  }
  std::string piece(std::string_view text) override {
    std::string out;
    JsonWriter json(out);
    json.begin_object()
        .field("type", "content-delta")
        .field("index", 0)
        .key("delta")
        .begin_object()
        .key("message")
        .begin_object();
    json.key("content").begin_object().field("text", text).end_object().end_object().end_object().end_object();
    return "event: content-delta\n" + event(out);
  }
  std::string end(const Answer& answer) override {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("type", "message-end").key("delta").begin_object().field("finish_reason", "COMPLETE");
    tokens(json);
    json.end_object();
    write_references(json, answer);
    json.end_object();
    return "event: content-end\n" + event(R"({"type":"content-end","index":0})") + "event: message-end\n" + event(out);
  }
  std::string broken(const Error& error) override { return event(error_response(Owner::cohere, error).body); }
  std::string whole(const Answer& answer) override {
    std::string out;
    JsonWriter json(out);
    json.begin_object()
        .field("id", id_)
        .field("finish_reason", "COMPLETE")
        .key("message")
        .begin_object()
        .field("role", "assistant");
    json.key("content")
        .begin_array()
        .begin_object()
        .field("type", "text")
        .field("text", answer.text)
        .end_object()
        .end_array()
        .end_object();
    tokens(json);
    write_references(json, answer);
    json.end_object();
    return out;
  }

 private:
  void tokens(JsonWriter& json) const {
    json.key("usage").begin_object().key("tokens").begin_object();
    write_usage(json, usage, "input_tokens", "output_tokens").end_object().end_object();
  }
  const std::string id_;
};

// A line of JSON a piece; what the answer rests on stands in the last.
class OllamaFormat final : public Format {
 public:
  explicit OllamaFormat(std::string model) : model_(std::move(model)) {}
  std::string_view stream_type() const override { return "application/x-ndjson"; }
  std::string piece(std::string_view text) override { return line(text, nullptr) + "\n"; }
  std::string end(const Answer& answer) override { return line("", &answer) + "\n"; }
  std::string broken(const Error& error) override { return error_response(Owner::ollama, error).body + "\n"; }
  std::string whole(const Answer& answer) override { return line(answer.text, &answer); }

 private:
  std::string line(std::string_view text, const Answer* done) const {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("model", model_).field("created_at", utc_text(now_seconds()));
    json.key("message")
        .begin_object()
        .field("role", "assistant")
        .field("content", text)
        .end_object()
        .field("done", done != nullptr);
    if (done != nullptr) {
      const auto elapsed =
          std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - begun_).count();
      json.field("done_reason", "stop").field("total_duration", static_cast<std::int64_t>(elapsed));
      write_usage(json, usage, "prompt_eval_count", "eval_count");
      write_references(json, *done);
    }
    json.end_object();
    return out;
  }
  const std::string model_;
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

// OpenAI's responses: named events with numbers, which tell each part of the answer when it begins, grows and ends.
class ResponsesFormat final : public Format {
 public:
  ResponsesFormat(const Call& call, std::string model) : id_(call.request.id), model_(std::move(model)) {}

  std::string begin() override {
    std::string out = numbered("response.created", [&](JsonWriter& json) { response(json.key("response"), nullptr); });
    out += numbered("response.output_item.added",
                    [&](JsonWriter& json) { message(json.field("output_index", 0).key("item"), nullptr); });
    return out += numbered("response.content_part.added", [&](JsonWriter& json) { part(place(json).key("part"), ""); });
  }
  std::string piece(std::string_view text) override {
    return numbered("response.output_text.delta", [&](JsonWriter& json) {
      place(json).field("delta", text).key("logprobs").begin_array().end_array();
    });
  }
  std::string end(const Answer& answer) override {
    std::string out = numbered("response.output_text.done", [&](JsonWriter& json) {
      place(json).field("text", answer.text).key("logprobs").begin_array().end_array();
    });
    out +=
        numbered("response.content_part.done", [&](JsonWriter& json) { part(place(json).key("part"), answer.text); });
    out += numbered("response.output_item.done",
                    [&](JsonWriter& json) { message(json.field("output_index", 0).key("item"), &answer); });
    return out += numbered("response.completed", [&](JsonWriter& json) { response(json.key("response"), &answer); });
  }
  std::string broken(const Error& error) override {
    return numbered("error", [&](JsonWriter& json) {
      json.field("code", code_name(error.code)).field("message", error.message).key("param").null();
    });
  }
  std::string whole(const Answer& answer) override {
    std::string out;
    JsonWriter json(out);
    response(json, &answer);
    return out;
  }

 private:
  template <class Fields>
  std::string numbered(std::string_view type, Fields fields) {
    std::string out;
    JsonWriter json(out);
    json.begin_object().field("type", type).field("sequence_number", number_++);
    fields(json);
    json.end_object();
    return "event: " + std::string(type) + "\n" + event(out);
  }
  JsonWriter& place(JsonWriter& json) const {
    return json.field("item_id", "msg_" + id_).field("output_index", 0).field("content_index", 0);
  }
  static void part(JsonWriter& json, std::string_view text) {
    json.begin_object().field("type", "output_text").field("text", text);
    json.key("annotations").begin_array().end_array().end_object();
  }
  // `answer` null: under way.
  void message(JsonWriter& json, const Answer* answer) const {
    json.begin_object().field("type", "message").field("id", "msg_" + id_);
    json.field("status", answer != nullptr ? "completed" : "in_progress").field("role", "assistant");
    json.key("content").begin_array();
    if (answer != nullptr) part(json, answer->text);
    json.end_array().end_object();
  }
  void response(JsonWriter& json, const Answer* answer) const {
    json.begin_object().field("id", "resp_" + id_).field("object", "response").field("created_at", created_);
    json.field("status", answer != nullptr ? "completed" : "in_progress").field("model", model_);
    json.key("error").null().key("incomplete_details").null();
    json.key("instructions").null().key("metadata").begin_object().end_object().field("parallel_tool_calls", false);
    json.field("tool_choice", "none").key("tools").begin_array().end_array().key("output").begin_array();
    if (answer != nullptr) message(json, answer);
    json.end_array();
    if (answer != nullptr) {
      tokens(json);
      write_references(json, *answer);
    }
    json.end_object();
  }
  void tokens(JsonWriter& json) const {
    write_usage(json.key("usage").begin_object(), usage, "input_tokens", "output_tokens");
    json.field("total_tokens", usage.prompt + usage.completion);
    json.key("input_tokens_details").begin_object().field("cached_tokens", 0).end_object();
    json.key("output_tokens_details").begin_object().field("reasoning_tokens", 0).end_object().end_object();
  }

  const std::string id_, model_;
  const std::int64_t created_ = now_seconds();
  int number_ = 0;
};

// All a chat needs after its handler has returned.
struct Chat {
  Collections::Reading collection;
  std::string question;
  AskOptions options;
  Context context;
  std::unique_ptr<Format> format;

  Result<Answer> run() {
    Answer answer = IG_TRY(ask(*collection, question, options, context));
    format->usage.prompt = IG_TRY(collection->count_tokens(answer.prompt.empty() ? question : answer.prompt, context));
    format->usage.completion = IG_TRY(collection->count_tokens(answer.text, context));
    return answer;
  }

  void stream(const PieceSink& sink) {
    bool said = false;
    sink(format->begin());
    options.on_text = [&](std::string_view text) {
      said = true;
      sink(format->piece(text));
    };
    const Result<Answer> answer = run();
    if (!answer) {
      sink(format->broken(answer.error()));
      return;
    }
    if (!said) sink(format->piece(answer->text));  // the extractive answer comes at once
    sink(format->end(*answer));
  }
};

Result<std::string> collection_of(std::string_view model) {
  if (model.starts_with(kPrefix) && model.size() > kPrefix.size()) return std::string(model.substr(kPrefix.size()));
  return fail(Code::not_found,
              "'" + shortened(model, 100) +
                  "' does not chat. Models that do are rag:COLLECTION, as rag:docs; collections: GET /v1/collections");
}

Result<Response> chat(Call& call, const Json& messages, bool stream, std::unique_ptr<Format> format) {
  const std::string name = IG_TRY(collection_of(call["model"].as_string()));
  auto chat = std::make_shared<Chat>();
  chat->question = IG_TRY(question_of(messages));
  chat->collection = IG_TRY(call.services.collections.read(name));
  chat->context = context_of(call);
  chat->format = std::move(format);
  chat->options.search = IG_TRY(search_options(call));
  chat->options.llm_url = call.services.options.llm_url;
  chat->options.llm_model = call.services.options.llm_model;
  chat->options.llm_key = call.services.options.llm_key;
  if (trim(chat->question).empty()) return fail(Code::invalid_argument, "The question is empty.");
  Response response;
  if (!stream) {
    response.body = chat->format->whole(IG_TRY(chat->run()));
    return response;
  }
  response.content_type = chat->format->stream_type();
  response.headers.emplace_back("Cache-Control", "no-cache");
  response.stream = [chat](const PieceSink& sink) { chat->stream(sink); };
  return response;
}

Result<Response> openai_chat(Call& call) {
  return chat(call, call["messages"], call["stream"].as_bool(),
              std::make_unique<OpenAiFormat>(call, std::string(call["model"].as_string())));
}

Result<Response> openai_responses(Call& call) {
  return chat(call, call["input"], call["stream"].as_bool(),
              std::make_unique<ResponsesFormat>(call, std::string(call["model"].as_string())));
}

Result<Response> cohere_chat(Call& call) {
  return chat(call, call["messages"], call["stream"].as_bool(), std::make_unique<CohereFormat>(call));
}

Result<Response> ollama_chat(Call& call) {
  return chat(call, call["messages"], call["stream"].as_bool(true),
              std::make_unique<OllamaFormat>(std::string(call["model"].as_string())));
}

}  // namespace

std::vector<Route> chat_routes() {
  std::vector<Field> fields{{"model", kText, "rag:COLLECTION", true},
                            {"messages", kArray, "the last one of the user is answered", true},
                            {"stream", kBool, "send the answer as it is made"},
                            {"stream_options", kObject, "{include_usage}"}};
  for (const Field& field : search_fields()) {
    if (field.name != "query" && field.name != "vector" && field.name != "n") fields.push_back(field);
  }
  const std::vector<Field> responses{{"model", kText, "rag:COLLECTION", true},
                                     {"input", kText | kArray, "the question, or messages", true},
                                     {"stream", kBool, "send the answer as it is made"}};
  return {
      {"POST",
       {"/v1/chat/completions", "/chat/completions", "/openai/v1/chat/completions",
        "/openai/deployments/{model}/chat/completions"},
       Owner::openai,
       "Answers from a collection (OpenAI)",
       fields,
       openai_chat},
      {"POST",
       {"/v1/responses", "/responses"},
       Owner::openai,
       "Answers from a collection (OpenAI responses)",
       responses,
       openai_responses},
      {"POST", {"/v2/chat"}, Owner::cohere, "Answers from a collection (Cohere)", fields, cohere_chat},
      {"POST", {"/api/chat"}, Owner::ollama, "Answers from a collection (Ollama)", fields, ollama_chat},
  };
}

}  // namespace isogloss::serve
