#include "bench/study/key_chooser.h"

#include <algorithm>
#include <cmath>

#include "bench/study/distribution.h"

namespace shoal::study {
namespace {

double zeta(std::uint32_t count, double theta) {
  double sum = 0;
  for (std::uint32_t i = 1; i <= count; ++i) sum += std::pow(i, -theta);
  return sum;
}

// A step of splitmix64.
std::uint64_t scrambled(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15u;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
  return value ^ (value >> 31);
}

}  // namespace

KeyChooser::KeyChooser(const Workload& load, std::uint32_t count)
    : choice_(load.choice), count_(count), theta_(load.zipf_theta), hot_share_(load.hot_share) {
  if (choice_ == KeyChoice::zipfian) {
    zeta_ = zeta(count, theta_);
    eta_ = (1 - std::pow(2.0 / count, 1 - theta_)) / (1 - zeta(std::min(count, 2u), theta_) / zeta_);
  }
  hot_keys_ = std::clamp(static_cast<std::uint32_t>(std::lround(load.hot_keys_share * count)), 1u, count);
}

std::uint32_t KeyChooser::zipfian(Rng& rng) const {
  const double u = unit(rng);
  const double scaled = u * zeta_;
  std::uint64_t rank = 0;
  if (scaled >= 1 && scaled < 1 + std::pow(0.5, theta_)) rank = 1;
  if (scaled >= 1 + std::pow(0.5, theta_))
    rank = static_cast<std::uint64_t>(count_ * std::pow(eta_ * u - eta_ + 1, 1 / (1 - theta_)));
  return static_cast<std::uint32_t>(scrambled(std::min<std::uint64_t>(rank, count_ - 1)) % count_);
}

std::uint32_t KeyChooser::hotspot(Rng& rng) const {
  const bool hot = unit(rng) < hot_share_ || hot_keys_ == count_;
  if (hot) return static_cast<std::uint32_t>(rng.below(hot_keys_));
  return static_cast<std::uint32_t>(rng.between(hot_keys_, count_ - 1));
}

std::uint32_t KeyChooser::choose(Rng& rng) const {
  switch (choice_) {
    case KeyChoice::zipfian: return zipfian(rng);
    case KeyChoice::hotspot: return hotspot(rng);
    default: return static_cast<std::uint32_t>(rng.below(count_));
  }
}

}  // namespace shoal::study
