// The failure detector's messages among all others, and whom it watches: what both drivers need to feed it.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "gossip/messages.h"
#include "gossip/swim.h"
#include "node/core/message.h"
#include "node/ring/membership.h"

namespace shoal {

// nullopt: not one of the failure detector's.
inline std::optional<GossipMessage> as_gossip(const Message& message) {
  return std::visit(
      [](const auto& m) -> std::optional<GossipMessage> {
        if constexpr (std::is_constructible_v<GossipMessage, decltype(m)>) return GossipMessage(m);
        return std::nullopt;
      },
      message);
}

inline Message to_message(GossipMessage message) {
  return std::visit([](auto&& m) { return Message(std::forward<decltype(m)>(m)); }, std::move(message));
}

// The members that are watched for failures: all but the removed ones, with the founder as the one to ask first.
inline void watch_members_of(const Membership& document, Swim& swim, Instant now) {
  std::vector<NodeId> members;
  for (const Member& member : document.members)
    if (member.state != MemberState::removed) members.push_back(member.id);
  swim.watch(members, {document.founder}, now);
}

}  // namespace shoal
