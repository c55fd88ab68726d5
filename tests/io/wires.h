// For tests of sockets: two headers of one cluster, ports that are free, and waiting with a bound instead of a sleep.
#pragma once

#include <functional>
#include <vector>
#include <zmq.hpp>

#include "node/base/endpoint.h"
#include "node/wire/frame.h"

namespace shoal {

inline FrameHeader header_of(std::uint64_t node, std::uint64_t start = 1, std::uint64_t random = 7) {
  return FrameHeader{kProtocolVersion, {77}, {node}, Incarnation::of(start, random)};
}

// Asks the kernel for a free port on loopback and leaves it at once; whoever loses the race tries another one.
std::uint16_t free_port();

// Calls `listen` with loopback endpoints until one works.
Endpoint listen_somewhere(const std::function<Status(const Endpoint&)>& listen);

// Polls `items()` and calls `turn` until it says that it is done. False after 20 seconds.
bool wait_until(const std::function<std::vector<zmq::pollitem_t>()>& items, const std::function<bool()>& turn);

}  // namespace shoal
