#include "bench/study/report/scale.h"

#include <algorithm>
#include <cmath>

#include "bench/study/report/words.h"

namespace shoal::study {
namespace {

constexpr double kZeroGap = 0.7;  // decades between zero's place and the smallest decade

double decade_below(double value) { return std::pow(10, std::floor(std::log10(value) + 1e-9)); }

// 1, 2 or 5 times a power of ten.
double round_below(double value) {
  const double decade = decade_below(value);
  for (const double multiple : {5.0, 2.0})
    if (multiple * decade <= value * (1 + 1e-9)) return multiple * decade;
  return decade;
}

}  // namespace

Scale::Scale(const Axis& axis, const std::vector<double>& values, double from, double to, bool room)
    : axis_(axis), from_(from), to_(to) {
  bool first = true;
  double smallest = 0;
  for (const double value : values) {
    if (!std::isfinite(value)) continue;
    low_ = first ? value : std::min(low_, value);
    high_ = first ? value : std::max(high_, value);
    if (value > 0) smallest = smallest > 0 ? std::min(smallest, value) : value;
    if (value <= 0) zero_ = true;
    first = false;
  }
  if (smallest > 0) smallest_ = smallest;
  if (axis_.log)
    fit_log();
  else
    fit_linear(room);
}

void Scale::fit_linear(bool room) {
  if (!axis_.categories.empty()) {
    low_ = -0.5;
    high_ = static_cast<double>(axis_.categories.size()) - 0.5;
    return;
  }
  if (axis_.from_zero) low_ = std::min(low_, 0.0);
  if (high_ <= low_) high_ = low_ + (low_ == 0 ? 1 : std::abs(low_) * 0.1);
  if (!room) return;
  const double step = tick_step(high_ - low_, 5);
  low_ = std::floor(low_ / step + 1e-9) * step;
  high_ = std::ceil(high_ / step - 1e-9) * step;
}

void Scale::fit_log() {
  high_ = std::max(high_, smallest_);
  const double least = axis_.whole ? std::max(smallest_, 1.0) : smallest_;
  smallest_ = decade_below(least);
  low_ = zero_ ? smallest_ / std::pow(10, kZeroGap) : round_below(least);
  if (high_ <= low_) high_ = low_ * 10;
}

double Scale::at(double value) const {
  const auto share = [&] {
    if (!axis_.log) return (value - low_) / (high_ - low_);
    return std::log(std::max(value, low_) / low_) / std::log(high_ / low_);
  }();
  return from_ + share * (to_ - from_);
}

std::vector<Tick> Scale::ticks(int about) const { return axis_.log ? log_ticks(about) : linear_ticks(about); }

std::vector<Tick> Scale::linear_ticks(int about) const {
  std::vector<Tick> ticks;
  for (std::size_t i = 0; i < axis_.categories.size(); ++i)
    ticks.push_back({at(static_cast<double>(i)), axis_.categories[i]});
  if (!ticks.empty()) return ticks;
  double step = tick_step(high_ - low_, about);
  if (axis_.whole) step = std::max(step, 1.0);
  for (double i = std::ceil(low_ / step - 1e-9); i * step <= high_ + step * 1e-9; ++i)
    ticks.push_back({at(i * step), tick_text(i * step, step)});
  return ticks;
}

std::vector<Tick> Scale::log_ticks(int about) const {
  std::vector<Tick> ticks;
  if (zero_) ticks.push_back({at(0), "0"});
  const int first = static_cast<int>(std::round(std::log10(smallest_)));
  const int last = static_cast<int>(std::floor(std::log10(high_) + 1e-9));
  const int stride = std::max(1, (last - first) / about);
  const std::vector<int> within = last - first >= 3 ? std::vector{1} : std::vector{1, 2, 5};
  for (int decade = first; decade <= last; decade += stride)
    for (const int multiple : within)
      if (const double value = multiple * std::pow(10, decade);
          value >= low_ * (1 - 1e-9) && value <= high_ * (1 + 1e-9))
        ticks.push_back({at(value), tick_text(value, value)});
  return ticks;
}

double tick_step(double span, int about) {
  const double raw = span / about;
  const double power = std::pow(10, std::floor(std::log10(raw)));
  const double rest = raw / power;
  const double multiple = rest < 1.5 ? 1 : rest < 3.5 ? 2 : rest < 7.5 ? 5 : 10;
  return multiple * power;
}

std::string tick_text(double value, double step) {
  if (std::abs(value) < step * 1e-6) return "0";
  const double unit = std::abs(value) >= 1e6 ? 1e6 : std::abs(value) >= 1e4 ? 1e3 : 1;
  const int decimals = std::clamp(static_cast<int>(std::ceil(-std::log10(step / unit) - 1e-9)), 0, 9);
  const std::string text = fixed(value / unit, decimals);
  return unit == 1e6 ? text + "M" : unit == 1e3 ? text + "k" : text;
}

}  // namespace shoal::study
