#include "bench/study/report/svg.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "bench/study/report/scale.h"
#include "bench/study/report/svg_frame.h"
#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

// ---- plots of series -----------------------------------------------------------------------------------------------

constexpr double kPlotHeight = 230;

struct Scales {
  Scale x;
  Scale y;
};

void append(std::vector<double>& to, const std::vector<double>& from) { to.insert(to.end(), from.begin(), from.end()); }

std::vector<double> all_x(const Chart& chart) {
  std::vector<double> values;
  for (const Series& series : chart.series) append(values, series.x);
  return values;
}

std::vector<double> all_y(const Chart& chart) {
  std::vector<double> values;
  for (const Series& series : chart.series) {
    append(values, series.y);
    append(values, series.low);
    append(values, series.high);
  }
  return values;
}

Stroke stroke_of(const Series& series, std::size_t i) {
  return {.colour = colour(series.colour), .width = series.thin ? 1.0 : 1.8, .dash = dash(i)};
}

std::vector<Key> keys_of(const Chart& chart) {
  std::vector<Key> keys;
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const Series& series = chart.series[i];
    keys.push_back({series.name, stroke_of(series, i), series.style == Series::Style::points, i});
  }
  return keys;
}

// A step keeps its value until the next point; a gap begins the line anew.
std::string line_through(const Series& series, const std::vector<double>& values, const Scales& scales) {
  std::string data;
  bool on = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      on = false;
      continue;
    }
    const Spot spot{scales.x.at(series.x[i]), scales.y.at(values[i])};
    if (on && series.style == Series::Style::step) data += "H" + px(spot.x);
    data += on ? line_to(spot) : move_to(spot);
    on = true;
  }
  return data;
}

// From the low values to the high ones and back; pieces between gaps are closed for themselves.
std::string area_of(const Series& series, const Scales& scales) {
  std::string data;
  std::vector<Spot> back;
  const bool step = series.style == Series::Style::step;
  const auto close = [&] {
    for (std::size_t i = back.size(); i-- > 0;) {
      data += line_to(back[i]);
      if (step && i > 0) data += line_to({back[i].x, back[i - 1].y});
    }
    if (!back.empty()) data += "Z";
    back.clear();
  };
  for (std::size_t i = 0; i < series.low.size(); ++i) {
    if (!std::isfinite(series.low[i]) || !std::isfinite(series.high[i])) {
      close();
      continue;
    }
    const double x = scales.x.at(series.x[i]);
    const Spot low{x, scales.y.at(series.low[i])};
    if (step && !back.empty()) data += "H" + px(x);
    data += back.empty() ? move_to(low) : line_to(low);
    back.push_back({x, scales.y.at(series.high[i])});
  }
  close();
  return data;
}

void draw_interval(SvgCanvas& canvas, const Series& series, const Scales& scales) {
  const std::string_view ink = colour(series.colour);
  if (series.style != Series::Style::points)
    return canvas.path(area_of(series, scales),
                       "fill-opacity=\"0.15\" stroke=\"none\" fill=\"" + std::string(ink) + "\"");
  for (std::size_t i = 0; i < series.low.size(); ++i) {
    const double x = scales.x.at(series.x[i]);
    canvas.line({x, scales.y.at(series.low[i])}, {x, scales.y.at(series.high[i])}, {.colour = ink});
  }
}

void draw_series(SvgCanvas& canvas, const Series& series, std::size_t i, const Chart& chart, const Scales& scales) {
  if (!series.low.empty()) draw_interval(canvas, series, scales);
  if (chart.x.categories.empty()) canvas.path(line_through(series, series.y, scales), stroke_of(series, i));
  if (series.style != Series::Style::points) return;
  for (std::size_t k = 0; k < series.x.size(); ++k)
    canvas.marker({scales.x.at(series.x[k]), scales.y.at(series.y[k])}, i, colour(series.colour));
}

std::string plot_svg(const Chart& chart) {
  const std::vector<double> ys = all_y(chart);
  const Scale labels(chart.y, ys, 0, kPlotHeight, true);  // the ticks' texts alone decide how much room they need
  SvgFrame frame(chart, keys_of(chart), left_for(labels.ticks(5)), kPlotHeight);
  const Scales scales{Scale(chart.x, all_x(chart), frame.left(), frame.right(), false),
                      Scale(chart.y, ys, frame.bottom(), frame.top() + (chart.bands.empty() ? 8 : 16), true)};
  frame.draw_y(scales.y);
  frame.draw_bands(scales.x);
  frame.begin_plot();
  for (std::size_t i = 0; i < chart.series.size(); ++i) draw_series(frame.canvas(), chart.series[i], i, chart, scales);
  frame.end_plot();
  frame.draw_x(scales.x);
  return frame.file();
}

