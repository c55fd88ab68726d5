// SvgCanvas: elements of an SVG file, one a line; numbers with one decimal, so that the same picture has the same
// bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace shoal::study {

struct Spot {
  double x = 0;
  double y = 0;
};

struct Stroke {
  std::string_view colour = "#000";
  double width = 1;
  std::string_view dash;  // "6 3"; empty: a whole line
};

struct Lettering {
  std::string_view anchor = "start";  // start, middle, end
  double size = 11;
  bool bold = false;
  double turned = 0;  // degrees, around its place
};

class SvgCanvas {
 public:
  void line(Spot from, Spot to, const Stroke& stroke);
  void rect(Spot corner, double width, double height, std::string_view attributes);
  // `data` as in the attribute d.
  void path(std::string_view data, std::string_view attributes);
  void path(std::string_view data, const Stroke& stroke);
  void text(Spot at, std::string_view words, const Lettering& lettering);
  // 0 circle, 1 square, 2 triangle, 3 diamond, then again.
  void marker(Spot at, std::size_t shape, std::string_view colour);
  // What is drawn between the two is cut off at this rectangle. Once a canvas.
  void begin_clip(Spot corner, double width, double height);
  void end_clip();
  // A title that a pointer resting on `inner` shows.
  void titled(std::string_view title, std::string_view inner);

  // With what stands before and after: the whole file.
  [[nodiscard]] std::string file(double width, double height, std::string_view title, std::string_view about) const;
  [[nodiscard]] const std::string& body() const { return body_; }

 private:
  std::string body_;
};

std::string px(double value);
std::string move_to(Spot at);
std::string line_to(Spot at);
// About how wide a text is in Helvetica, mostly small letters.
double text_width(std::string_view words, double size);
// As much of it as fits, with "…" where something is cut off; empty when not even three characters fit.
std::string fitting(std::string_view words, double size, double width);

}  // namespace shoal::study
