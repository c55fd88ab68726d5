// Relays: probes that this node makes for others, whose own ping to the target was not answered.
//
// Bounded: who asks for more than kRelaysMax at a time gets no help, which costs it a slower verdict and no more.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "node/base/ids.h"
#include "node/base/time.h"

namespace shoal {

class Relays {
 public:
  static constexpr std::size_t kRelaysMax = 1024;

  struct Relay {
    NodeId asker;
    std::uint64_t sequence = 0;  // the asker's
    NodeId target;
    Instant nack_at;  // kNever: sent, or not wanted
    Instant forget_at;
  };

  // Under the sequence of our own ping. False when there are too many.
  bool add(std::uint64_t own_sequence, const Relay& relay) {
    if (relays_.size() >= kRelaysMax) return false;
    relays_.emplace(own_sequence, relay);
    next_deadline_ = std::min({next_deadline_, relay.nack_at, relay.forget_at});
    return true;
  }

  // The target has answered: whom to tell.
  std::optional<Relay> take(std::uint64_t own_sequence, NodeId target) {
    const auto it = relays_.find(own_sequence);
    if (it == relays_.end() || it->second.target != target) return std::nullopt;
    const Relay relay = it->second;
    relays_.erase(it);
    return relay;
  }

  // Forgets what is too old; returns those whose asker is due a Nack.
  std::vector<Relay> due(Instant now) {
    std::vector<Relay> nacks;
    next_deadline_ = kNever;
    for (auto it = relays_.begin(); it != relays_.end();) {
      Relay& relay = it->second;
      if (now >= relay.nack_at) {
        nacks.push_back(relay);
        relay.nack_at = kNever;
      }
      if (now < relay.forget_at) next_deadline_ = std::min({next_deadline_, relay.nack_at, relay.forget_at});
      it = now < relay.forget_at ? std::next(it) : relays_.erase(it);
    }
    return nacks;
  }

  void clear() {
    relays_.clear();
    next_deadline_ = kNever;
  }
  [[nodiscard]] Instant next_deadline() const { return next_deadline_; }

 private:
  std::map<std::uint64_t, Relay> relays_;
  Instant next_deadline_ = kNever;  // or earlier: those answered in time leave it as it is
};

}  // namespace shoal
