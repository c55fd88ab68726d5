#include "bench/study/key_chooser.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "bench/study/distribution.h"

namespace shoal::study {
namespace {

double zeta(std::uint32_t count, double theta) {
  double sum = 0;
  for (std::uint32_t i = 1; i <= count; ++i) sum += std::pow(i, -theta);
  return sum;
}

// The same for every seed: which key is popular is no business of chance.
std::vector<std::uint32_t> shuffled(std::uint32_t count) {
  std::vector<std::uint32_t> keys(count);
  std::iota(keys.begin(), keys.end(), 0U);
  Rng rng(1);
  for (std::uint32_t i = count; i > 1; --i) std::swap(keys[i - 1], keys[rng.below(i)]);
  return keys;
}

}  // namespace

KeyChooser::KeyChooser(const Workload& load, std::uint32_t count)
    : choice_(load.choice), count_(count), theta_(load.zipf_theta), hot_share_(load.hot_share) {
  if (choice_ == KeyChoice::zipfian) {
    key_of_rank_ = shuffled(count);
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
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(rank, count_ - 1));
}

std::uint32_t KeyChooser::hotspot(Rng& rng) const {
  const bool hot = unit(rng) < hot_share_ || hot_keys_ == count_;
  if (hot) return static_cast<std::uint32_t>(rng.below(hot_keys_));
  return static_cast<std::uint32_t>(rng.between(hot_keys_, count_ - 1));
}

std::uint32_t KeyChooser::choose(Rng& rng) const {
  switch (choice_) {
    case KeyChoice::zipfian: return key_of_rank_[zipfian(rng)];
    case KeyChoice::hotspot: return hotspot(rng);
    default: return static_cast<std::uint32_t>(rng.below(count_));
  }
}

}  // namespace shoal::study
