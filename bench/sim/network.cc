#include "bench/sim/network.h"

#include <algorithm>
#include <bit>

namespace shoal::sim {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

void Network::end(const Fault& fault) {
  std::erase_if(active_, [&](const Active& active) {
    return active.fault.kind == fault.kind && active.fault.at == fault.at && active.fault.left == fault.left;
  });
}

std::uint32_t Network::rate_of(FaultKind kind) const {
  std::uint64_t rate = 0;
  for (const Active& active : active_)
    if (active.fault.kind == kind) rate = std::max(rate, active.fault.amount);
  return static_cast<std::uint32_t>(rate);
}

bool Network::strikes(FaultKind kind) {
  const bool does = rng_.chance(rate_of(kind));
  if (does) struck_ |= only(kind);
  return does;
}

// A heavy tail from integers alone: each doubling of the delay is half as likely as the one before.
Duration Network::draw_delay() {
  switch (profile_) {
    case DelayProfile::lan: return microseconds(rng_.between(100, 600));
    case DelayProfile::slow: return microseconds(rng_.between(5'000, 50'000));
    case DelayProfile::heavy_tail: {
      const int doublings = std::min(std::countr_zero(rng_.next()), 11);
      return microseconds(rng_.between(200, 1'000) << doublings);
    }
  }
  return {};
}

Instant Network::delayed(std::uint32_t from, std::uint32_t to, Instant now) {
  Duration delay = draw_delay();
  Instant not_before = now;
  for (const Active& active : active_) {
    const Fault& fault = active.fault;
    const bool forwards = has(fault.left, from) && has(fault.right, to);
    const bool across = forwards || (has(fault.right, from) && has(fault.left, to));
    const bool slows = fault.kind == FaultKind::slow_links && across;
    const bool holds = fault.kind == FaultKind::clogged && forwards;
    if (slows) delay *= static_cast<Duration::rep>(fault.amount);
    if (holds) not_before = std::max(not_before, active.since + fault.lasts);
    if (slows || holds) struck_ |= only(fault.kind);
  }
  if (strikes(FaultKind::late_messages)) delay += seconds(rng_.between(5, 150));
  return not_before + delay;
}

std::vector<Instant> Network::between_nodes(std::uint32_t from, std::uint32_t to, Instant now) {
  if (is_cut(from, to, now) || strikes(FaultKind::lossy)) return {};
  std::vector<Instant> arrivals{delayed(from, to, now)};
  if (strikes(FaultKind::duplicating)) arrivals.push_back(delayed(from, to, now));
  return arrivals;
}

std::optional<Instant> Network::with_client(Instant now) {
  if (strikes(FaultKind::lossy)) return std::nullopt;
  return now + draw_delay();
}

bool Network::is_cut(std::uint32_t from, std::uint32_t to, Instant now) {
  bool cut = false;
  for (const Active& active : active_) {
    if (!cuts(active.fault, from, to, now - active.since)) continue;
    struck_ |= only(active.fault.kind);
    cut = true;
  }
  return cut;
}

}  // namespace shoal::sim
