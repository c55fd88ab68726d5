// One real node on a simulated disk, for scenarios made by hand: messages in, outbox out.
#pragma once

#include <vector>

#include "bench/sim/ledger.h"
#include "bench/sim/sim_store.h"
#include "node/core/node.h"

namespace shoal::sim {

inline constexpr NodeId kSelf{1};
inline constexpr NodeId kPeer{2};

// A cluster of three that all own every key; `kSelf` is its founder, and votes alone.
inline Membership three_members(bool forming) {
  Membership document;
  document.cluster = ClusterId{1};
  document.epoch = Epoch{1};
  document.partitions = kPartitionsMin;
  document.founder = kSelf;
  document.voters = {kSelf};
  document.forming = forming;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const std::string name(1, static_cast<char>('a' + id - 1));
    document.members.push_back(Member{.id = NodeId{id}, .name = name, .address = name + ":1", .zone = "z"});
  }
  return document;
}

class LonelyNode {
 public:
  explicit LonelyNode(Membership document)
      : cluster_key(document.cluster_key),
        node(NodeConfig{.id = kSelf,
                        .incarnation = Incarnation::of(1, 1),
                        .document = std::move(document),
                        .address = "a:1",
                        .trace = &marks},
             store, Rng(2)) {
    ledger.born(0, Incarnation::of(1, 1));
  }

  std::vector<Envelope> receive(const Address& from, Message message) {
    node.receive(Envelope{from, std::move(message)}, now());
    return node.take_outbox();
  }

  // Lets the disk work until everything is on it.
  std::vector<Envelope> settle() {
    for (store.pump(instant); store.next_event() != kNever; store.pump(instant)) {
      instant = store.next_event();
      store.pump(instant);
      if (const auto report = store.take_report()) node.durable(*report, now());
    }
    return node.take_outbox();
  }

  [[nodiscard]] Now now() const { return Now{instant, WallTime{1}}; }
  [[nodiscard]] Slot slot(const Key& key) const { return slot_of(cluster_key, key); }

  HashKey cluster_key;
  Instant instant{std::chrono::seconds(1)};
  Ledger ledger;
  MarkCounts marks;
  SimStore store{0, DiskOptions{.sync = std::chrono::milliseconds(5)}, Rng(1), ledger};
  Node node;
};

template <class M>
std::vector<M> only_of(const std::vector<Envelope>& outbox) {
  std::vector<M> found;
  for (const Envelope& envelope : outbox)
    if (const auto* message = std::get_if<M>(&envelope.message)) found.push_back(*message);
  return found;
}

}  // namespace shoal::sim
