// TokenBucket: keeps extra requests a small share of the ordinary ones.
//
// It is filled by events and not by time: what nobody uses saves up a few tokens and no more, and a system that answers
// nobody earns nothing.
#pragma once

#include <algorithm>
#include <cstdint>

namespace shoal {

class TokenBucket {
 public:
  struct Sizes {
    std::uint32_t events_per_token = 1;
    std::uint32_t tokens_max = 0;
    std::uint32_t tokens_at_first = 0;
  };
  constexpr explicit TokenBucket(const Sizes& sizes)
      : sizes_(sizes), saved_(sizes.tokens_at_first * sizes.events_per_token) {}

  void on_event() { saved_ = std::min(saved_ + 1, sizes_.tokens_max * sizes_.events_per_token); }

  // Of n events: true at most n / events_per_token + tokens_at_first times.
  bool take() {
    if (saved_ < sizes_.events_per_token) return false;
    saved_ -= sizes_.events_per_token;
    return true;
  }

 private:
  Sizes sizes_;
  std::uint32_t saved_;  // events that no token was spent on
};

}  // namespace shoal
