// The simulated network: decides if and when a message arrives.
//
// Every directed link between nodes draws delays from the run's profile, so messages overtake each other. Active
// faults add loss, duplicates, delay and cuts. A message meets a cut when it is sent or when it would arrive. Doubling
// is the doing of one connection and dies with it: the copies never reach different lives of the receiver. Clients
// speak to nodes over connections: nothing is duplicated there, but a request or its answer may be lost with them.
#pragma once

#include <optional>
#include <vector>

#include "bench/sim/fault.h"
#include "bench/sim/options.h"
#include "node/base/rng.h"
#include "node/base/time.h"

namespace shoal::sim {

class Network {
 public:
  Network(DelayProfile profile, Rng rng) : profile_(profile), rng_(rng) {}

  void begin(const Fault& fault, Instant now) { active_.push_back(Active{fault, now}); }
  void end(const Fault& fault);
  void heal() { active_.clear(); }

  // When the copies of a message that leaves now arrive: none, one or two.
  std::vector<Instant> between_nodes(std::uint32_t from, std::uint32_t to, Instant now);
  std::optional<Instant> with_client(Instant now);

  bool is_cut(std::uint32_t from, std::uint32_t to, Instant now);

  // Kinds of faults that some message has met: cut, lost, doubled, delayed.
  [[nodiscard]] FaultKinds struck() const { return struck_; }

 private:
  struct Active {
    Fault fault;
    Instant since;
  };

  Duration draw_delay();
  Instant delayed(std::uint32_t from, std::uint32_t to, Instant now);
  // Draws whether an active fault of this kind strikes a message.
  bool strikes(FaultKind kind);
  // How likely, 0 when none is active.
  [[nodiscard]] std::uint32_t rate_of(FaultKind kind) const;

  DelayProfile profile_;
  Rng rng_;
  std::vector<Active> active_;
  FaultKinds struck_ = 0;
};

}  // namespace shoal::sim
