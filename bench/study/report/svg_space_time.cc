#include <algorithm>
#include <cmath>

#include "bench/study/report/svg.h"
#include "bench/study/report/svg_frame.h"

namespace shoal::study {
namespace {

using Arrow = SpaceTime::Arrow;

constexpr double kLane = 36;
constexpr std::size_t kNamesMax = 6;  // that have a colour of their own

Stroke stroke_of(const std::vector<std::string>& names, const std::string& name) {
  const auto place = static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
  if (place >= kNamesMax) return {.colour = "#777", .width = 0.9};
  return {.colour = colour(place), .width = 0.9, .dash = dash(place)};
}

// Of the names that occur; those without a colour of their own together.
std::vector<Key> keys_of(const SpaceTime& diagram) {
  std::vector<Key> keys;
  bool others = false;
  for (std::size_t i = 0; i < diagram.names.size(); ++i) {
    const std::string& name = diagram.names[i];
    if (std::ranges::none_of(diagram.arrows, [&](const Arrow& arrow) { return arrow.name == name; })) continue;
    if (i < kNamesMax) keys.push_back({name, stroke_of(diagram.names, name), false, 0});
    others = others || i >= kNamesMax;
  }
  if (others) keys.push_back({"others", {.colour = "#777", .width = 0.9}, false, 0});
  if (std::ranges::any_of(diagram.arrows, [](const Arrow& arrow) { return std::isinf(arrow.arrived); }))
    keys.push_back({"× lost", {.colour = kLost, .width = 1.2}, false, 0});
  return keys;
}

void draw_head(SvgCanvas& canvas, Spot from, Spot to, std::string_view ink) {
  const double angle = std::atan2(to.y - from.y, to.x - from.x);
  const auto corner = [&](double turn) {
    return Spot{to.x - 6 * std::cos(angle + turn), to.y - 6 * std::sin(angle + turn)};
  };
  canvas.path(move_to(to) + line_to(corner(0.35)) + line_to(corner(-0.35)) + "Z", "fill=\"" + std::string(ink) + "\"");
}

void draw_cross(SvgCanvas& canvas, Spot at) {
  constexpr double kHalf = 3;
  const Stroke stroke{.colour = kLost, .width = 1.4};
  canvas.line({at.x - kHalf, at.y - kHalf}, {at.x + kHalf, at.y + kHalf}, stroke);
  canvas.line({at.x - kHalf, at.y + kHalf}, {at.x + kHalf, at.y - kHalf}, stroke);
}

// How long those that arrived took, in the middle: lost ones are drawn as if they had flown that fast.
double usual_flight(const std::vector<Arrow>& arrows) {
  std::vector<double> flights;
  for (const Arrow& arrow : arrows)
    if (std::isfinite(arrow.arrived)) flights.push_back(arrow.arrived - arrow.sent);
  if (flights.empty()) return 1;
  std::ranges::sort(flights);
  return flights[flights.size() / 2];
}

class Drawing {
 public:
  Drawing(SvgFrame& frame, const Scale& x, const SpaceTime& diagram)
      : frame_(frame), x_(x), names_(diagram.names), flight_(usual_flight(diagram.arrows)) {}

  void lane(std::size_t i, const std::string& name) {
    frame_.canvas().line({frame_.left(), y(i)}, {frame_.right(), y(i)}, {.colour = "#999", .width = 0.8});
    frame_.canvas().text({frame_.left() - 6, y(i) + 4}, name, {.anchor = "end"});
  }

  void arrow(const Arrow& arrow) {
    SvgCanvas piece;
    const Spot from{x_.at(arrow.sent), y(arrow.from)};
    if (std::isfinite(arrow.arrived))
      fly(piece, from, {x_.at(arrow.arrived), y(arrow.to)}, stroke_of(names_, arrow.name));
    else
      lose(piece, from, {x_.at(arrow.sent + flight_), y(arrow.to)});
    frame_.canvas().titled(arrow.note.empty() ? arrow.name : arrow.name + ": " + arrow.note, piece.body());
  }

 private:
  [[nodiscard]] double y(std::size_t lane) const { return frame_.top() + kLane * (0.6 + static_cast<double>(lane)); }

  static void fly(SvgCanvas& piece, Spot from, Spot to, const Stroke& stroke) {
    piece.line(from, to, stroke);
    draw_head(piece, from, to, stroke.colour);
  }

  static void lose(SvgCanvas& piece, Spot from, Spot towards) {
    const Spot end{from.x + (towards.x - from.x) * 0.45, from.y + (towards.y - from.y) * 0.45};
    piece.line(from, end, {.colour = kLost, .width = 0.9});
    draw_cross(piece, end);
  }

  SvgFrame& frame_;
  const Scale& x_;
  const std::vector<std::string>& names_;
  double flight_;
};

}  // namespace

std::string space_time_svg(const Chart& chart) {
  const SpaceTime& diagram = chart.space_time;
  double widest = 20;
  for (const std::string& lane : diagram.lanes) widest = std::max(widest, text_width(lane, 11));
  SvgFrame frame(chart, keys_of(diagram), 26 + widest, kLane * (static_cast<double>(diagram.lanes.size()) + 0.2));
  std::vector<double> times;
  for (const Arrow& arrow : diagram.arrows) times.insert(times.end(), {arrow.sent, arrow.arrived});
  const Scale x(chart.x, times, frame.left() + 4, frame.right() - 4, false);
  frame.draw_bands(x);
  Drawing drawing(frame, x, diagram);
  for (std::size_t i = 0; i < diagram.lanes.size(); ++i) drawing.lane(i, diagram.lanes[i]);
  frame.begin_plot();
  for (const Arrow& arrow : diagram.arrows) drawing.arrow(arrow);
  frame.end_plot();
  frame.draw_x(x);
  return frame.file();
}

}  // namespace shoal::study
