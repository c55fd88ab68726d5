#include "node/core/quorum.h"

#include <algorithm>
#include <string>

#include "node/base/check.h"

namespace shoal {

Quorum::Quorum(std::span<const NodeId> owners, int needed) : needed_(needed) {
  SHOAL_CHECK(needed >= 1 && static_cast<std::size_t>(needed) <= owners.size());
  for (const NodeId owner : owners) seats_.push_back(Seat{owner});
}

Quorum::Seat* Quorum::seat_of(NodeId node) {
  const auto it = std::ranges::find(seats_, node, &Seat::owner);
  return it != seats_.end() ? &*it : nullptr;
}

int Quorum::count(Answer answer) const { return static_cast<int>(std::ranges::count(seats_, answer, &Seat::answer)); }

void Quorum::acknowledge(NodeId from) {
  if (Seat* seat = seat_of(from)) seat->answer = Answer::acknowledged;
}

void Quorum::refuse(NodeId from) {
  Seat* seat = seat_of(from);
  if (seat != nullptr && seat->answer == Answer::none) seat->answer = Answer::refused;
}

bool Quorum::acknowledged(NodeId from) const {
  return std::ranges::any_of(
      seats_, [&](const Seat& seat) { return seat.owner == from && seat.answer == Answer::acknowledged; });
}

Quorum::Verdict Quorum::verdict() const {
  if (acks() >= needed_) return Verdict::enough;
  const int possible = static_cast<int>(seats_.size()) - count(Answer::refused);
  return possible < needed_ ? Verdict::impossible : Verdict::waiting;
}

int Quorum::acks() const { return count(Answer::acknowledged); }

std::vector<NodeId> Quorum::missing() const {
  std::vector<NodeId> nodes;
  for (const Seat& seat : seats_)
    if (seat.answer != Answer::acknowledged) nodes.push_back(seat.owner);
  return nodes;
}

Result<int> replies_needed(int asked, std::size_t owners) {
  const int n = static_cast<int>(owners);
  if (asked == 0) return n / 2 + 1;
  if (asked == -1) return n;
  if (asked >= 1 && asked <= n) return asked;
  return fail(Errc::invalid, "this asks for " + std::to_string(asked) + " replicas, but a key has " +
                                 std::to_string(n) + "; use 1 to " + std::to_string(n) + ", or all");
}

}  // namespace shoal
