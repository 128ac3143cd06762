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
  Walker(const fs::path& root, std::string prefix, const IngestOptions& options, WalkResult& out, Context& context)
      : root_(root), prefix_(std::move(prefix)), options_(options), out_(out), context_(context) {}

  Status walk() { return enter(root_, "", 0); }

 private:
  void skip(const std::string& relative, std::string reason) {
    out_.skipped.push_back({prefix_ + relative, FileStatus::skipped, 0, std::move(reason)});
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
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) entries.push_back(*it);
    if (error || depth > kMaxDepth) {
      skip(relative, error ? "cannot read the folder: " + error.message() : "more than 200 folders deep");
      out_.unseen.push_back(prefix_ + relative);
      return {};
    }
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
    fs::path path = entry.path();
    if (entry.is_symlink(error)) {
      path = fs::canonical(entry.path(), error);
      const std::string inside = root_.string() + "/";
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
      skip(relative, error ? "cannot read it: " + error.message() : "a pipe, socket or device, not a file");
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
      skip(relative, stamp.error().message);
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

Result<WalkResult> walk(std::span<const fs::path> roots, const IngestOptions& options, Context& context) {
  WalkResult result;
  for (std::size_t i = 0; i < roots.size(); ++i) {
    std::error_code error;
    const fs::path root = fs::canonical(roots[i], error);
    if (error) return fail(Code::not_found, "there is no file or folder '" + roots[i].string() + "'.");
    if (fs::is_directory(root, error)) {
      const std::string prefix = i == 0 ? "" : root.filename().string() + "/";
      result.roots.push_back(root.string());
      IG_TRY(Walker(root, prefix, options, result, context).walk());
    } else {
      const FileStamp stamp = IG_TRY(stat_file(root));
      result.files.push_back({root.filename().string(), root, root.parent_path().string(), stamp});
    }
  }
  IG_TRY(refuse_clashes(result));
  return result;
}

}  // namespace isogloss::runtime
