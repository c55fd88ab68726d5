// Distribution: how long something takes, drawn from what a scenario says.
//
// A mixture of shapes, each with a share: constant, uniform, normal (never below zero), exponential, Pareto, or the
// values of a file. One shape alone has all the share. `plus` is added to every draw of a shape: the constant of a
// remote link.
//
// Draws come from the Rng given and from inverse distribution functions: the same on every machine with the same libm.
#pragma once

#include <memory>
#include <variant>
#include <vector>

#include "node/base/rng.h"
#include "node/base/time.h"

namespace shoal::study {

struct Constant {
  double ms = 0;
};
struct Uniform {
  double min_ms = 0;
  double max_ms = 0;
};
struct Normal {
  double mean_ms = 0;
  double sd_ms = 0;
};
struct Exponential {
  double mean_ms = 0;
};
// P(X > x) = (scale / x) ^ shape for x >= scale.
struct Pareto {
  double scale_ms = 0;
  double shape = 0;
};
// Interpolated between measured values, ascending.
struct Empirical {
  std::shared_ptr<const std::vector<double>> values_ms;
};
using Shape = std::variant<Constant, Uniform, Normal, Exponential, Pareto, Empirical>;

class Distribution {
 public:
  struct Part {
    double share = 1;
    Shape shape = Constant{};
    double plus_ms = 0;
  };

  Distribution() : Distribution({Part{}}, 0) {}
  // Precondition: a part, and shares above zero. `plus_ms` is added to what the parts add themselves.
  Distribution(std::vector<Part> parts, double plus_ms);
  static Distribution constant(double ms) { return {{Part{1, Constant{ms}}}, 0}; }

  Duration draw(Rng& rng) const;
  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  std::vector<Part> parts_;
  double shares_ = 0;
};

// Uniform in (0, 1).
double unit(Rng& rng);

inline double ms_of(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }
inline Duration duration_of_ms(double ms) { return Duration(static_cast<Duration::rep>(ms * 1e6)); }

}  // namespace shoal::study
