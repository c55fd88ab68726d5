#include "bench/study/report/chart_json.h"

#include <cmath>
#include <limits>
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

double number_from(const Json& json, double none) { return json.is_null() ? none : json.get<double>(); }

std::vector<double> numbers_from(const Json& json) {
  std::vector<double> out;
  for (const Json& value : json) out.push_back(number_from(value, std::numeric_limits<double>::quiet_NaN()));
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

// Throws what the library would throw: a page with a word that we do not know is no page of ours.
template <class T, std::size_t N>
T value_of(const Word<T> (&words)[N], const std::string& text) {
  for (const auto& word : words)
    if (word.word == text) return word.value;
  throw Json::other_error::create(501, "unknown word '" + text + "'", nullptr);
}

// ---- writing -------------------------------------------------------------------------------------------------------

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

// ---- reading -------------------------------------------------------------------------------------------------------

Axis axis_from(const Json& json) {
  return {.label = json.at("label"),
          .log = json.at("log"),
          .time = json.at("time"),
          .from_zero = json.at("from_zero"),
          .whole = json.at("whole"),
          .categories = json.at("categories")};
}

Series series_from(const Json& json) {
  return {.name = json.at("name"),
          .style = value_of(kStyles, json.at("style").get<std::string>()),
          .colour = json.at("colour"),
          .thin = json.at("thin"),
          .x = numbers_from(json.at("x")),
          .y = numbers_from(json.at("y")),
          .low = numbers_from(json.at("low")),
          .high = numbers_from(json.at("high"))};
}

HeatMap heat_from(const Json& json) {
  HeatMap heat{.unit = json.at("unit"), .rows = json.at("rows"), .edges = numbers_from(json.at("edges")), .cells = {}};
  for (const Json& row : json.at("cells")) heat.cells.push_back(numbers_from(row));
  return heat;
}

SpaceTime space_time_from(const Json& json) {
  SpaceTime diagram{.lanes = json.at("lanes"), .names = json.at("names"), .arrows = {}};
  for (const Json& arrow : json.at("arrows"))
    diagram.arrows.push_back({.sent = arrow.at("sent"),
                              .arrived = number_from(arrow.at("arrived"), std::numeric_limits<double>::infinity()),
                              .from = arrow.at("from"),
                              .to = arrow.at("to"),
                              .name = arrow.at("name"),
                              .note = arrow.at("note")});
  return diagram;
}

Chart chart_from(const Json& json) {
  Chart chart{.id = json.at("id"),
              .title = json.at("title"),
              .sentence = json.at("sentence"),
              .footer = json.at("footer"),
              .kind = value_of(kKinds, json.at("kind").get<std::string>()),
              .x = axis_from(json.at("x")),
              .y = axis_from(json.at("y")),
              .bands = {},
              .series = {},
              .heat = {},
              .space_time = {}};
  for (const Json& band : json.at("bands"))
    chart.bands.push_back({.name = band.at("name"), .begin = band.at("begin"), .end = band.at("end")});
  for (const Json& one : json.at("series")) chart.series.push_back(series_from(one));
  if (chart.kind == Chart::Kind::heat) chart.heat = heat_from(json.at("heat"));
  if (chart.kind == Chart::Kind::space_time) chart.space_time = space_time_from(json.at("space_time"));
  return chart;
}

Page page_from(const Json& json) {
  if (json.at("format") != kFormat) throw Json::other_error::create(501, "another format", nullptr);
  Page page{.title = json.at("title"),
            .about = json.at("about"),
            .verdict = json.at("verdict"),
            .findings = json.at("findings"),
            .table_head = json.at("table_head"),
            .table = json.at("table"),
            .repeat = json.at("repeat"),
            .scenario = json.at("scenario"),
            .footer = json.at("footer"),
            .charts = {}};
  for (const Json& chart : json.at("charts")) page.charts.push_back(chart_from(chart));
  return page;
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

Result<Page> page_from_json(std::string_view text) {
  try {
    return page_from(Json::parse(text));
  } catch (const Json::exception& error) {
    return fail(Errc::corrupt, std::string("this is no list of charts that a study wrote: ") + error.what());
  }
}

}  // namespace shoal::study
