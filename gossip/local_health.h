// Local health: how far this process trusts its own ears.
//
// A process that is slow itself (no processor time, a full queue, a bad link) hears answers too late and takes healthy
// members for dead. So it counts signs of its own trouble, from 0 (well) to kHealthMax, and gives everybody
// (count + 1) times as long, probing as much less often.
//
//   raised by   a failed probe that nobody was asked to help with       1
//               a failed probe, for every helper that sent not even a Nack   1 each
//               having to refute an accusation of oneself               1
//   lowered by  a probe that succeeded                                  1
//
// (Lifeguard, arXiv:1707.00788, section IV-A, "local health aware probe"; memberlist's awareness.go.)
#pragma once

#include <algorithm>

#include "node/base/time.h"

namespace shoal {

inline constexpr int kHealthMax = 8;  // memberlist's LAN default: probes of 0.5 s stretch to 4.5 s

class LocalHealth {
 public:
  explicit LocalHealth(int max = kHealthMax) : max_(max) {}

  void probe_succeeded() { add(-1); }
  // Of `helpers` asked, `nacks` have answered that they do not hear the target either.
  void probe_failed(int helpers, int nacks) { add(helpers == 0 ? 1 : helpers - nacks); }
  void refuted() { add(1); }

  [[nodiscard]] int score() const { return score_; }
  [[nodiscard]] Duration scale(Duration base) const { return base * (score_ + 1); }

 private:
  void add(int delta) { score_ = std::clamp(score_ + delta, 0, max_); }

  int max_;
  int score_ = 0;
};

}  // namespace shoal
