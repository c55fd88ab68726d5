#include "bench/study/distribution.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "node/base/check.h"

namespace shoal::study {
namespace {

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

// Box and Muller (1958); one of the pair is thrown away, so that a draw depends on nothing before it.
double standard_normal(Rng& rng) {
  const double radius = std::sqrt(-2 * std::log(unit(rng)));
  return radius * std::cos(2 * std::numbers::pi * unit(rng));
}

double between_values(const std::vector<double>& values, double where) {
  const double place = where * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  if (below + 1 >= values.size()) return values.back();
  return std::lerp(values[below], values[below + 1], place - static_cast<double>(below));
}

double draw_ms(const Shape& shape, Rng& rng) {
  return std::visit(
      Overloaded{[](const Constant& s) { return s.ms; },
                 [&](const Uniform& s) { return std::lerp(s.min_ms, s.max_ms, unit(rng)); },
                 [&](const Normal& s) { return std::max(0.0, s.mean_ms + s.sd_ms * standard_normal(rng)); },
                 [&](const Exponential& s) { return -s.mean_ms * std::log(unit(rng)); },
                 [&](const Pareto& s) { return s.scale_ms * std::pow(unit(rng), -1 / s.shape); },
                 [&](const Empirical& s) { return between_values(*s.values_ms, unit(rng)); }},
      shape);
}

}  // namespace

double unit(Rng& rng) { return (static_cast<double>(rng.next() >> 11) + 0.5) * 0x1p-53; }

Distribution::Distribution(std::vector<Part> parts, double plus_ms) : parts_(std::move(parts)) {
  SHOAL_CHECK(!parts_.empty());
  for (Part& part : parts_) {
    shares_ += part.share;
    part.plus_ms += plus_ms;
  }
}

Duration Distribution::draw(Rng& rng) const {
  const Part* drawn = &parts_.back();
  if (parts_.size() > 1) {
    double left = unit(rng) * shares_;
    for (const Part& part : parts_) {
      drawn = &part;
      left -= part.share;
      if (left < 0) break;
    }
  }
  // Nobody waits for longer than a year; a heavy tail without a mean now and then asks for it.
  constexpr double kLongestMs = 365.0 * 24 * 3600 * 1000;
  const double ms = std::min(drawn->plus_ms + draw_ms(drawn->shape, rng), kLongestMs);
  return duration_of_ms(ms);
}

}  // namespace shoal::study
