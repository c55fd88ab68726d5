#include "gossip/suspicion.h"

#include <cmath>

namespace shoal {

using std::chrono::milliseconds;

Duration suspicion_timeout(int confirmed, const SuspicionRange& range) {
  if (confirmed >= range.wanted) return range.min;
  const double share = std::log(confirmed + 1.0) / std::log(range.wanted + 1.0);
  const auto span = static_cast<double>(std::chrono::duration_cast<milliseconds>(range.max - range.min).count());
  return std::max(range.min, range.max - milliseconds(std::llround(span * share)));
}

Duration scaled_by_size(Duration base, std::size_t n) {
  constexpr double kRounding = 1e-9;  // log10(1000) is 3, whatever a library makes of it
  const double scale = n <= 10 ? 1.0 : std::log10(static_cast<double>(n));
  return base / 1000 * static_cast<std::int64_t>(scale * 1000 + kRounding);
}

bool Suspicion::confirm(NodeId accuser) {
  const bool enough = static_cast<int>(accusers_.size()) > range_.wanted;
  if (enough || std::ranges::find(accusers_, accuser) != accusers_.end()) return false;
  accusers_.push_back(accuser);
  return true;
}

}  // namespace shoal
