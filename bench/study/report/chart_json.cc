#include "bench/study/report/chart_json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace shoal::study {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json numbers(const std::vector<double>& values) {
  Json out = Json::array();
  for (const double value : values) out.push_back(number(value));
  return out;
}

template <class T>
struct Word {
  T value;
  const char* word;
};
constexpr Word<Series::Style> kStyles[] = {
    {Series::Style::line, "line"}, {Series::Style::step, "step"}, {Series::Style::points, "points"}};
constexpr Word<Chart::Kind> kKinds[] = {
    {Chart::Kind::plot, "plot"}, {Chart::Kind::heat, "heat"}, {Chart::Kind::space_time, "space_time"}};

template <class T, std::size_t N>
const char* word_of(const Word<T> (&words)[N], T value) {
  for (const auto& word : words)
    if (word.value == value) return word.word;
  return words[0].word;
}

Json json_of(const Axis& axis) {
  return {{"label", axis.label},         {"log", axis.log},     {"time", axis.time},
          {"from_zero", axis.from_zero}, {"whole", axis.whole}, {"categories", axis.categories}};
}

Json json_of(const Series& series) {
  return {{"name", series.name},        {"style", word_of(kStyles, series.style)},
          {"colour", series.colour},    {"thin", series.thin},
          {"x", numbers(series.x)},     {"y", numbers(series.y)},
          {"low", numbers(series.low)}, {"high", numbers(series.high)}};
}

Json json_of(const HeatMap& heat) {
  Json cells = Json::array();
  for (const auto& row : heat.cells) cells.push_back(numbers(row));
  return {{"unit", heat.unit}, {"rows", heat.rows}, {"edges", numbers(heat.edges)}, {"cells", std::move(cells)}};
}

Json json_of(const SpaceTime& diagram) {
  Json arrows = Json::array();
  for (const auto& arrow : diagram.arrows)
    arrows.push_back({{"sent", arrow.sent},
                      {"arrived", number(arrow.arrived)},
                      {"from", arrow.from},
                      {"to", arrow.to},
                      {"name", arrow.name},
                      {"note", arrow.note}});
  return {{"lanes", diagram.lanes}, {"names", diagram.names}, {"arrows", std::move(arrows)}};
}

Json json_of(const Chart& chart) {
  Json bands = Json::array();
  for (const FaultBand& band : chart.bands)
    bands.push_back({{"name", band.name}, {"begin", band.begin}, {"end", band.end}});
  Json series = Json::array();
  for (const Series& one : chart.series) series.push_back(json_of(one));
  Json out = {{"id", chart.id},
              {"title", chart.title},
              {"sentence", chart.sentence},
              {"footer", chart.footer},
              {"kind", word_of(kKinds, chart.kind)},
              {"x", json_of(chart.x)},
              {"y", json_of(chart.y)},
              {"bands", std::move(bands)}};
  out["series"] = std::move(series);
  if (chart.kind == Chart::Kind::heat) out["heat"] = json_of(chart.heat);
  if (chart.kind == Chart::Kind::space_time) out["space_time"] = json_of(chart.space_time);
  return out;
}

}  // namespace

std::string to_json(const Page& page) {
  Json charts = Json::array();
  for (const Chart& chart : page.charts) charts.push_back(json_of(chart));
  const Json json = {{"format", kFormat},       {"title", page.title},        {"about", page.about},
                     {"verdict", page.verdict}, {"findings", page.findings},  {"table_head", page.table_head},
                     {"table", page.table},     {"repeat", page.repeat},      {"scenario", page.scenario},
                     {"footer", page.footer},   {"charts", std::move(charts)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);  // a name with broken UTF-8 spoils no report
}

}  // namespace shoal::study
