// Swim: the failure detector. SWIM with Lifeguard, push-pull, and probes of the dead.
//
// Every period each member probes one other, in a random order without repetition. A target that is silent for the
// time to ack is asked again through three other members, so that one bad link is not taken for a death. If that fails
// too it is suspected; suspicion travels as a rumour; the suspect refutes it with a higher inc_no, or is declared dead
// when its time is up (suspicion.h). The cost per member does not depend on the size of the cluster.
//
// Lifeguard's additions: a member that is slow itself gives everybody more time (local_health.h), helpers say so when
// they hear nothing either (Nack), suspicion shortens only with independent confirmations, and a suspect is told first.
//
// Healing, which plain SWIM lacks: two members compare a digest of all states now and then and exchange them if they
// differ; one dead member and one dead seed are probed all the time, and everybody when nobody else is left. Who was
// dead and speaks again is asked for everything it knows. A death learnt by exchange from a member that we believe
// alive ourselves is heard as a suspicion: two halves of a cluster that was split call each other dead when they meet.
//
// Invariants:
//  (1) Liveness never changes membership: members come from watch() alone, and rumours about others are ignored.
//  (2) What is known of a member only moves up its chain of states (member_table.h). Only a member itself raises its
//      inc_no, and never lowers it.
//  (3) An answer that arrives in time, from the target or through a helper, never ends in an accusation.
//  (4) While this process itself did not run, nobody's silence counts: probes under way are void, suspicions wait.
//  (5) Nobody is accused by this node before suspicion_min has passed since it was added, or since its present life was
//      first heard of: connections are still being made.
//  (6) Memory is bounded by the number of members; a message by kRumoursMax or kStatesMax.
//
// Sources: SWIM (Das, Gupta, Motivala, DSN 2002); Lifeguard (arXiv:1707.00788); hashicorp/memberlist for the numbers.
// Sans-I/O: `now` is an argument, messages go in and come out as values; the driver adds who is speaking.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "gossip/dissemination.h"
#include "gossip/liveness.h"
#include "gossip/local_health.h"
#include "gossip/member_table.h"
#include "gossip/messages.h"
#include "gossip/probe_order.h"
#include "gossip/relays.h"
#include "gossip/suspicion.h"
#include "node/base/ids.h"
#include "node/base/rng.h"
#include "node/base/time.h"

namespace shoal {

// The defaults are what nodes run with; nothing in a node's configuration changes them.
struct SwimOptions {
  Duration probe_interval = std::chrono::milliseconds(500);   // memberlist on a LAN: 1 s; half of it sees deaths sooner
  Duration time_to_ack = std::chrono::milliseconds(250);      // then helpers are asked; half a period, as memberlist
  std::size_t helpers = 3;                                    // memberlist: IndirectChecks
  Duration suspicion_min = std::chrono::seconds(2);           // 4 periods, times max(1, log10 n); memberlist
  Duration suspicion_max = std::chrono::seconds(12);          // 6 times the minimum; memberlist
  int confirmations = 3;                                      // K; Lifeguard
  Duration gossip_interval = std::chrono::milliseconds(200);  // while there is a rumour to tell; memberlist
  std::size_t gossip_fanout = 3;                              // memberlist: GossipNodes
  int retransmit_mult = 4;                                    // times ceil(log10(n + 1)); memberlist
  Duration exchange_interval = std::chrono::seconds(15);      // memberlist: 30 s, stretched alike above 32 members
  Duration reprobe_interval = std::chrono::seconds(5);        // one dead member and one dead seed
  bool lifeguard = true;  // false: plain SWIM with a fixed suspicion_min, to measure what Lifeguard is worth
};

// How many times rarer than exchange_interval states are compared: 1 up to 32 members, one more with every doubling.
int exchange_scale(std::size_t n);

class Swim {
 public:
  struct Config {
    NodeId self;
    Incarnation incarnation;
    SwimOptions options;
  };
  struct Outgoing {
    NodeId to;
    GossipMessage message;
  };
  struct Change {
    NodeId node;
    Liveness liveness;
  };
  struct PeerView {
    NodeId node;
    PeerState state;
    Instant since;  // when its liveness changed last, or when it became a member
  };

  Swim(const Config& config, Rng rng);

