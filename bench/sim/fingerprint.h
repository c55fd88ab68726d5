// The rolling hash of a run: equal for two runs exactly when they did the same.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "bench/sim/event_queue.h"

namespace shoal::sim {

class Fingerprint {
 public:
  void mix(std::uint64_t value) { hash_ = std::rotl((hash_ ^ value) * 0x9e3779b97f4a7c15u, 29); }
  void mix(std::string_view bytes);
  void mix(const Event& event);
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0x243f6a8885a308d3u;
};

std::string_view name_of(const Message& message);
std::string describe(const Event& event);

}  // namespace shoal::sim
