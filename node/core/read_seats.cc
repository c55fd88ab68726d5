#include "node/core/read_seats.h"

#include <algorithm>

#include "node/base/check.h"

namespace shoal {

std::vector<NodeId> stand_ins_for(std::span<const NodeId> owners, std::span<const NodeId> fallbacks,
                                  const Peers& peers) {
  std::vector<NodeId> chosen = peers.reachable_of(fallbacks);
  chosen.resize(std::min(chosen.size(), peers.unreachable_of(owners).size()));
  return chosen;
}

ReadSeats::ReadSeats(std::span<const NodeId> owners, std::span<const NodeId> fallbacks, const Peers& peers,
                     Wanted wanted)
    : wanted_(wanted), spare_(peers.reachable_of(fallbacks)) {
  SHOAL_CHECK(wanted.needed >= 1 && static_cast<std::size_t>(wanted.needed) <= owners.size());
  for (const NodeId owner : owners) {
    seats_.push_back(Seat{owner, owner});
    if (!peers.reachable(owner)) replace(seats_.back(), next_spare());
  }
}

std::optional<NodeId> ReadSeats::next_spare() {
  if (spare_.empty()) return std::nullopt;
  const NodeId next = spare_.front();
  spare_.erase(spare_.begin());
  return next;
}

void ReadSeats::replace(Seat& seat, std::optional<NodeId> by) {
  seat.sitter = by ? *by : seat.owner;
  seat.answer = by ? Answer::none : Answer::refused;
}

void ReadSeats::acknowledge(NodeId from) {
  for (Seat& seat : seats_) {
    if (seat.sitter != from && seat.owner != from) continue;
    seat.answer = Answer::acknowledged;
    seat.by_owner = seat.by_owner || seat.owner == from;
  }
}

std::optional<NodeId> ReadSeats::refuse(NodeId from) {
  for (Seat& seat : seats_) {
    if (seat.sitter != from || seat.answer == Answer::acknowledged) continue;
    const std::optional<NodeId> next = seat.owner == from ? std::nullopt : next_spare();
    replace(seat, next);
    return next;
  }
  return std::nullopt;
}

std::vector<NodeId> ReadSeats::restaff(const Peers& peers) {
  std::erase_if(spare_, [&](NodeId node) { return !peers.reachable(node); });
  std::vector<NodeId> hired;
  for (Seat& seat : seats_) {
    if (seat.answer != Answer::none || peers.reachable(seat.sitter)) continue;
    const std::optional<NodeId> next = next_spare();
    replace(seat, next);
    if (next) hired.push_back(*next);
  }
  return hired;
}

ReadSeats::Verdict ReadSeats::verdict() const {
  int acks = 0;
  int acks_by_owners = 0;
  int possible = 0;
  int possible_by_owners = 0;
  for (const Seat& seat : seats_) {
    acks += seat.answer == Answer::acknowledged ? 1 : 0;
    acks_by_owners += seat.by_owner ? 1 : 0;
    possible += seat.answer != Answer::refused ? 1 : 0;
    possible_by_owners += seat.by_owner || (seat.sitter == seat.owner && seat.answer != Answer::refused) ? 1 : 0;
  }
  if (acks >= wanted_.needed && acks_by_owners >= wanted_.primaries) return Verdict::enough;
  if (possible < wanted_.needed || possible_by_owners < wanted_.primaries) return Verdict::impossible;
  return Verdict::waiting;
}

int ReadSeats::acks() const {
  return static_cast<int>(std::ranges::count(seats_, Answer::acknowledged, &Seat::answer));
}

int ReadSeats::stand_ins() const {
  const auto stood_in = [](const Seat& seat) { return seat.answer == Answer::acknowledged && !seat.by_owner; };
  return static_cast<int>(std::ranges::count_if(seats_, stood_in));
}

bool ReadSeats::is_owner(NodeId node) const { return std::ranges::find(seats_, node, &Seat::owner) != seats_.end(); }

std::vector<NodeId> ReadSeats::owners() const {
  std::vector<NodeId> nodes;
  for (const Seat& seat : seats_) nodes.push_back(seat.owner);
  return nodes;
}

std::vector<NodeId> ReadSeats::sitting() const {
  std::vector<NodeId> nodes;
  for (const bool owners : {true, false})
    for (const Seat& seat : seats_)
      if (seat.answer != Answer::refused && (seat.sitter == seat.owner) == owners) nodes.push_back(seat.sitter);
  return nodes;
}

std::vector<NodeId> ReadSeats::missing() const {
  std::vector<NodeId> nodes;
  for (const Seat& seat : seats_)
    if (seat.answer != Answer::acknowledged) nodes.push_back(seat.sitter);
  return nodes;
}

}  // namespace shoal
