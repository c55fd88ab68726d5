#include "bench/study/report/svg_frame.h"

#include <algorithm>

namespace shoal::study {
namespace {

constexpr double kMargin = 14;
constexpr double kSmall = 9;
constexpr double kNormal = 11;
constexpr double kStrip = 16;
constexpr std::string_view kGrid = "#ddd";

}  // namespace

double left_for(const std::vector<Tick>& ticks) {
  double widest = 20;
  for (const Tick& tick : ticks) widest = std::max(widest, text_width(tick.text, kNormal));
  return kMargin + 22 + widest;
}

SvgFrame::SvgFrame(const Chart& chart, const std::vector<Key>& keys, double left, double height)
    : chart_(chart), left_(left), height_(height) {
  canvas_.text({kMargin, 19}, fitting(chart.title, 13, kWidth - 2 * kMargin), {.size = 13, .bold = true});
  draw_legend(keys);
  if (chart.kind == Chart::Kind::heat && !chart.bands.empty()) top_ += kStrip;
}

void SvgFrame::draw_legend(const std::vector<Key>& keys) {
  if (keys.size() < 2) return;
  constexpr double kLine = 26;
  double x = kMargin;
  double y = top_ + 6;
  for (const Key& key : keys) {
    const double width = kLine + 6 + text_width(key.name, kNormal) + 16;
    if (x > kMargin && x + width > kWidth) {
      x = kMargin;
      y += 16;
    }
    canvas_.line({x, y - 4}, {x + kLine, y - 4}, key.stroke);
    if (key.marker) canvas_.marker({x + kLine / 2, y - 4}, key.shape, key.stroke.colour);
    canvas_.text({x + kLine + 6, y}, key.name, {.size = kNormal});
    x += width;
  }
  top_ = y + 12;
}

void SvgFrame::draw_x(const Scale& scale) {
  for (const Tick& tick : scale.ticks(8)) {
    canvas_.line({tick.at, bottom()}, {tick.at, bottom() + 4}, {});
    canvas_.text({tick.at, bottom() + 16}, tick.text, {.anchor = "middle", .size = kNormal});
  }
  canvas_.line({left(), bottom()}, {right(), bottom()}, {});
  canvas_.text({(left() + right()) / 2, bottom() + 33}, chart_.x.label, {.anchor = "middle", .size = kNormal});
}

void SvgFrame::draw_y(const Scale& scale) {
  for (const Tick& tick : scale.ticks(5)) {
    canvas_.line({left(), tick.at}, {right(), tick.at}, {.colour = kGrid, .width = 0.6});
    canvas_.text({left() - 6, tick.at + 4}, tick.text, {.anchor = "end", .size = kNormal});
  }
  canvas_.line({left(), top()}, {left(), bottom()}, {});
  canvas_.text({kMargin + 8, (top() + bottom()) / 2}, chart_.y.label,
               {.anchor = "middle", .size = kNormal, .turned = -90});
}

void SvgFrame::draw_bands(const Scale& x) { draw_bands(x, top(), height_); }
void SvgFrame::draw_bands_above(const Scale& x) { draw_bands(x, top() - kStrip, kStrip - 2); }

// Where two bands overlap they are darker; a name stands in its band when there is room beside the one before.
void SvgFrame::draw_bands(const Scale& x, double top, double height) {
  double free_from = left();
  for (const FaultBand& band : chart_.bands) {
    const double begin = std::clamp(x.at(band.begin), left(), right());
    const double end = std::clamp(x.at(band.end), left(), right());
    if (end <= left() || begin >= right()) continue;
    SvgCanvas piece;
    piece.rect({begin, top}, std::max(end - begin, 1.0), height, "fill=\"#000\" fill-opacity=\"0.08\"");
    const double from = std::max(begin, free_from) + 3;
    const std::string name = fitting(band.name, kSmall, std::max(end - from - 2, 0.0));
    if (!name.empty()) {
      piece.text({from, top + 10}, name, {.size = kSmall});
      free_from = from + text_width(name, kSmall) + 3;
    }
    canvas_.titled(band.name, piece.body());
  }
}

std::string SvgFrame::file() {
  const double end = bottom() + 52;
  canvas_.text({kMargin, end}, chart_.footer, {.size = kSmall});
  return canvas_.file(kWidth, end + 8, chart_.title, chart_.sentence);
}

}  // namespace shoal::study
