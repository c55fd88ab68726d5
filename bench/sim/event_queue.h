// What happens when: events in the order of (virtual time, sequence number), and nothing else.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "node/base/time.h"
#include "node/core/message.h"

namespace shoal::sim {

enum class EventKind : std::uint8_t {
  message_to_node,
  message_to_client,
  node_wakes,
  client_wakes,
  fault_begins,
  fault_ends,
  node_restarts,
  node_resumes,
};

struct Event {
  Instant at{};
  std::uint64_t sequence = 0;
  EventKind kind = EventKind::node_wakes;
  std::uint32_t target = 0;            // node, client or fault
  std::uint64_t life = 0;              // the node's process start that it is meant for; 0 = any
  std::unique_ptr<Envelope> envelope;  // peer = the sender
};

class EventQueue {
 public:
  void push(Event event) {
    event.sequence = next_sequence_++;
    heap_.push_back(std::move(event));
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  // Precondition: not empty.
  Event pop() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    Event event = std::move(heap_.back());
    heap_.pop_back();
    return event;
  }
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  [[nodiscard]] Instant next() const { return heap_.empty() ? kNever : heap_.front().at; }

 private:
  static bool later(const Event& a, const Event& b) {
    return std::pair(a.at, a.sequence) > std::pair(b.at, b.sequence);
  }
  std::vector<Event> heap_;
  std::uint64_t next_sequence_ = 0;
};

}  // namespace shoal::sim