  // The members to watch, this node may be among them; those that left are forgotten. Seeds are members that are asked
  // first when they are believed dead: others can find each other through them.
  void watch(const std::vector<NodeId>& members, const std::vector<NodeId>& seeds, Instant now);

  // Messages of strangers change nothing; their pings are answered.
  void receive(NodeId from, const GossipMessage& message, Instant now);
  void tick(Instant now);
  // When tick() has something to do; kNever while nobody is watched.
  [[nodiscard]] Instant next_deadline() const;

  std::vector<Outgoing> take_outbox() { return std::exchange(outbox_, {}); }
  // What has changed since the last call, in order.
  std::vector<Change> take_changes() { return std::exchange(changes_, {}); }

  [[nodiscard]] std::vector<PeerView> members() const;
  // This node's refutation number and local health.
  [[nodiscard]] std::uint64_t inc_no() const { return own_.inc_no; }
  [[nodiscard]] int health() const { return health_.score(); }

 private:
  struct Probe {
    NodeId target;
    std::uint64_t sequence = 0;
    Instant helpers_at;           // kNever: they have been asked
    std::vector<NodeId> helpers;  // that were asked
    std::vector<NodeId> nacked;
  };

  void note_own_pause(Instant now);
  void forget_the_gone(const std::vector<NodeId>& members);

  // The round of probes: swim.cc.
  void begin_probe(Instant now);
  void ask_helpers();
  void end_probe(Instant now);
  void ping(NodeId target, std::uint64_t sequence);
  void probe_dead(Instant now);
  void bury_suspects(Instant now);
  void gossip(Instant now);
  void compare_states(Instant now);
  void send(NodeId to, GossipMessage message) { outbox_.push_back(Outgoing{to, std::move(message)}); }

  // What is heard: swim_hearing.cc.
  void on(NodeId from, const Ping& message, Instant now);
  void on(NodeId from, const Pong& message, Instant now);
  void on(NodeId from, const PingRequest& message, Instant now);
  void on(NodeId from, const Nack& message, Instant now);
  void on(NodeId from, const Gossip& message, Instant now);
  void on(NodeId from, const StateDigest& message, Instant now);
  void on(NodeId from, const StateExchange& message, Instant now);
  void hear(NodeId from, const std::vector<Rumour>& rumours, Instant now);
  void hear_of_self(const PeerState& said, Instant now);
  void learn(const Rumour& rumour, Instant now);
  void confirm(const Rumour& rumour, Instant now);
  void accuse(NodeId node, Liveness liveness, Instant now);
  void spread(const Rumour& rumour, Instant now);
  [[nodiscard]] Rumour by_hearsay(const Rumour& told) const;
  void send_states(NodeId to, bool reply_wanted);

  // Rumours to ride on a message to `to`: what concerns it and `about` first.
  std::vector<Rumour> rumours_for(NodeId to, std::optional<NodeId> about = std::nullopt);
  [[nodiscard]] Rumour rumour_about(NodeId node, const PeerState& state) const;
  [[nodiscard]] SuspicionRange suspicion_range() const;
  [[nodiscard]] std::size_t cluster_size() const { return table_.size() + 1; }
  [[nodiscard]] bool is_living(NodeId node) const { return !table_.is(node, Liveness::dead); }

  NodeId self_;
  PeerState own_;
  SwimOptions options_;
  Rng rng_;
  LocalHealth health_;
  MemberTable table_;  // of the others
  ProbeOrder order_;
  std::vector<NodeId> seeds_;
  Dissemination dissemination_;
  std::map<NodeId, Suspicion> suspicions_;
  Relays relays_;
  std::optional<Probe> probe_;
  std::uint64_t sequence_;
  NodeId last_dead_probed_;
  std::size_t last_seed_probed_ = 0;

  Instant last_run_ = Instant::min();
  Instant next_probe_ = kNever;  // and the end of the one under way
  Instant next_gossip_ = Instant::min();
  Instant next_exchange_ = kNever;
  Instant next_reprobe_ = kNever;
  Instant next_burial_ = kNever;  // at the latest; refuted suspicions leave it as it is

  std::vector<Outgoing> outbox_;
  std::vector<Change> changes_;
};

}  // namespace shoal