// ---- heat maps -----------------------------------------------------------------------------------------------------

// White to blue to nearly black: darker is always more, in grey print too.
std::string heat_colour(double share) {
  struct Rgb {
    double r, g, b;
  };
  constexpr Rgb kStops[] = {{255, 255, 255}, {86, 180, 233}, {0, 114, 178}, {0, 32, 64}};
  const double place = std::clamp(share, 0.0, 1.0) * 3;
  const auto i = std::min<std::size_t>(2, static_cast<std::size_t>(place));
  const double rest = place - static_cast<double>(i);
  const auto mix = [&](double a, double b) { return std::to_string(std::lround(a + (b - a) * rest)); };
  const Rgb& a = kStops[i];
  const Rgb& b = kStops[i + 1];
  return "rgb(" + mix(a.r, b.r) + "," + mix(a.g, b.g) + "," + mix(a.b, b.b) + ")";
}

double heat_share(double value, double most) { return most > 0 ? std::log1p(value) / std::log1p(most) : 0; }

// Cells side by side with one value are one rectangle; zeros are paper.
void draw_row(SvgCanvas& canvas, const HeatMap& heat, std::size_t row, double most, const Scale& x, double y,
              double height) {
  const std::vector<double>& cells = heat.cells[row];
  for (std::size_t from = 0, to = 0; from < cells.size(); from = to) {
    for (to = from; to < cells.size() && cells[to] == cells[from];) ++to;
    if (cells[from] == 0) continue;
    const double begin = x.at(heat.edges[from]);
    canvas.rect({begin, y}, x.at(heat.edges[to]) - begin, height,
                "shape-rendering=\"crispEdges\" fill=\"" + heat_colour(heat_share(cells[from], most)) + "\"");
  }
}

// "0 ... 312 pairs behind", beside the title.
void draw_heat_key(SvgCanvas& canvas, const HeatMap& heat, double most) {
  constexpr int kSteps = 24;
  constexpr double kWide = 5;
  const std::string end = plain(most) + " " + heat.unit;
  const double right = SvgFrame::kWidth - 22 - text_width(end, 9);
  for (int i = 0; i < kSteps; ++i)
    canvas.rect({right - (kSteps - i) * kWide, 11}, kWide + 0.2, 9, "fill=\"" + heat_colour(i / (kSteps - 1.0)) + "\"");
  canvas.text({right - kSteps * kWide - 5, 19}, "0", {.anchor = "end", .size = 9});
  canvas.text({right + 5, 19}, end, {.size = 9});
}

std::string heat_svg(const Chart& chart) {
  const HeatMap& heat = chart.heat;
  constexpr double kRow = 24;
  double widest = 20;
  for (const std::string& row : heat.rows) widest = std::max(widest, text_width(row, 11));
  SvgFrame frame(chart, {}, 26 + widest, kRow * static_cast<double>(heat.rows.size()));
  const Scale x(chart.x, heat.edges, frame.left(), frame.right(), false);
  double most = 0;
  for (const auto& row : heat.cells)
    for (const double cell : row) most = std::max(most, cell);
  for (std::size_t row = 0; row < heat.rows.size(); ++row) {
    const double y = frame.top() + kRow * static_cast<double>(row);
    draw_row(frame.canvas(), heat, row, most, x, y + 1, kRow - 2);
    frame.canvas().text({frame.left() - 6, y + kRow / 2 + 4}, heat.rows[row], {.anchor = "end"});
  }
  frame.draw_bands_above(x);
  draw_heat_key(frame.canvas(), heat, most);
  frame.draw_x(x);
  return frame.file();
}

}  // namespace

std::string svg_of(const Chart& chart) {
  switch (chart.kind) {
    case Chart::Kind::heat: return heat_svg(chart);
    case Chart::Kind::space_time: return space_time_svg(chart);
    case Chart::Kind::plot: break;
  }
  return plot_svg(chart);
}

}  // namespace shoal::study
