// Scale: from the values of an axis to places on paper, and where its ticks are.
//
// A logarithmic axis shows zero too, at a place of its own below the smallest decade: a divergence that falls to zero
// must be seen to get there.
#pragma once

#include <string>
#include <vector>

#include "bench/study/report/chart.h"

namespace shoal::study {

struct Tick {
  double at = 0;  // place
  std::string text;
};

class Scale {
 public:
  // Of these values (those that are not finite are no matter) between two places; `room` widens the values to whole
  // ticks.
  Scale(const Axis& axis, const std::vector<double>& values, double from, double to, bool room);

  [[nodiscard]] double at(double value) const;
  [[nodiscard]] double from() const { return from_; }
  [[nodiscard]] double to() const { return to_; }
  // About so many; of categories all.
  [[nodiscard]] std::vector<Tick> ticks(int about) const;

 private:
  void fit_linear(bool room);
  void fit_log();
  [[nodiscard]] std::vector<Tick> linear_ticks(int about) const;
  [[nodiscard]] std::vector<Tick> log_ticks(int about) const;

  Axis axis_;
  double low_ = 0;
  double high_ = 1;
  double smallest_ = 1;  // above zero, of a logarithmic axis
  bool zero_ = false;    // among the values of a logarithmic axis
  double from_;
  double to_;
};

// 1, 2 or 5 times a power of ten, so that `span` holds about so many of them.
double tick_step(double span, int about);
// "0.5", "12k", "3M": with the digits that tell it from its neighbour, a step away.
std::string tick_text(double value, double step);

}  // namespace shoal::study
