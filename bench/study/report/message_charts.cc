// Space-time diagrams. A run records its messages for a moment around each fault; every message goes to the fault's
// begin or end that is nearest to it, and of each such moment the messages closest to it are drawn.
#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "bench/study/report/chart_kit.h"
#include "bench/study/report/charts.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

constexpr std::size_t kArrowsMax = 150;
constexpr std::size_t kDiagramsMax = 12;  // of all runs together
constexpr double kOneMoment = 0.25;       // seconds: faults that strike together make one diagram
constexpr double kEarlierCounts = 4;      // what led to it is less telling than what came of it

struct Moment {
  double at = 0;
  std::string what;  // "partition n1 | n2 begins"
  bool begins = false;
  std::vector<const MessageTrace*> messages;
};

std::vector<Moment> moments_of(const std::vector<FaultSpan>& faults) {
  std::vector<Moment> all;
  for (const FaultSpan& fault : faults) {
    all.push_back({fault.begin, band_name(fault) + " begins", true, {}});
    all.push_back({fault.end, band_name(fault) + " ends", false, {}});
  }
  std::ranges::stable_sort(all, {}, &Moment::at);
  std::vector<Moment> moments;
  for (Moment& moment : all)
    if (moments.empty() || moment.at - moments.back().at > kOneMoment)
      moments.push_back(std::move(moment));
    else
      moments.back().what += ", " + moment.what;
  return moments;
}

// What begins is more telling than what ends. They stay in order of time.
void keep_most_telling(std::vector<Moment>& moments, std::size_t count) {
  std::erase_if(moments, [](const Moment& moment) { return moment.messages.empty(); });
  std::ranges::stable_sort(moments, {}, [](const Moment& moment) { return !moment.begins; });
  moments.resize(std::min(count, moments.size()));
  std::ranges::stable_sort(moments, {}, &Moment::at);
}

double distance(const MessageTrace& message, double at) {
  const double since = message.sent - at;
  return since < 0 ? -since * kEarlierCounts : since;
}

void share_out(const std::vector<MessageTrace>& messages, std::vector<Moment>& moments) {
  for (const MessageTrace& message : messages) {
    const auto nearest =
        std::ranges::min_element(moments, {}, [&](const Moment& moment) { return std::abs(message.sent - moment.at); });
    nearest->messages.push_back(&message);
  }
}

std::size_t keep_closest(Moment& moment) {
  const std::size_t all = moment.messages.size();
  std::ranges::stable_sort(moment.messages, {}, [&](const auto* message) { return distance(*message, moment.at); });
  moment.messages.resize(std::min(all, kArrowsMax));
  std::ranges::stable_sort(moment.messages, {}, [](const auto* message) { return message->sent; });
  return all - moment.messages.size();
}

// Nodes first, as the cluster numbers them, then the clients that take part.
std::map<std::int32_t, std::size_t> add_lanes(const RunResult& run, const Moment& moment, SpaceTime& diagram) {
  std::set<std::int32_t> ends;
  for (const MessageTrace* message : moment.messages) ends.insert({message->from, message->to});
  std::map<std::int32_t, std::size_t> lanes;
  for (std::size_t node = 0; node < run.nodes.size(); ++node) {
    lanes[static_cast<std::int32_t>(node)] = diagram.lanes.size();
    diagram.lanes.push_back(run.nodes[node]);
  }
  for (auto end = ends.rbegin(); end != ends.rend(); ++end) {
    if (lanes.contains(*end)) continue;
    lanes[*end] = diagram.lanes.size();
    diagram.lanes.push_back(*end < 0 ? "client " + std::to_string(-*end) : "n" + std::to_string(*end + 1));
  }
  return lanes;
}

// The most frequent first, over all runs: so a name has one colour in all diagrams.
std::vector<std::string> names_of(const StudyResults& results) {
  std::map<std::string, std::size_t> counts;
  for (const RunResult& run : results.runs)
    for (const MessageTrace& message : run.messages) ++counts[message.name];
  std::vector<std::string> names;
  names.reserve(counts.size());
  for (const auto& [name, count] : counts) names.push_back(name);
  std::ranges::stable_sort(names, std::ranges::greater{}, [&](const std::string& name) { return counts.at(name); });
  return names;
}

