// Explain: "why is it so?". Asks every member that may hold something of a key, owner or not, what it holds.
//
//   client -> here     ExplainRequest          any node may be asked
//   here   -> members  Inspect                 all that are ranked for the key's partition, the dead ones too
//   member -> here     Inspected               its own copy, its hints; causality without values
//   here   -> client   ExplainReply            in rank order
//
// Invariants:
//  (1) Answered when all have answered that are not believed dead, or at the deadline: a dead member delays nobody.
//  (2) Nothing is repaired or changed: looking does not disturb what is looked at.
//  (3) A member that is silent is reported as such, never as holding nothing.
#pragma once

#include <map>
#include <vector>

#include "node/base/time.h"
#include "node/core/open_calls.h"
#include "node/core/services.h"

namespace shoal {

class ExplainCoordinator {
 public:
  explicit ExplainCoordinator(Services& services) : services_(services) {}

  void on_request(const Address& asker, const ExplainRequest& request, Now now);
  void on_inspected(NodeId from, const Inspected& found);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return open_.next_deadline(); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  struct Open {
    Address asker;
    CallId call;
    ExplainReply reply;
  };

  [[nodiscard]] bool complete(const Open& open) const;
  void answer(CallId call);

  Services& services_;
  OpenCalls<Open> open_;
};

// What this node holds of the key: its own copy, a hint for any member, and what it knows of owners that missed writes.
Inspected inspect(Services& services, const Inspect& question);

}  // namespace shoal
