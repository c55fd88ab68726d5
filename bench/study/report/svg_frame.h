// SvgFrame: what surrounds every figure: title, legend, axes with their ticks, fault bands, footer.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "bench/study/report/chart.h"
#include "bench/study/report/scale.h"
#include "bench/study/report/svg_canvas.h"

namespace shoal::study {

// Okabe and Ito's colours, which the colour-blind tell apart; their yellow is too faint on paper.
inline constexpr std::array<std::string_view, 7> kColours = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                                             "#E69F00", "#56B4E9", "#000000"};
inline constexpr std::array<std::string_view, 7> kDashes = {"", "7 3", "2 2", "9 3 2 3", "4 2", "1 3", "12 4"};
inline constexpr std::string_view kLost = "#C00000";

inline std::string_view colour(std::size_t i) { return kColours[i % kColours.size()]; }
// Where colours begin again, dashes go on by one: 49 lines differ in one or the other.
inline std::string_view dash(std::size_t i) { return kDashes[(i + i / kDashes.size()) % kDashes.size()]; }

// One entry of a legend: a piece of line, and a marker on it where the series has them.
struct Key {
  std::string name;
  Stroke stroke;
  bool marker = false;
  std::size_t shape = 0;
};

class SvgFrame {
 public:
  static constexpr double kWidth = 640;

  // `height`: of the plot itself. `left`: of the plot, where labels of the y axis end.
  SvgFrame(const Chart& chart, const std::vector<Key>& keys, double left, double height);

  [[nodiscard]] double left() const { return left_; }
  [[nodiscard]] double right() const { return kWidth - 18; }
  [[nodiscard]] double top() const { return top_; }
  [[nodiscard]] double bottom() const { return top_ + height_; }
  [[nodiscard]] SvgCanvas& canvas() { return canvas_; }

  void draw_x(const Scale& scale);
  void draw_y(const Scale& scale);
  void draw_bands(const Scale& x);
  // In a strip above the plot, where the plot itself is full.
  void draw_bands_above(const Scale& x);
  // Markers at the very ends are not cut.
  void begin_plot() { canvas_.begin_clip({left() - 5, top()}, right() - left() + 10, height_ + 5); }
  void end_plot() { canvas_.end_clip(); }
  [[nodiscard]] std::string file();

 private:
  void draw_legend(const std::vector<Key>& keys);
  void draw_bands(const Scale& x, double top, double height);

  const Chart& chart_;
  SvgCanvas canvas_;
  double left_;
  double top_ = 30;
  double height_;
};

// How far right labels of the y axis reach, with the axis' own label beside them.
double left_for(const std::vector<Tick>& ticks);

// Of the charts of that kind; in a file of its own.
std::string space_time_svg(const Chart& chart);

}  // namespace shoal::study
