// SPDX-License-Identifier: Apache-2.0
#include "runtime/ingest/walk.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/text.hpp"
#include "runtime/ingest/glob.hpp"

namespace isogloss::runtime {
namespace fs = std::filesystem;
namespace {

constexpr std::array kIgnoreFiles{".gitignore", ".isoglossignore"};
constexpr int kMaxDepth = 200;

// The rules of a folder, with what its parents say behind them.
struct RuleLevel {
  std::string folder;  // relative to the root, with a trailing '/', or empty
  IgnoreRules rules;
};

class Walker {
 public:
  Walker(const Root& root, const IngestOptions& options, const Scope& scope, WalkResult& out, Context& context)
      : root_(root.path), prefix_(root.prefix), options_(options), scope_(scope), out_(out), context_(context) {}

  Status walk() { return enter(root_, "", 0); }

 private:
  void skip(const std::string& relative, std::string reason) {
    FileReport& report = out_.skipped.emplace_back();
    report.name = prefix_ + relative;
    report.status = FileStatus::skipped;
    report.reason = std::move(reason);
  }

  // As skip(), of what may be there still.
  void skip_unseen(const std::string& relative, std::string reason) {
    skip(relative, std::move(reason));
    out_.unseen.push_back(prefix_ + relative);
  }

  void load_rules(const fs::path& folder, const std::string& relative) {
    RuleLevel level{relative, {}};
    for (const char* name : kIgnoreFiles) {
      const auto content = read_file(folder / name, 1'000'000);
      if (!content) continue;
      for (const std::string_view line : split(*content, '\n')) level.rules.add_line(line);
    }
    levels_.push_back(std::move(level));
  }

  bool ignored(const std::string& relative, IgnoreRules::Kind kind) const {
    if (!options_.use_ignore_files) return false;
    for (auto level = levels_.rbegin(); level != levels_.rend(); ++level) {
      const auto verdict = level->rules.judge(std::string_view(relative).substr(level->folder.size()), kind);
      if (verdict != IgnoreRules::Verdict::none) return verdict == IgnoreRules::Verdict::ignore;
    }
    return false;
  }

  Status enter(const fs::path& folder, const std::string& relative, int depth) {
    IG_TRY(context_.check());
    std::error_code error;
    std::vector<fs::directory_entry> entries;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
      entries.push_back(*it);
    if (error == std::errc::no_such_file_or_directory && !relative.empty()) return {};  // removed just now
    if (error || depth > kMaxDepth) {
      skip_unseen(relative, error ? "cannot read the folder: " + error.message() : "more than 200 folders deep");
      return {};
    }
    const std::string name = prefix_ + relative;
    out_.folders.push_back({name.empty() ? name : name.substr(0, name.size() - 1), folder});
    std::sort(entries.begin(), entries.end(),
              [](const auto& a, const auto& b) { return a.path().filename().native() < b.path().filename().native(); });
    load_rules(folder, relative);
    for (const fs::directory_entry& entry : entries) IG_TRY(take(entry, relative, depth));
    levels_.pop_back();
    return {};
  }

  Status take(const fs::directory_entry& entry, const std::string& parent, int depth) {
    const std::string name = entry.path().filename().string();
    const std::string relative = parent + name;
    std::error_code error;
    // Version control, and the folders of collections themselves, are never documents.
    if (name == ".git" || name == ".hg" || name == ".svn") return {};
    if (!options_.hidden && name.starts_with('.')) return {};
    if (!scope_.covers(prefix_ + relative) && !scope_.leads_into(prefix_ + relative)) return {};
    fs::path path = entry.path();
    if (entry.is_symlink(error)) {
      path = fs::canonical(entry.path(), error);
      const std::string inside = root_.string() + "/";
      if (error == std::errc::permission_denied) {
        skip_unseen(relative, "cannot follow the link: " + error.message());
        return {};
      }
      if (error) {
        skip(relative, error == std::errc::too_many_symbolic_link_levels ? "a link that leads to itself"
                                                                         : "a link that leads nowhere");
        return {};
      }
      if (!path.string().starts_with(inside)) {
        skip(relative, "a link that leads out of the folder");
        return {};
      }
      if (fs::is_directory(path, error)) return {};  // its files are found where they stand
    }
    if (fs::is_directory(path, error)) {
      if (ignored(relative, IgnoreRules::Kind::folder)) return {};
      if (fs::exists(path / "db.sqlite", error) && fs::exists(path / "LOCK", error)) return {};
      return enter(path, relative + "/", depth + 1);
    }
    if (ignored(relative, IgnoreRules::Kind::file)) return {};
    if (!fs::is_regular_file(path, error)) {
      error ? skip_unseen(relative, "cannot read it: " + error.message())
            : skip(relative, "a pipe, socket or device, not a file");
      return {};
    }
    return take_file(path, relative);
  }

