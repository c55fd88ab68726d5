// Hedge budget: a second question to another replica is cheap against one that is slow by chance, and fatal when all
// are slow because there is too much to do. So hedges are at most a twentieth of the requests.
//
// A token bucket filled by requests and not by time: an idle node saves up a few hedges and no more. Dean and Barroso,
// "The Tail at Scale" (2013).
#pragma once

#include <cstdint>

#include "node/base/token_bucket.h"

namespace shoal {

class HedgeBudget {
 public:
  static constexpr std::uint32_t kRequestsPerHedge = 20;
  static constexpr std::uint32_t kSavedMax = 10;  // hedges

  void on_request() { bucket_.on_event(); }

  // True at most once for every kRequestsPerHedge requests.
  bool take() { return bucket_.take(); }

 private:
  TokenBucket bucket_{{.events_per_token = kRequestsPerHedge, .tokens_max = kSavedMax}};
};

}  // namespace shoal
