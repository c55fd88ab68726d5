// Hedge budget: a second question to another replica is cheap against one that is slow by chance, and fatal when all
// are slow because there is too much to do. So hedges are at most a twentieth of the requests.
//
// A token bucket filled by requests and not by time: an idle node saves up a few hedges and no more. Dean and Barroso,
// "The Tail at Scale" (2013).
#pragma once

#include <algorithm>
#include <cstdint>

namespace shoal {

class HedgeBudget {
 public:
  static constexpr std::uint32_t kRequestsPerHedge = 20;
  static constexpr std::uint32_t kSavedMax = 10;  // hedges

  void on_request() { saved_ = std::min(saved_ + 1, kSavedMax * kRequestsPerHedge); }

  // True at most once for every kRequestsPerHedge requests.
  bool take() {
    if (saved_ < kRequestsPerHedge) return false;
    saved_ -= kRequestsPerHedge;
    return true;
  }

 private:
  std::uint32_t saved_ = 0;  // requests that no hedge was made for
};

}  // namespace shoal