SpaceTime diagram_of(const RunResult& run, const Moment& moment) {
  SpaceTime diagram;
  const auto lanes = add_lanes(run, moment, diagram);
  const auto ms = [&](double at) { return std::round((at - moment.at) * 1e6) / 1e3; };
  for (const MessageTrace* message : moment.messages)
    diagram.arrows.push_back({.sent = ms(message->sent),
                              .arrived = std::isfinite(message->arrived) ? ms(message->arrived) : message->arrived,
                              .from = lanes.at(message->from),
                              .to = lanes.at(message->to),
                              .name = message->name,
                              .note = message->note});
  return diagram;
}

std::vector<FaultBand> bands_since(const std::vector<FaultSpan>& faults, double at) {
  std::vector<FaultBand> bands;
  bands.reserve(faults.size());
  for (const FaultSpan& fault : faults)
    bands.push_back({band_name(fault), (fault.begin - at) * 1e3, (fault.end - at) * 1e3});
  return bands;
}

std::string diagram_sentence(const SpaceTime& diagram, const RunResult& run, std::size_t left_out) {
  const auto lost = std::ranges::count_if(diagram.arrows, [](const auto& arrow) { return std::isinf(arrow.arrived); });
  std::map<std::string, std::size_t> names;
  for (const auto& arrow : diagram.arrows) ++names[arrow.name];
  const auto common = std::ranges::max_element(names, {}, [](const auto& entry) { return entry.second; });
  std::string text = "Of " + in_words(static_cast<double>(diagram.arrows.size()), "messages") + " " +
                     (lost == 0 ? std::string("none is") : std::to_string(lost) + (lost == 1 ? " is" : " are")) +
                     " lost; most often sent: " + common->first + " (" + std::to_string(common->second) + ")";
  if (left_out > 0) text += "; " + std::to_string(left_out) + " more, further away in time, are not drawn";
  return text + " (seed " + std::to_string(run.measures.seed) + ").";
}

Chart space_time(const StudyResults& results, const RunResult& run, Moment& moment, std::size_t number) {
  const std::size_t left_out = keep_closest(moment);
  const std::string of = run.measures.variant.empty() ? "" : " (" + run.measures.variant + ")";
  const std::string id = "messages-" + slug(run.measures.variant) + "-" + std::to_string(number);
  Chart chart = plot(results, id, "Messages when " + moment.what + of,
                     {.label = "time since that moment (ms), " + plain(moment.at) + " s into the load"}, {});
  chart.kind = Chart::Kind::space_time;
  chart.space_time = diagram_of(run, moment);
  chart.bands = bands_since(run.measures.faults, moment.at);
  chart.sentence = diagram_sentence(chart.space_time, run, left_out);
  return chart;
}

}  // namespace

std::vector<Chart> message_charts(const StudyResults& results) {
  const auto tells = [](const RunResult& run) { return !run.messages.empty() && !run.measures.faults.empty(); };
  const auto telling = static_cast<std::size_t>(std::ranges::count_if(results.runs, tells));
  const std::size_t of_each = std::max<std::size_t>(2, kDiagramsMax / std::max<std::size_t>(1, telling));
  const std::vector<std::string> names = names_of(results);
  std::vector<Chart> charts;
  for (const RunResult& run : results.runs) {
    if (!tells(run)) continue;
    std::vector<Moment> moments = moments_of(run.measures.faults);
    share_out(run.messages, moments);
    keep_most_telling(moments, std::min(of_each, kDiagramsMax - charts.size()));
    for (std::size_t i = 0; i < moments.size(); ++i) {
      charts.push_back(space_time(results, run, moments[i], i + 1));
      charts.back().space_time.names = names;
    }
  }
  return charts;
}

}  // namespace shoal::study
