#include "node/core/quorum.h"

#include <algorithm>
#include <string>

#include "node/base/check.h"

namespace shoal {

Quorum::Quorum(std::span<const NodeId> owners, int needed, int primaries) : needed_(needed), primaries_(primaries) {
  SHOAL_CHECK(needed >= 1 && static_cast<std::size_t>(needed) <= owners.size());
  SHOAL_CHECK(primaries >= 0 && static_cast<std::size_t>(primaries) <= owners.size());
  for (const NodeId owner : owners) seats_.push_back(Seat{{owner}, {}});
}

void Quorum::stand_in(NodeId owner, NodeId fallback) {
  const auto seat = std::ranges::find(seats_, owner, [](const Seat& s) { return s.owner.node; });
  SHOAL_CHECK(seat != seats_.end());
  if (!seat->stand_in.is(Answer::acknowledged)) seat->stand_in = Voice{fallback};
}

Quorum::Voice* Quorum::voice_of(NodeId node) {
  for (Seat& seat : seats_)
    for (Voice* voice : {&seat.owner, &seat.stand_in})
      if (voice->node == node && node.value != 0) return voice;
  return nullptr;
}

void Quorum::acknowledge(NodeId from) {
  if (Voice* voice = voice_of(from)) voice->answer = Answer::acknowledged;
}

void Quorum::refuse(NodeId from) {
  Voice* voice = voice_of(from);
  if (voice != nullptr && voice->answer == Answer::none) voice->answer = Answer::refused;
}

bool Quorum::acknowledged(NodeId from) const {
  const auto said_yes = [&](const Voice& voice) { return voice.node == from && voice.is(Answer::acknowledged); };
  return std::ranges::any_of(seats_, [&](const Seat& seat) { return said_yes(seat.owner) || said_yes(seat.stand_in); });
}

NodeId Quorum::stand_in_of(NodeId owner) const {
  const auto seat = std::ranges::find(seats_, owner, [](const Seat& s) { return s.owner.node; });
  return seat != seats_.end() ? seat->stand_in.node : NodeId{};
}

std::optional<NodeId> Quorum::stands_in_for(NodeId node) const {
  for (const Seat& seat : seats_)
    if (node.value != 0 && seat.stand_in.node == node) return seat.owner.node;
  return std::nullopt;
}

Quorum::Verdict Quorum::verdict() const {
  if (acks() >= needed_ && primary_acks() >= primaries_) return Verdict::enough;
  const auto n = static_cast<int>(seats_.size());
  const auto hopeless = std::ranges::count_if(seats_, [](const Seat& s) { return !s.settled() && s.hopeless(); });
  const auto refused = std::ranges::count_if(seats_, [](const Seat& s) { return s.owner.is(Answer::refused); });
  return n - hopeless < needed_ || n - refused < primaries_ ? Verdict::impossible : Verdict::waiting;
}

int Quorum::acks() const { return static_cast<int>(std::ranges::count_if(seats_, &Seat::settled)); }

int Quorum::primary_acks() const {
  return static_cast<int>(
      std::ranges::count_if(seats_, [](const Seat& seat) { return seat.owner.is(Answer::acknowledged); }));
}

int Quorum::stand_ins() const { return acks() - primary_acks(); }

std::vector<NodeId> Quorum::missing() const {
  std::vector<NodeId> nodes;
  for (const Seat& seat : seats_)
    if (!seat.owner.is(Answer::acknowledged)) nodes.push_back(seat.owner.node);
  return nodes;
}

std::vector<NodeId> Quorum::unsettled() const {
  std::vector<NodeId> nodes;
  for (const Seat& seat : seats_)
    if (!seat.settled()) nodes.push_back(seat.owner.node);
  return nodes;
}

std::vector<NodeId> Quorum::silent() const {
  std::vector<NodeId> nodes;
  for (const Seat& seat : seats_)
    for (const Voice& voice : {seat.owner, seat.stand_in})
      if (voice.is(Answer::none)) nodes.push_back(voice.node);
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
