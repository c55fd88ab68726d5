// What `shoal study` prints.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "bench/study/tables.h"
#include "client/cli/study.h"

namespace shoal::cli {
namespace {

using study::Judgement;

struct Shown {
  const char* head;
  const char* number;
};
constexpr std::array kShown = {Shown{"FIRST ZERO s", "first_zero_s"},
                               Shown{"TO ZERO s", "time_to_zero_s"},
                               Shown{"PEAK BEHIND", "behind_peak"},
                               Shown{"FRESH READS", "fresh_reads"},
                               Shown{"READ P99 ms", "read_p99_ms"},
                               Shown{"WRITE P99 ms", "write_p99_ms"},
                               Shown{"BYTES/PAIR", "bytes_per_pair"},
                               Shown{"LOST", "lost"},
                               Shown{"DROPPED", "dropped"}};

// How many runs of a variant were judged how.
using Counts = std::map<Judgement, std::uint64_t>;

Counts counts_of(const study::StudyResults& results, const std::string& variant) {
  Counts counts;
  for (const study::RunResult& run : results.runs)
    if (run.measures.variant == variant) ++counts[run.verdict.judgement()];
  return counts;
}

std::string counts_text(const Counts& counts) {
  std::string text;
  for (const auto& [judgement, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + std::string(name_of(judgement));
  return text;
}

Table results_table(const Session& session, const study::StudyResults& results) {
  Table table{{"VARIANT", "VERDICT"}, {}};
  for (const Shown& shown : kShown) table.columns.emplace_back(shown.head);
  for (const study::VariantMeasures& variant : results.variants) {
    std::vector<std::string> row{shown(variant_text(variant.variant)),
                                 counts_text(counts_of(results, variant.variant))};
    for (const Shown& column : kShown) {
      const study::Spread* spread = variant.number(column.number);
      row.push_back(spread == nullptr ? "" : spread_text(session, *spread));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Json interval_json(const study::Interval& interval) { return Json::array({interval.low, interval.high}); }

Json spread_json(const study::Spread& spread) {
  Json json{{"runs", spread.runs}, {"missing", spread.missing}};
  if (spread.runs == 0) return json;
  json.update({{"mean", spread.mean},
               {"median", spread.median},
               {"p5", spread.low},
               {"p95", spread.high},
               {"min", spread.min},
               {"max", spread.max},
               {"mean_interval", interval_json(spread.mean_interval)},
               {"median_interval", interval_json(spread.median_interval)}});
  return json;
}

Json results_json(const study::StudyResults& results, const std::string& folder) {
  Json variants = Json::array();
  for (const study::VariantMeasures& variant : results.variants) {
    Json numbers = Json::object();
    for (const study::Spread& spread : variant.numbers) numbers[spread.name] = spread_json(spread);
    Json counts = Json::object();
    for (const auto& [judgement, count] : counts_of(results, variant.variant))
      counts[std::string(name_of(judgement))] = count;
    variants.push_back({{"variant", variant.variant}, {"runs", std::move(counts)}, {"numbers", std::move(numbers)}});
  }
  return {{"schema", kSchema},
          {"name", results.info.name},
          {"judgement", name_of(results.judgement)},
          {"folder", folder},
          {"variants", std::move(variants)}};
}

// What went wrong, in sentences; the rest is in the folder.
void say_findings(const Session& session, const study::StudyResults& results) {
  constexpr int kSentencesMax = 10;
  int said = 0;
  for (const study::RunResult& run : results.runs)
    for (const study::Check& check : run.verdict.checks)
      for (const std::string& sentence : check.sentences) {
        if (check.judgement == Judgement::valid || ++said > kSentencesMax) continue;
        session.say(session.paint_words(check.judgement == Judgement::invalid ? Paint::bad : Paint::dim,
                                        std::string(name_of(check.judgement)) + ":") +
                    " " + shown(variant_text(run.measures.variant)) + ", seed " + std::to_string(run.measures.seed) +
                    ", " + check.name + ": " + shown(sentence));
      }
  if (said > kSentencesMax) session.say("... and " + std::to_string(said - kSentencesMax) + " more: see verdict.json");
}

std::string interval_text(const std::optional<study::Interval>& interval) {
  return interval ? short_number(interval->low) + " .. " + short_number(interval->high) : "";
}

Table differences_table(const Session& session, const std::vector<study::Difference>& differences) {
  Table table{{"VARIANT", "NUMBER", "A", "B", "B - A, 95 %", ""}, {}};
  for (const study::Difference& difference : differences)
    table.rows.push_back({shown(variant_text(difference.variant)), difference.number,
                          spread_text(session, difference.a), spread_text(session, difference.b),
                          interval_text(difference.of_medians), difference.differs() ? "differs" : ""});
  return table;
}

Table rankings_table(const Session& session, const std::vector<study::Ranking>& rankings) {
  Table table{{"NUMBER", "PLACE", "STUDY", "VARIANT", "MEDIAN", "MISSING RUNS"}, {}};
  for (const study::Ranking& ranking : rankings)
    for (std::size_t i = 0; i < ranking.places.size(); ++i) {
      const study::Ranking::Place& place = ranking.places[i];
      table.rows.push_back({ranking.number, std::to_string(i + 1), shown(place.study),
                            shown(variant_text(place.variant)), spread_text(session, place.spread),
                            std::to_string(place.spread.missing)});
    }
  return table;
}

Json comparison_json(const std::vector<study::Difference>& differences, const std::vector<study::Ranking>& rankings) {
  Json json{{"schema", kSchema}, {"differences", Json::array()}, {"rankings", Json::array()}};
  for (const study::Difference& difference : differences)
    json["differences"].push_back({{"variant", difference.variant},
                                   {"number", difference.number},
                                   {"a", spread_json(difference.a)},
                                   {"b", spread_json(difference.b)},
                                   {"interval", difference.of_medians ? interval_json(*difference.of_medians) : Json()},
                                   {"differs", difference.differs()}});
  for (const study::Ranking& ranking : rankings) {
    Json places = Json::array();
    for (const study::Ranking::Place& place : ranking.places)
      places.push_back({{"study", place.study}, {"variant", place.variant}, {"value", spread_json(place.spread)}});
    json["rankings"].push_back({{"number", ranking.number}, {"places", std::move(places)}});
  }
  return json;
}

}  // namespace

std::string short_number(double value) {
  char text[32];
  const bool whole = value == std::round(value) && std::abs(value) < 1e7;
  std::snprintf(text, sizeof text, whole ? "%.0f" : "%.3g", value);
  return text;
}

std::string spread_text(const Session& session, const study::Spread& spread) {
  if (spread.runs == 0) return "";
  if (!session.is_table()) return study::csv_number(spread.median);
  if (spread.runs == 1) return short_number(spread.median);
  return short_number(spread.median) + " [" + short_number(spread.low) + " .. " + short_number(spread.high) + "]";
}

std::string variant_text(const std::string& variant) { return variant.empty() ? "(base)" : variant; }

void print_results(const Session& session, const study::StudyResults& results, const std::string& folder) {
  if (session.is_json())
    print_json(results_json(results, folder));
  else
    print_table(results_table(session, results), session.format());
  say_findings(session, results);
  const bool valid = results.judgement == Judgement::valid;
  session.say(session.paint_words(valid ? Paint::good : Paint::bad, name_of(results.judgement)) + ": " +
              std::to_string(results.runs.size()) + " runs; " +
              shown((std::filesystem::path(folder) / "report.html").string()) + " shows them");
}

void print_comparison(const Session& session, const std::vector<study::Difference>& differences,
                      const std::vector<study::Ranking>& rankings) {
  if (session.is_json()) return print_json(comparison_json(differences, rankings));
  if (!differences.empty()) print_table(differences_table(session, differences), session.format());
  if (!differences.empty() && !rankings.empty()) print_line("");
  if (!rankings.empty()) print_table(rankings_table(session, rankings), session.format());
}

}  // namespace shoal::cli
