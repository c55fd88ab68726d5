// HOST:PORT as people write it: a name, an IPv4 address, [IPv6], or * for every interface.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace shoal {

struct Endpoint {
  std::string host;  // without brackets
  std::uint16_t port = 0;
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// One node uses four ports, counted from the one that is configured.
inline constexpr std::uint16_t kPeerPortOffset = 1;
inline constexpr std::uint16_t kHttpPortOffset = 2;
inline constexpr std::uint16_t kGossipPortOffset = 3;
inline constexpr std::uint16_t kPortMax = 65535 - kGossipPortOffset;

Result<Endpoint> parse_endpoint(std::string_view text);
std::string to_string(const Endpoint& endpoint);  // IPv6 in brackets

[[nodiscard]] bool is_wildcard(const Endpoint& endpoint);
[[nodiscard]] bool is_loopback(const Endpoint& endpoint);  // by name or address; does not ask a resolver

}  // namespace shoal
