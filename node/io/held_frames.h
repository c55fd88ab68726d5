// Frames on a way that a laboratory has made longer: each leaves when its time has come, those of one time in the order
// in which they came. Bounded: what finds no room is lost, as in a router's queue.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "node/base/time.h"

namespace shoal {

template <class T>
class HeldFrames {
 public:
  static constexpr std::size_t kCountMax = 100'000;
  static constexpr std::size_t kBytesMax = std::size_t{64} << 20;

  // False: there is no room.
  bool add(Instant due, T frame, std::size_t bytes) {
    if (held_.size() >= kCountMax || bytes_ + bytes > kBytesMax) return false;
    bytes_ += bytes;
    held_.emplace(due, Item{std::move(frame), bytes});
    return true;
  }
  std::optional<T> take_due(Instant now) {
    if (held_.empty() || held_.begin()->first > now) return std::nullopt;
    auto first = held_.extract(held_.begin());
    bytes_ -= first.mapped().bytes;
    return std::move(first.mapped().frame);
  }
  [[nodiscard]] bool empty() const { return held_.empty(); }
  // kNever: nothing waits.
  [[nodiscard]] Instant next() const { return held_.empty() ? kNever : held_.begin()->first; }

 private:
  struct Item {
    T frame;
    std::size_t bytes = 0;
  };
  std::multimap<Instant, Item> held_;
  std::size_t bytes_ = 0;
};

}  // namespace shoal
