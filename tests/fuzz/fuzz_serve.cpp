// SPDX-License-Identifier: Apache-2.0
// A request as it reaches the routes: its first line is "METHOD PATH", the rest its body. Behind it stand a tiny
// encoder, a sparse one and a cross-encoder when the source tree is known (ISOGLOSS_SOURCE_DIR), else no model.
#include "fuzz.hpp"

#include "core/json.hpp"
#include "serve/app.hpp"
#include "serve/engine/collections.hpp"
#include "serve/engine/files.hpp"
#include "serve/engine/jobs.hpp"
#include "serve/monitor.hpp"

namespace {

using namespace isogloss;

struct Program {
  ServeOptions options;
  serve::Monitor monitor{{}};
  serve::Collections collections;
  serve::Files files;
  serve::Jobs jobs{&pool};
  std::unique_ptr<serve::Models> models;
  std::unique_ptr<serve::Engine> engine;
  std::unique_ptr<serve::App> app;
  ThreadPool pool{1};

  Program()
      : collections(std::filesystem::temp_directory_path() / ("isogloss-fuzz-serve-" + std::to_string(::getpid())),
                    nullptr),
        files(collections.folder() / ".files") {
    options.allow_truncate_dim = true;
    options.token_ids = "model";
    serve::ModelsOptions known;
    if (const char* source = std::getenv("ISOGLOSS_SOURCE_DIR")) {
      for (const char* name : {"bert", "splade", "cross_bert"}) {
        known.references.push_back(std::string(source) + "/tests/golden/transformers/" + name);
      }
    }
    models = *serve::Models::make(known);
    engine = std::make_unique<serve::Engine>(*models, serve::SchedulerOptions{}, "auto");
    monitor.gauges = [] { return serve::HttpGauges{}; };
    app = std::make_unique<serve::App>(options, serve::Services{options, *engine, collections, files, jobs, monitor, &pool});
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Program program;
  const std::string_view text = fuzz::text_of(data, size);
  const std::size_t feed = std::min(text.find('\n'), text.size());
  const std::string_view first = text.substr(0, feed);
  const std::size_t blank = std::min(first.find(' '), first.size());
  serve::Request request;
  request.method = first.substr(0, blank);
  request.path = blank < first.size() ? first.substr(blank + 1) : "";
  request.body = feed < text.size() ? text.substr(feed + 1) : "";
  serve::Response response = program.app->handle(request);
  std::string body = response.body;
  if (response.stream)
    response.stream([&](std::string_view piece) {
      body += piece;
      return true;
    });
  fuzz::require(response.status >= 200 && response.status < 600, "a reply has a status");
  fuzz::require(response.status != 500, "no request is a fault of ours");
  if (response.content_type == "application/json" && response.status != 204) {
    fuzz::require(Json::parse(body, "reply").has_value(), "a reply that says so is JSON");
  }
  return 0;
}
