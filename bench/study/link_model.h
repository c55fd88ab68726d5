// LinkModel: when a message arrives, if it does. What the scenario says of links, and what faults do to them.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "bench/study/scenario.h"
#include "node/base/rng.h"
#include "node/base/time.h"

namespace shoal::study {

class LinkModel {
 public:
  // `scenario` outlives it.
  LinkModel(const Scenario& scenario, Rng rng);

  void begin(const Fault& fault) { active_.push_back(&fault); }
  void end(const Fault& fault) { std::erase(active_, &fault); }

  // The arrivals of a message between nodes that leaves now: none, one or two.
  struct Arrivals {
    Instant first = kNever;  // kNever: it is lost
    Instant second = kNever;
  };
  Arrivals between(std::uint32_t from, std::uint32_t to, Leg leg, Instant now);
  Instant with_client(std::uint32_t node, Instant now);
  // A message that is on its way meets a cut, too.
  [[nodiscard]] bool is_cut(std::uint32_t from, std::uint32_t to) const;

 private:
  [[nodiscard]] const LinkQuality& quality(std::uint32_t from, std::uint32_t to) const;
  Instant arrival(const LinkQuality& quality, std::uint32_t from, std::uint32_t to, Leg leg, Instant now);

  const Scenario& scenario_;
  Rng rng_;
  std::vector<const Fault*> active_;
  std::vector<std::uint32_t> rule_of_;  // by from * nodes + to; 0: none; empty: there are no rules
  std::map<std::pair<std::uint32_t, std::uint32_t>, Instant> last_arrival_;  // of links that keep their order
};

// Nothing from `from` reaches `to`.
bool cuts(const Fault& fault, std::uint32_t nodes, std::uint32_t from, std::uint32_t to);
// A fault of links that is no cut concerns this one.
bool concerns(const Fault& fault, std::uint32_t from, std::uint32_t to);

}  // namespace shoal::study
