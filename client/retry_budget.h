// Retry budget: a second request beside one that stays silent helps when its node hangs, and is fatal when all nodes
// are slow because there is too much to do. So such requests are at most a tenth of the answers of their kind.
//
// A token bucket filled by answers and not by time: a cluster that answers nobody is not asked ever more. gRPC's retry
// throttling (proposal A6) and Finagle's RetryBudget do the same; the nodes' own is node/core/hedge_budget.h.
#pragma once

#include <algorithm>
#include <cstdint>

namespace shoal::client_detail {

class RetryBudget {
 public:
  static constexpr std::uint32_t kAnswersPerRetry = 10;
  static constexpr std::uint32_t kReserve = 10;   // retries that a new client may make before anything was answered
  static constexpr std::uint32_t kSavedMax = 50;  // retries

  void on_answer() { saved_ = std::min(saved_ + 1, kSavedMax * kAnswersPerRetry); }

  // Of n answers and the reserve: true at most n / kAnswersPerRetry + kReserve times.
  bool take() {
    if (saved_ < kAnswersPerRetry) return false;
    saved_ -= kAnswersPerRetry;
    return true;
  }

 private:
  std::uint32_t saved_ = kReserve * kAnswersPerRetry;  // answers that no retry was made for
};

}  // namespace shoal::client_detail
