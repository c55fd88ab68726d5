#include "bench/study/report/page.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "bench/study/report/chart_kit.h"
#include "bench/study/report/charts.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

// ---- findings ------------------------------------------------------------------------------------------------------

std::string count_of(std::uint64_t count, std::string_view what) {
  return grouped(count) + " " + std::string(what) + (count == 1 ? "" : "s");
}

std::string run_name(const RunResult& run) {
  const std::string seed = "seed " + std::to_string(run.measures.seed);
  return run.measures.variant.empty() ? seed : run.measures.variant + ", " + seed;
}

// What a check says of all runs, when it is not content with each: in how many, and the first sentence of the first
// among the worst.
std::optional<std::string> finding(const StudyResults& results, std::size_t check) {
  std::size_t invalid = 0;
  std::size_t undecided = 0;
  const RunResult* worst = nullptr;
  for (const RunResult& run : results.runs) {
    if (check >= run.verdict.checks.size()) continue;
    const Judgement judgement = run.verdict.checks[check].judgement;
    if (judgement == Judgement::valid) continue;
    ++(judgement == Judgement::invalid ? invalid : undecided);
    if (worst == nullptr || judgement > worst->verdict.checks[check].judgement) worst = &run;
  }
  if (worst == nullptr) return std::nullopt;
  const Check& first = worst->verdict.checks[check];
  std::vector<std::string> counts;
  if (invalid > 0) counts.push_back("invalid in " + std::to_string(invalid));
  if (undecided > 0) counts.push_back("undecided in " + std::to_string(undecided));
  std::string text = first.name + ": " + listed(counts) + " of " + count_of(results.runs.size(), "run");
  if (!first.sentences.empty()) text += "; " + run_name(*worst) + ": " + first.sentences.front();
  return text;
}

std::vector<std::string> findings_of(const StudyResults& results) {
  std::vector<std::string> findings;
  std::size_t checks = 0;
  std::uint64_t examined = 0;
  for (const RunResult& run : results.runs) {
    checks = std::max(checks, run.verdict.checks.size());
    for (const Check& check : run.verdict.checks) examined += check.examined;
  }
  for (std::size_t i = 0; i < checks; ++i)
    if (auto text = finding(results, i)) findings.push_back(std::move(*text));
  if (findings.empty())
    findings.push_back("All " + count_of(checks, "check") + " hold in " +
                       (results.runs.size() == 1 ? "the run" : "all " + count_of(results.runs.size(), "run")) + " (" +
                       count_of(examined, "case") + " examined).");
  return findings;
}

// ---- the table of key numbers --------------------------------------------------------------------------------------

struct Column {
  std::string_view number;
  std::string_view head;
  bool only_above_zero = false;  // nobody misses a column of zeros
};
constexpr std::array kColumns = {Column{"first_zero_s", "S = 0 first after", true},
                                 Column{"time_to_zero_s", "S stays 0 after"},
                                 Column{"behind_peak", "peak of S(t)"},
                                 Column{"behind_left", "left behind", true},
                                 Column{"alpha_median", "α a round"},
                                 Column{"lost", "lost writes"},
                                 Column{"dropped", "dropped by lww", true},
                                 Column{"fresh_reads", "fresh reads"},
                                 Column{"visible_999_ms", "99.9 % visible after"},
                                 Column{"siblings_max", "siblings, most", true},
                                 Column{"hints_max", "hints, most", true},
                                 Column{"bytes_per_pair", "repair a pair", true},
                                 Column{"read_p99_ms", "read p99"},
                                 Column{"write_p99_ms", "write p99"}};

bool worth_showing(const StudyResults& results, const Column& column) {
  return std::ranges::any_of(results.variants, [&](const VariantMeasures& variant) {
    const Spread* spread = variant.number(column.number);
    return spread != nullptr && spread->runs > 0 && !(column.only_above_zero && spread->max == 0);
  });
}

std::string_view table_unit(const Spread& spread) {
  if (spread.name == "fresh_reads") return "share";
  const bool told_by_head = spread.unit != "s" && spread.unit != "ms" && spread.unit != "bytes";
  return told_by_head ? std::string_view() : std::string_view(spread.unit);
}

// "3.1 s", and on a second line the spread over seeds: where it is the same everywhere there is none.
// "in 15 of 20" runs there is such a number at all.
std::string cell_of(const Spread* spread) {
  if (spread == nullptr) return "–";
  if (spread->runs == 0) return spread->unit == "s" ? "never" : "–";
  const std::string_view unit = table_unit(*spread);
  std::string text = in_words(spread->median, unit);
  std::string below;
  if (spread->low != spread->high) below = range_in_words(spread->low, spread->high, unit);
  if (spread->missing > 0)
    below += (below.empty() ? "" : "\n") + std::string("in ") + std::to_string(spread->runs) + " of " +
             std::to_string(spread->runs + spread->missing);
  return below.empty() ? text : text + "\n" + below;
}

void add_table(Page& page, const StudyResults& results) {
  page.table_head.push_back("variant");
  for (const VariantMeasures& variant : results.variants) page.table.push_back({name_of(variant)});
  for (const Column& column : kColumns) {
    if (!worth_showing(results, column)) continue;
    page.table_head.emplace_back(column.head);
    for (std::size_t i = 0; i < results.variants.size(); ++i)
      page.table[i].push_back(cell_of(results.variants[i].number(column.number)));
  }
}

// They name files, where "A B" and "a-b" are the same: the later ones get a number.
void tell_ids_apart(std::vector<Chart>& charts) {
  std::set<std::string> taken;
  for (Chart& chart : charts) {
    const std::string wanted = chart.id;
    for (int number = 2; !taken.insert(chart.id).second; ++number) chart.id = wanted + "-" + std::to_string(number);
  }
}

std::vector<std::string> repeat_of(const RunInfo& info) {
  std::vector<std::string> lines;
  if (info.revision != "unknown" && !info.revision.empty()) lines.push_back("git checkout " + info.revision);
  lines.push_back(info.command);
  return lines;
}

}  // namespace

Page page_of(const StudyResults& results) {
  Page page;
  page.title = results.info.title.empty() ? results.info.name : results.info.title;
  page.about = results.info.about;
  page.verdict = name_of(results.judgement);
  page.findings = findings_of(results);
  add_table(page, results);
  page.repeat = repeat_of(results.info);
  page.scenario = results.info.text;
  page.footer = footer_of(results);
  page.charts = charts_of(results);
  tell_ids_apart(page.charts);
  return page;
}

}  // namespace shoal::study
