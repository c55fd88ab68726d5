// Retry budget: a second request beside one that stays silent helps when its node hangs, and is fatal when all nodes
// are slow because there is too much to do. So such requests are at most a tenth of the answers of their kind.
//
// A token bucket filled by answers and not by time: a cluster that answers nobody is not asked ever more. gRPC's retry
// throttling (proposal A6) and Finagle's RetryBudget do the same; the nodes' own is node/core/hedge_budget.h.
#pragma once

#include <cstdint>

#include "node/base/token_bucket.h"

namespace shoal::client_detail {

class RetryBudget {
 public:
  static constexpr std::uint32_t kAnswersPerRetry = 10;
  static constexpr std::uint32_t kReserve = 10;   // retries that a new client may make before anything was answered
  static constexpr std::uint32_t kSavedMax = 50;  // retries

  void on_answer() { bucket_.on_event(); }

  // Of n answers and the reserve: true at most n / kAnswersPerRetry + kReserve times.
  bool take() { return bucket_.take(); }

 private:
  TokenBucket bucket_{{.events_per_token = kAnswersPerRetry, .tokens_max = kSavedMax, .tokens_at_first = kReserve}};
};

}  // namespace shoal::client_detail
