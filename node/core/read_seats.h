// Read seats: who has answered a read, and is it enough? Decides; sends nothing.
//
// A read has n seats, one per owner in rank order. The i-th owner that is dead is stood in for by the i-th live
// fallback, so that two dead owners never share one. A fallback that does not know gives its seat to the
// next live fallback down the rank; when none is left, the seat is lost.
//
// Invariants:
//  (1) A seat counts once, whoever answers for it, and no node sits on two seats: acknowledgements count distinct
//      nodes.
//  (2) Primaries count seats that the owner itself has answered.
//  (3) A refusal is final only until the same seat is acknowledged after all (an owner may recover).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "node/base/ids.h"
#include "node/core/levels.h"
#include "node/core/peers.h"

namespace shoal {

// The fallbacks that stand in for the dead among `owners`, in rank order; fewer when there are not enough.
std::vector<NodeId> stand_ins_for(std::span<const NodeId> owners, std::span<const NodeId> fallbacks,
                                  const Peers& peers);

class ReadSeats {
 public:
  enum class Verdict : std::uint8_t { waiting, enough, impossible };

  // Without fallbacks, the seats of dead owners are lost from the start.
  ReadSeats(std::span<const NodeId> owners, std::span<const NodeId> fallbacks, const Peers& peers, Wanted wanted);

  void acknowledge(NodeId from);
  // The fallback that takes the seat over, to be asked now.
  std::optional<NodeId> refuse(NodeId from);
  // Replaces those who died since; returns whom to ask instead.
  std::vector<NodeId> restaff(const Peers& peers);

  [[nodiscard]] Verdict verdict() const;
  [[nodiscard]] int needed() const { return wanted_.needed; }
  [[nodiscard]] int acks() const;
  [[nodiscard]] int stand_ins() const;  // of the acknowledgements
  [[nodiscard]] bool is_owner(NodeId node) const;
  [[nodiscard]] std::vector<NodeId> owners() const;
  // Who sits: owners first, then stand-ins. Lost seats are left out.
  [[nodiscard]] std::vector<NodeId> sitting() const;
  // Who sits on seats without an acknowledgement; of lost seats the owner.
  [[nodiscard]] std::vector<NodeId> missing() const;
  // Live fallbacks that sit nowhere.
  [[nodiscard]] const std::vector<NodeId>& spare() const { return spare_; }

 private:
  enum class Answer : std::uint8_t { none, acknowledged, refused };
  struct Seat {
    NodeId owner;
    NodeId sitter;
    Answer answer = Answer::none;
    bool by_owner = false;
  };
  std::optional<NodeId> next_spare();
  void replace(Seat& seat, std::optional<NodeId> by);

  Wanted wanted_;
  std::vector<Seat> seats_;
  std::vector<NodeId> spare_;
};

}  // namespace shoal
