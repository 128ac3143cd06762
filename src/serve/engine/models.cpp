// SPDX-License-Identifier: Apache-2.0
#include "serve/engine/models.hpp"

#include <algorithm>
#include <filesystem>

#include "core/text.hpp"

namespace isogloss::serve {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kTick = std::chrono::milliseconds(500);  // how late a model may be unloaded

// "minilm", "ORG/NAME" as they are; a path under the name of its folder.
std::string served_name(const std::string& reference) {
  std::error_code ignored;
  const std::size_t colon = reference.find(':');
  const std::string path = colon == std::string::npos ? reference : reference.substr(colon + 1);
  if (!std::filesystem::exists(path, ignored)) return reference;
  std::filesystem::path folder = std::filesystem::absolute(path, ignored).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  return folder.filename().string();
}

// Reads one text, so that what a model prepares at its first use is prepared.
Status warm_up(const Model& model, const std::string& compute, Context& context) {
  if (const auto* embedder = model.ability<Embedder>(); embedder != nullptr) {
    const Input input = Input::text("a");
    EmbedOptions options;
    options.on_error = OnError::skip;
    options.compute = compute;
    if (const auto made = embedder->embed({&input, 1}, options, context);
        !made && made.error().code != Code::unsupported) {
      return fail(made.error());
    }
  }
  if (const auto* scorer = model.ability<PairScorer>(); scorer != nullptr) {
    const std::string_view document = "a";
    float score = 0;
    return scorer->score("a", {&document, 1}, {&score, 1}, context);
  }
  return {};
}

}  // namespace

std::optional<Clock::time_point> Models::Entry::expiry() const {
  if (loaded == nullptr || !keep_alive) return std::nullopt;
  return used + *keep_alive;
}

Models::Models(const ModelsOptions& options)
    : compute_(options.compute),
      memory_limit_(options.memory_limit),
      cache_(options.cache),
      pool_(options.pool),
      timer_(kTick, [this] { unload_expired(); }) {
  const std::int64_t now =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  for (const std::string& reference : options.references) {
    entries_.push_back({served_name(reference), reference, nullptr, options.keep_alive, {}, now});
  }
}

Result<std::unique_ptr<Models>> Models::make(const ModelsOptions& options) {
  std::unique_ptr<Models> models(new Models(options));
  for (std::size_t i = 0; i < models->entries_.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      if (models->entries_[i].name == models->entries_[k].name) {
        return fail(Code::invalid_argument, "two models are called '" + models->entries_[i].name +
                                                "'. Serve one of them from a folder of another name.");
      }
    }
  }
  for (const auto& [alias, target] : options.aliases) {
    const std::string name = IG_TRY(models->resolve(served_name(target)));
    if (models->find(alias))
      return fail(Code::invalid_argument, "the alias '" + alias + "' is the name of a model already.");
    models->aliases_.emplace(alias, name);
  }
  return models;
}

Result<std::size_t> Models::find(std::string_view name) const {
  if (entries_.empty()) return fail(Code::not_found, "This server has no model. Start it with -m MODEL.");
  if (name.empty()) return std::size_t{0};
  if (const auto alias = aliases_.find(name); alias != aliases_.end()) name = alias->second;
  constexpr std::string_view kLatest = ":latest";  // as clients of Ollama may write
  for (const std::string_view wanted :
       {name, name.ends_with(kLatest) ? name.substr(0, name.size() - kLatest.size()) : name}) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].name == wanted || entries_[i].reference == wanted) return i;
    }
  }
  std::string known;
  for (const Entry& entry : entries_) known += (known.empty() ? "" : ", ") + entry.name;
  for (const auto& [alias, target] : aliases_) known += ", " + alias;
  return fail(Code::not_found, "The model '" + shortened(name, 200) + "' is not served here. Known: " + known +
                                   ". Start the server with -m or --alias to add one.");
}

Result<std::string> Models::resolve(std::string_view name) const { return entries_[IG_TRY(find(name))].name; }

Lease Models::use(Entry& entry) {
  entry.used = Clock::now();
  if (entry.keep_alive) tick();
  return entry.loaded;
}

Result<Lease> Models::get(std::string_view name) {
  const std::size_t index = IG_TRY(find(name));
  {
    const std::lock_guard lock(mutex_);
    if (entries_[index].loaded != nullptr) return use(entries_[index]);
  }
  const std::lock_guard turn(loading_);
  {
    const std::lock_guard lock(mutex_);
    if (entries_[index].loaded != nullptr) return use(entries_[index]);  // by another request meanwhile
  }
  return load_entry(index);
}

Result<Lease> Models::load_entry(std::size_t index) {
  Entry& entry = entries_[index];
  Context context;
  context.pool = pool_;
  const Clock::time_point begun = Clock::now();
  auto loaded = std::make_shared<LoadedModel>();
  loaded->name = entry.name;
  loaded->model = IG_TRY(load(entry.reference, {}, context));
  IG_TRY(make_room(loaded->model->card().bytes, index));
  IG_TRY(warm_up(*loaded->model, compute_, context));
  loaded->model = cached(loaded->model, cache_);
  loaded->load_seconds = std::chrono::duration<double>(Clock::now() - begun).count();
  const std::lock_guard lock(mutex_);
  entry.loaded = std::move(loaded);
  return use(entry);
}

// Weights of a model are mapped or packed at its first use, so before that there is time to let others go: those first
// that were used longest ago.
Status Models::make_room(std::size_t bytes, std::size_t keep) {
  if (memory_limit_ == 0) return {};
  if (bytes > memory_limit_) {
    return fail(Code::out_of_memory, "The model '" + entries_[keep].name + "' needs " +
                                         human_bytes(static_cast<double>(bytes)) + ", more than the limit of " +
                                         human_bytes(static_cast<double>(memory_limit_)) + ".");
  }
  const std::lock_guard lock(mutex_);
  while (true) {
    std::size_t held = bytes;
    Entry* oldest = nullptr;
    for (Entry& entry : entries_) {
      if (entry.loaded == nullptr) continue;
      held += entry.loaded->model->card().bytes;
      if (oldest == nullptr || entry.used < oldest->used) oldest = &entry;
    }
    if (held <= memory_limit_ || oldest == nullptr) return {};
    oldest->loaded.reset();
  }
}

void Models::keep(std::string_view name, std::chrono::milliseconds time) {
  const auto index = find(name);
  if (!index) return;
  const std::lock_guard lock(mutex_);
  Entry& entry = entries_[*index];
  entry.keep_alive = time < time.zero() ? std::nullopt : std::optional(time);
  if (entry.keep_alive) tick();
}

// The timer counts from its last touch: one that runs is left alone.
void Models::tick() {
  if (ticking_) return;
  ticking_ = true;
  timer_.touch();
}

void Models::unload_expired() {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  bool more = false;
  ticking_ = false;
  for (Entry& entry : entries_) {
    const auto expiry = entry.expiry();
    if (!expiry) continue;
    if (*expiry <= now)
      entry.loaded.reset();
    else
      more = true;
  }
  if (more) tick();
}

std::vector<ModelState> Models::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<ModelState> out;
  for (const Entry& entry : entries_) {
    ModelState state{entry.name, entry.reference, entry.loaded, entry.created, std::nullopt};
    if (const auto expiry = entry.expiry()) {
      state.expires = std::chrono::system_clock::now() +
                      std::chrono::duration_cast<std::chrono::system_clock::duration>(*expiry - Clock::now());
    }
    out.push_back(std::move(state));
  }
  return out;
}

}  // namespace isogloss::serve
