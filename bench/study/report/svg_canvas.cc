#include "bench/study/report/svg_canvas.h"

#include <algorithm>
#include <array>

#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

constexpr double kLetterWidth = 0.48;  // of the size, on average

std::string attribute(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escaped(value) + "\"";
}

std::string stroke_attributes(const Stroke& stroke) {
  std::string out = attribute("stroke", stroke.colour) + attribute("stroke-width", px(stroke.width));
  if (!stroke.dash.empty()) out += attribute("stroke-dasharray", stroke.dash);
  return out;
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, starts_character));
}

}  // namespace

std::string px(double value) {
  std::string text = fixed(value, 1);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text == "-0" ? "0" : text;
}

std::string move_to(Spot at) { return "M" + px(at.x) + " " + px(at.y); }
std::string line_to(Spot at) { return "L" + px(at.x) + " " + px(at.y); }

double text_width(std::string_view words, double size) {
  return static_cast<double>(characters(words)) * size * kLetterWidth;
}

std::string fitting(std::string_view words, double size, double width) {
  if (text_width(words, size) <= width) return std::string(words);
  const double room = width / (size * kLetterWidth) - 1;
  if (room < 3) return "";
  std::size_t left = static_cast<std::size_t>(room);
  std::string out;
  for (const char c : words) {
    if (starts_character(c) && left-- == 0) break;
    out += c;
  }
  return out + "…";
}

void SvgCanvas::line(Spot from, Spot to, const Stroke& stroke) {
  body_ += "<line" + attribute("x1", px(from.x)) + attribute("y1", px(from.y)) + attribute("x2", px(to.x)) +
           attribute("y2", px(to.y)) + stroke_attributes(stroke) + "/>\n";
}

void SvgCanvas::rect(Spot corner, double width, double height, std::string_view attributes) {
  body_ += "<rect" + attribute("x", px(corner.x)) + attribute("y", px(corner.y)) + attribute("width", px(width)) +
           attribute("height", px(height)) + " " + std::string(attributes) + "/>\n";
}

void SvgCanvas::path(std::string_view data, std::string_view attributes) {
  if (!data.empty()) body_ += "<path" + attribute("d", data) + " " + std::string(attributes) + "/>\n";
}

void SvgCanvas::path(std::string_view data, const Stroke& stroke) {
  path(data, "fill=\"none\" stroke-linejoin=\"round\"" + stroke_attributes(stroke));
}

void SvgCanvas::text(Spot at, std::string_view words, const Lettering& lettering) {
  body_ += "<text" + attribute("x", px(at.x)) + attribute("y", px(at.y)) + attribute("font-size", px(lettering.size)) +
           attribute("text-anchor", lettering.anchor);
  if (lettering.bold) body_ += attribute("font-weight", "bold");
  if (lettering.turned != 0)
    body_ += attribute("transform", "rotate(" + px(lettering.turned) + " " + px(at.x) + " " + px(at.y) + ")");
  body_ += ">" + escaped(words) + "</text>\n";
}

void SvgCanvas::marker(Spot at, std::size_t shape, std::string_view colour) {
  const std::string fill = attribute("fill", colour);
  constexpr double kHalf = 3.2;
  const auto corner = [&](double x, double y) { return Spot{at.x + x * kHalf, at.y + y * kHalf}; };
  switch (shape % 4) {
    case 0:
      body_ +=
          "<circle" + attribute("cx", px(at.x)) + attribute("cy", px(at.y)) + attribute("r", px(kHalf)) + fill + "/>\n";
      return;
    case 1: return rect(corner(-0.9, -0.9), 1.8 * kHalf, 1.8 * kHalf, fill);
    case 2: return path(move_to(corner(0, -1.2)) + line_to(corner(1.1, 0.9)) + line_to(corner(-1.1, 0.9)) + "Z", fill);
    default:
      return path(
          move_to(corner(0, -1.3)) + line_to(corner(1.3, 0)) + line_to(corner(0, 1.3)) + line_to(corner(-1.3, 0)) + "Z",
          fill);
  }
}

void SvgCanvas::begin_clip(Spot corner, double width, double height) {
  body_ += "<clipPath id=\"plot\">";
  rect(corner, width, height, "");
  body_ += "</clipPath>\n<g clip-path=\"url(#plot)\">\n";
}

void SvgCanvas::end_clip() { body_ += "</g>\n"; }

void SvgCanvas::titled(std::string_view title, std::string_view inner) {
  body_ += "<g><title>" + escaped(title) + "</title>\n" + std::string(inner) + "</g>\n";
}

std::string SvgCanvas::file(double width, double height, std::string_view title, std::string_view about) const {
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"" +
         attribute("width", px(width)) + attribute("height", px(height)) +
         attribute("viewBox", "0 0 " + px(width) + " " + px(height)) +
         " font-family=\"Helvetica, Arial, 'Liberation Sans', sans-serif\" fill=\"#000\">\n<title>" + escaped(title) +
         "</title>\n<desc>" + escaped(about) + "</desc>\n" + "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" +
         body_ + "</svg>\n";
}

}  // namespace shoal::study
