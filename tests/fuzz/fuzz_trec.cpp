// SPDX-License-Identifier: Apache-2.0
// Judgments, a line "===", a run: read in all formats and scored by every measure that fits.
#include "evaluate/metrics/trec/trec.hpp"
#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace isogloss;
  using namespace isogloss::evaluation::trec;
  const std::string_view text(static_cast<const char*>(static_cast<const void*>(data)), size);
  const std::size_t cut = text.find("===\n");
  if (cut == std::string_view::npos) return 0;
  const auto run = parse_run(text.substr(cut + 4), "run");
  if (!run) return 0;
  const Settings settings;
  for (const Format format : {Format::judgments, Format::groups, Format::preferences, Format::judgment_preferences}) {
    const auto queries = parse_judgments(text.substr(0, cut), "judgments", format);
    if (!queries) continue;
    for (const JudgedQuery& judged : *queries) {
      const RunQuery* ranked = run->find(judged.id);
      if (ranked == nullptr) continue;
      Query query{&settings, {}, {}, {}};
      if (format == Format::judgments) {
        query.judged = judge(*ranked, judged.judgments, settings);
        fuzz::require(query.judged->relevant_retrieved <= query.judged->relevant, "what was found is relevant");
      } else if (format == Format::groups) {
        query.groups.push_back(judge(*ranked, judged.judgments, settings));
      } else if (auto preferences = prefer(*ranked, judged.judgments, settings)) {
        query.preferences = std::move(*preferences);
      }
      for (const Measure* measure : measures()) {
        const bool fits = (measure->needs == Needs::judged && query.judged) ||
                          (measure->needs == Needs::groups && !query.groups.empty()) ||
                          (measure->needs == Needs::preferences && query.preferences);
        if (!fits) continue;
        Parameters parameters;
        parameters.numbers.assign(measure->defaults.begin(), measure->defaults.end());
        std::vector<double> values(std::max<std::size_t>(1, parameters.numbers.size()), 0.0);
        measure->value(query, parameters, values);
      }
    }
  }
  return 0;
}
