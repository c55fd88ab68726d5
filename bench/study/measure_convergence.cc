#include <algorithm>
#include <cmath>
#include <numeric>

#include "bench/study/measure_parts.h"
#include "bench/study/statistics.h"

namespace shoal::study {
namespace {

constexpr double kSlack = 1e-9;  // times are sums of floating point numbers

// S(t): as the last sample until t says. Nothing once the samples have ended with a difference left; zero is final.
std::optional<double> behind_at(const std::vector<Sample>& samples, double t) {
  if (samples.empty() || samples.front().at > t + kSlack) return std::nullopt;
  if (t > samples.back().at + kSlack && samples.back().behind > 0) return std::nullopt;
  const auto after = std::ranges::upper_bound(samples, t + kSlack, {}, &Sample::at);
  return static_cast<double>(std::prev(after)->behind);
}

void find_peaks(const std::vector<Sample>& samples, Convergence& found) {
  for (const Sample& sample : samples) {
    if (sample.behind > found.peak) found.peak_at = sample.at;
    found.peak = std::max(found.peak, sample.behind);
    found.keys_apart = std::max(found.keys_apart, sample.keys_apart);
  }
  if (!samples.empty()) found.left = samples.back().behind;
}

std::optional<double> first_zero(const std::vector<Sample>& samples, double from) {
  for (const Sample& sample : samples)
    if (sample.at + kSlack >= from && sample.behind == 0) return std::max(0.0, sample.at - from);
  return std::nullopt;
}

// Until the sample from which S stays 0.
std::optional<double> time_to_zero(const std::vector<Sample>& samples, double from) {
  std::optional<double> zero;
  for (const Sample& sample : samples) {
    if (sample.at + kSlack < from) continue;
    if (sample.behind > 0)
      zero.reset();
    else if (!zero)
      zero = std::max(0.0, sample.at - from);
  }
  return zero;
}

void contract(const std::vector<Sample>& samples, double from, double round_s, Convergence& found) {
  std::vector<double> alphas;
  for (double t = from;; t += round_s) {
    const auto now = behind_at(samples, t);
    const auto next = behind_at(samples, t + round_s);
    if (!now || !next || *now == 0) break;
    alphas.push_back(*next / *now);
  }
  if (alphas.empty()) return;
  std::ranges::sort(alphas);
  found.rounds = static_cast<std::uint32_t>(alphas.size());
  found.alpha_median = quantile(alphas, 0.5);
  found.alpha_worst = alphas.back();
}

// Least squares of y = alpha x + beta.
void fit(const std::vector<double>& x, const std::vector<double>& y, Convergence& found) {
  constexpr std::size_t kPointsMin = 3;
  found.fit_points = static_cast<std::uint32_t>(x.size());
  if (x.size() < kPointsMin) return;
  const auto n = static_cast<double>(x.size());
  const double mean_x = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double mean_y = std::accumulate(y.begin(), y.end(), 0.0) / n;
  double spread = 0;
  double together = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    spread += (x[i] - mean_x) * (x[i] - mean_x);
    together += (x[i] - mean_x) * (y[i] - mean_y);
  }
  if (spread == 0) return;
  found.fit_alpha = together / spread;
  found.fit_beta = mean_y - *found.fit_alpha * mean_x;
}

void fit_under_load(const Recording& recording, double round_s, Convergence& found) {
  std::vector<double> now;
  std::vector<double> next;
  for (const Sample& sample : recording.samples) {
    const double later = sample.at + round_s;
    if (sample.at + kSlack < recording.healed || later > recording.seconds + kSlack) continue;
    const auto behind = behind_at(recording.samples, later);
    if (!behind) break;
    now.push_back(static_cast<double>(sample.behind));
    next.push_back(*behind);
  }
  fit(now, next, found);
}

}  // namespace

Convergence measure_convergence(const Recording& recording, double round_s) {
  Convergence found;
  const double quiet = std::max(recording.healed, recording.seconds);
  find_peaks(recording.samples, found);
  found.time_to_zero_s = time_to_zero(recording.samples, quiet);
  found.first_zero_s = first_zero(recording.samples, recording.healed);
  if (round_s <= 0) return found;
  contract(recording.samples, quiet, round_s, found);
  fit_under_load(recording, round_s, found);
  return found;
}

Repair measure_repair(const Recording& recording) {
  Repair repair;
  std::uint64_t peak = 0;
  for (const Sample& sample : recording.samples) {
    repair.hints_max = std::max(repair.hints_max, sample.hints);
    repair.hint_bytes_max = std::max(repair.hint_bytes_max, sample.hint_bytes);
    peak = std::max(peak, sample.behind);
  }
  if (recording.samples.empty()) return repair;
  const Sample& last = recording.samples.back();
  repair.handoff_bytes = last.handoff_bytes;
  repair.read_repair_bytes = last.read_repair_bytes;
  repair.anti_entropy_bytes = last.anti_entropy_bytes;
  const std::uint64_t all = last.handoff_bytes + last.read_repair_bytes + last.anti_entropy_bytes;
  if (peak > 0) repair.bytes_per_pair = static_cast<double>(all) / static_cast<double>(peak);
  return repair;
}

}  // namespace shoal::study
