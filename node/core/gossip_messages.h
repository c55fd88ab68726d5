// The failure detector's messages among all others: what both drivers need to feed it.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "gossip/messages.h"
#include "node/core/message.h"

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

}  // namespace shoal
