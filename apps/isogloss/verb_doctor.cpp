// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>
#include <unistd.h>

#include <fstream>

#include "core/json.hpp"
#include "core/text.hpp"
#include "isogloss/machine.hpp"
#include "output.hpp"

namespace isogloss::cli {
namespace {

class DoctorVerb final : public Verb {
 public:
  std::string_view name() const override { return "doctor"; }
  std::string_view summary() const override { return "health of this machine, or of a collection"; }
  std::string_view examples() const override { return "  isogloss doctor\n  isogloss doctor docs\n"; }
  void describe(Flags& flags, std::span<const std::string>) override {
    flags.optional_positional("COLLECTION", collection_, "check this collection");
  }
  Result<int> run(Program& program) override {
    std::vector<std::pair<std::string, std::string>> facts;
    if (collection_.empty()) {
      machine(facts);
    } else {
      IG_TRY(collection(program, facts));
    }
    print_facts(program, facts);
    return bad_ ? kFailed : kDone;
  }

 private:
  static std::size_t memory_bytes() {
    return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<std::size_t>(::sysconf(_SC_PAGE_SIZE));
  }

  static void machine(std::vector<std::pair<std::string, std::string>>& facts) {
    const MachineInfo info = machine_info();
    facts.emplace_back("version", info.version);
    facts.emplace_back("cpu", info.cpu);
    facts.emplace_back("cores", std::to_string(info.cores));
    facts.emplace_back("kernels", info.kernels + (info.forced.empty() ? "" : " (ISOGLOSS_SIMD=" + info.forced + ")"));
    facts.emplace_back("kernels available", info.available);
    facts.emplace_back("memory", human_bytes(static_cast<double>(memory_bytes())));
    facts.emplace_back("sqlite", sqlite3_libversion());
    facts.emplace_back("data folder", data_home().string());
    // Rows stay mapped, not held; a search over more than memory holds reads the disk every time.
    const double usable = 0.66 * static_cast<double>(memory_bytes());
    const auto vectors = [&](std::size_t dim) { return fixed(usable / (static_cast<double>(dim) * 4 + 16) / 1e6, 1) + " M"; };
    facts.emplace_back("vectors this memory holds", vectors(384) + " of 384 dimensions, " + vectors(1024) + " of 1024 (f32)");
    facts.emplace_back("bytes on disk per vector", "1536 in the truth and 1544 in the segment at 384 dimensions");
  }

  Status collection(Program& program, std::vector<std::pair<std::string, std::string>>& facts) {
    const auto opened = IG_TRY(open_collection(collection_, OpenMode::read, {}, program.context));
    for (const auto& [name, value] : opened->facts()) facts.emplace_back(name, value);
    for (const CheckFinding& finding : IG_TRY(opened->store().check(program.context))) {
      bad_ = bad_ || !finding.problem.empty();
      facts.emplace_back(finding.part, finding.problem.empty() ? "in order" : finding.problem);
    }
    std::size_t gone = 0;
    for (const DocumentState& state : IG_TRY(opened->store().documents())) {
      std::error_code error;
      if (!state.path.empty() && !std::filesystem::exists(state.path, error)) ++gone;
    }
    facts.emplace_back("files gone since indexing", std::to_string(gone));
    return {};
  }

  std::string collection_;
  bool bad_ = false;
};

class VersionVerb final : public Verb {
 public:
  std::string_view name() const override { return "version"; }
  std::string_view summary() const override { return "version of this program"; }
  std::string_view examples() const override { return "  isogloss version\n"; }
  void describe(Flags&, std::span<const std::string>) override {}
  Result<int> run(Program& program) override {
    const MachineInfo info = machine_info();
    if (program.flags.json) {
      std::string out;
      JsonWriter(out).begin_object().field("version", info.version).field("kernels", info.kernels)
          .field("sqlite", sqlite3_libversion()).end_object();
      program.line(std::move(out));
    } else {
      program.line("isogloss " + info.version);
    }
    return kDone;
  }
};

}  // namespace

std::unique_ptr<Verb> make_doctor_verb() { return std::make_unique<DoctorVerb>(); }
std::unique_ptr<Verb> make_version_verb() { return std::make_unique<VersionVerb>(); }

}  // namespace isogloss::cli
