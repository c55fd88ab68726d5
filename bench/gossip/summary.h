// A sample and its order statistics.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <vector>

namespace shoal::gossip_sim {

class Summary {
 public:
  void add(double value) { values_.insert(std::ranges::upper_bound(values_, value), value); }

  [[nodiscard]] std::size_t count() const { return values_.size(); }
  // Of an empty sample: 0.
  [[nodiscard]] double min() const { return values_.empty() ? 0 : values_.front(); }
  [[nodiscard]] double median() const { return values_.empty() ? 0 : values_[values_.size() / 2]; }
  [[nodiscard]] double max() const { return values_.empty() ? 0 : values_.back(); }
  [[nodiscard]] double mean() const {
    return values_.empty() ? 0 : std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(count());
  }

 private:
  std::vector<double> values_;  // ascending
};

}  // namespace shoal::gossip_sim
