// What an operator would want to know of, as this node lived it: a bounded log, numbered from 1 in each life.
//
// The oldest events are forgotten first. Numbers have no gaps, so whoever asks again after the last number that it has
// misses nothing, or sees from the first number of the answer how much was forgotten.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "node/base/time.h"
#include "node/core/message.h"

namespace shoal {

class EventLog {
 public:
  static constexpr std::size_t kEventsMax = 1000;

  // `about`: the member that it is about, {} for this node itself.
  void add(WallTime wall, EventKind kind, NodeId about, std::string text);
  // Those with higher numbers, ascending.
  [[nodiscard]] std::vector<Event> after(std::uint64_t number) const;

 private:
  std::deque<Event> events_;
  std::uint64_t last_ = 0;
};

}  // namespace shoal
