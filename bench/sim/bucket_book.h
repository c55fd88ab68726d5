// The buckets of a run: what a seed plans for them, what its clients have asked for, and what they were told.
//
// Buckets are created by some client in the middle of the load, faults or not, and may get other r and w later; a
// strong one at its beginning. What fails is tried again by whoever comes next, a few times.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "node/base/rng.h"
#include "node/base/time.h"
#include "node/core/message.h"

namespace shoal::sim {

struct BucketPlan {
  Bucket bucket;                // as it is created
  Duration create_at{};         // since the load began
  std::optional<Bucket> later;  // with the r and w that it gets when it has been there for a while
  Duration change_after{};
};

// A strong one, that is created at once.
BucketPlan strong_bucket();
std::vector<BucketPlan> draw_buckets(std::uint32_t replicas, Duration horizon, Rng rng);
std::string describe(const BucketPlan& plan);

class BucketBook {
 public:
  BucketBook() = default;
  BucketBook(const std::vector<BucketPlan>& plans, Instant load_began);

  // The next request that is due and that no client is making. It is the caller's until `ended`.
  std::optional<BucketRequest> take_due(Instant now);
  void ended(const BucketRequest& request, bool ok, Instant now);

  // Some client was told so. "default" always does.
  [[nodiscard]] bool exists(std::string_view name) const;
  // The last change that was acknowledged; nullptr: none was.
  [[nodiscard]] const Bucket* told(std::string_view name) const;
  // Everything that was ever asked of it, in order.
  [[nodiscard]] std::span<const Bucket> asked(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  struct Page {
    BucketPlan plan;
    Instant due = kNever;
    std::uint32_t tries = 0;
    bool under_way = false;
    std::optional<Bucket> told;
    std::vector<Bucket> asked;
  };
  [[nodiscard]] const Page* find(std::string_view name) const;

  std::vector<Page> pages_;
};

}  // namespace shoal::sim