  Status take_file(const fs::path& path, const std::string& relative) {
    const bool wanted = options_.globs.empty() || std::any_of(options_.globs.begin(), options_.globs.end(),
                                                              [&](const auto& g) { return glob_match(g, relative); });
    if (!wanted) return {};
    const auto stamp = stat_file(path);
    if (!stamp) {
      if (stamp.error().code != Code::not_found) skip_unseen(relative, stamp.error().message);
    } else if (stamp->size > options_.read.max_size) {
      skip(relative, "larger than --max-size (" + human_bytes(static_cast<double>(options_.read.max_size)) + ")");
    } else {
      out_.files.push_back({prefix_ + relative, path, root_.string(), *stamp});
    }
    return {};
  }

  const fs::path root_;
  const std::string prefix_;
  const IngestOptions& options_;
  const Scope& scope_;
  WalkResult& out_;
  Context& context_;
  std::vector<RuleLevel> levels_;
};

Status refuse_clashes(const WalkResult& result) {
  std::set<std::string_view> names;
  for (const FoundFile& file : result.files) {
    if (!names.insert(file.name).second) {
      return fail(Code::invalid_argument, "Two files would get the same id '" + file.name +
                                              "'. Index the folders one by one into collections of their own.");
    }
  }
  return {};
}

}  // namespace

bool Scope::covers(std::string_view name) const {
  if (is_all() || names_.contains(name)) return true;
  for (std::size_t slash = name.rfind('/'); slash != std::string_view::npos; slash = name.rfind('/', slash - 1)) {
    if (names_.contains(name.substr(0, slash))) return true;
    if (slash == 0) break;
  }
  return false;
}

bool Scope::leads_into(std::string_view folder) const {
  const std::string below = std::string(folder) + "/";
  const auto first = names_.lower_bound(below);
  return first != names_.end() && first->starts_with(below);
}

Roots resolve_roots(std::span<const fs::path> roots) {
  Roots out;
  for (std::size_t i = 0; i < roots.size(); ++i) {
    std::error_code error;
    const fs::path path = fs::canonical(roots[i], error);
    if (error) {
      out.absent.push_back(fs::absolute(roots[i]).lexically_normal().string());
      continue;
    }
    const bool folder = fs::is_directory(path, error);
    const std::string prefix = i == 0 || !folder ? "" : path.filename().string() + "/";
    out.present.push_back({path, prefix, folder, folder && fs::is_empty(path, error)});
  }
  return out;
}

Result<WalkResult> walk(std::span<const Root> roots, const IngestOptions& options, const Scope& scope,
                        Context& context) {
  WalkResult result;
  for (const Root& root : roots) {
    const std::string name = root.path.filename().string();
    if (root.folder) {
      result.roots.push_back({"", root.path, root.path.string(), stat_file(root.path).value_or(FileStamp{})});
      IG_TRY(Walker(root, options, scope, result, context).walk());
    } else if (scope.covers(name)) {
      const FileStamp stamp = IG_TRY(stat_file(root.path));
      result.files.push_back({name, root.path, root.path.parent_path().string(), stamp, true});
    }
  }
  IG_TRY(refuse_clashes(result));
  return result;
}

}  // namespace isogloss::runtime
