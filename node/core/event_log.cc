#include "node/core/event_log.h"

#include <algorithm>
#include <utility>

namespace shoal {

void EventLog::add(WallTime wall, EventKind kind, NodeId about, std::string text) {
  if (events_.size() == kEventsMax) events_.pop_front();
  events_.push_back(Event{++last_, wall.ms, kind, about, std::move(text)});
}

std::vector<Event> EventLog::after(std::uint64_t number) const {
  const auto first = std::ranges::upper_bound(events_, number, {}, &Event::number);
  return {first, events_.end()};
}

}  // namespace shoal
