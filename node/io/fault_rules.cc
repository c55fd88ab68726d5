#include "node/io/fault_rules.h"

#include <algorithm>
#include <cstdlib>

#include "node/io/faults.h"

namespace shoal {
namespace {

Error wrong(const FaultRule& rule, const std::string& what) {
  return fail(Errc::invalid, std::string(name_of(rule.kind)) + ": " + what);
}

Status check_span(const FaultRule& rule, Millis most) {
  if (rule.least < Millis{} || rule.least > rule.most)
    return wrong(rule, "its delays go from a shorter to a longer one, and neither is below 0 ms");
  if (rule.most < Millis(1) || rule.most > most)
    return wrong(rule, "a delay is from 1 ms to " + seconds_text(most) + ", not " + seconds_text(rule.most));
  return Unit{};
}

Status check_link(const FaultRule& rule) {
  if (rule.share < 1 || rule.share > FaultRule::kAll)
    return wrong(rule, "a share is above 0 and at most 1, of all frames");
  if (rule.kind == FaultKind::cut && rule.share != FaultRule::kAll)
    return wrong(rule, "it loses all frames; to lose a share of them order loss");
  if (rule.kind == FaultKind::corrupt && rule.way == FaultWay::in)
    return wrong(rule, "it strikes what a node sends; order it at the other nodes instead");
  const bool delays = rule.kind == FaultKind::delay || rule.kind == FaultKind::reorder;
  return delays ? check_span(rule, Faults::kDelayMax) : Status(Unit{});
}

Status check_clock(const FaultRule& rule) {
  if (rule.offset == Millis{} && rule.drift_ppm == 0) return wrong(rule, "say an offset, a drift, or both");
  if (rule.offset < -Faults::kOffsetMax || rule.offset > Faults::kOffsetMax)
    return wrong(rule, "the offset is at most a year");
  if (rule.drift_ppm < -Faults::kDriftMax || rule.drift_ppm > Faults::kDriftMax)
    return wrong(rule, "the drift is at most " + std::to_string(Faults::kDriftMax) + " ppm, either way");
  return Unit{};
}

const Member* find_member(const Membership& document, const std::string& name_or_id) {
  const auto means = [&](const Member& member) {
    const bool here = member.state != MemberState::removed;
    return here && (member.name == name_or_id || to_string(member.id) == name_or_id);
  };
  const auto found = std::ranges::find_if(document.members, means);
  return found != document.members.end() ? &*found : nullptr;
}

std::string names_of(const std::vector<std::string>& peers) {
  std::string names;
  for (const std::string& peer : peers) names += (names.empty() ? "" : ", ") + peer;
  return names.empty() ? "all members" : names;
}

std::string frames_of(const FaultRule& rule) {
  const char* way = rule.way == FaultWay::out ? "to " : rule.way == FaultWay::in ? "from " : "to and from ";
  std::string share = "all";
  if (rule.share < FaultRule::kAll) {
    share = std::to_string(rule.share / 10'000) + "." + std::to_string(10'000 + rule.share % 10'000).substr(1);
    share.erase(share.find_last_not_of('0') + 1);
    if (share.back() == '.') share.pop_back();
    share += " % of the";
  }
  return share + " frames " + way + names_of(rule.peers);
}

std::string span_of(const FaultRule& rule) {
  if (rule.least == rule.most) return std::to_string(rule.most.count()) + " ms";
  return std::to_string(rule.least.count()) + " to " + std::to_string(rule.most.count()) + " ms";
}

std::string with_sign(std::int64_t number) { return (number < 0 ? "-" : "+") + std::to_string(std::abs(number)); }

std::string deed_of(const FaultRule& rule) {
  switch (rule.kind) {
    case FaultKind::cut:
    case FaultKind::loss: return "loses " + frames_of(rule);
    case FaultKind::delay: return "holds " + frames_of(rule) + " back for " + span_of(rule);
    case FaultKind::duplicate: return "doubles " + frames_of(rule);
    case FaultKind::reorder: return "lets others overtake " + frames_of(rule) + " for " + span_of(rule);
    case FaultKind::corrupt: return "flips a bit in " + frames_of(rule);
    case FaultKind::clock:
      return "the wall clock is " + with_sign(rule.offset.count()) + " ms off and drifts " + with_sign(rule.drift_ppm) +
             " ppm";
    case FaultKind::disk_slow: return "each sync of the commit log waits " + span_of(rule) + " first";
    case FaultKind::disk_full: return "each sync of the commit log finds a full disk";
    case FaultKind::disk_error: return "each sync of the commit log fails";
  }
  return "";
}

}  // namespace

Status check_fault(const FaultRule& rule) {
  if (rule.lasts < Millis(1) || rule.lasts > Faults::kLastsMax)
    return wrong(rule, "say how long it lasts, from 1 ms to 1 hour: a fault that is forgotten ends by itself");
  if (concerns_links(rule.kind)) return check_link(rule);
  if (!rule.peers.empty()) return wrong(rule, "it is about the node itself and has no peers");
  if (rule.kind == FaultKind::clock) return check_clock(rule);
  return rule.kind == FaultKind::disk_slow ? check_span(rule, Faults::kSyncDelayMax) : Status(Unit{});
}

Result<std::vector<const Member*>> fault_peers(const FaultRule& rule, const Membership& document, NodeId self) {
  std::vector<const Member*> members;
  for (const std::string& name : rule.peers) {
    const Member* member = find_member(document, name);
    if (member == nullptr) return wrong(rule, "there is no member \"" + name.substr(0, 80) + "\"");
    if (member->id == self) return wrong(rule, "\"" + name + "\" is this node itself; name other members");
    members.push_back(member);
  }
  return members;
}

std::string seconds_text(Millis span) {
  const bool whole = span.count() % 1000 == 0;
  return std::to_string(whole ? span.count() / 1000 : span.count()) + (whole ? " s" : " ms");
}

std::string described(const FaultRule& rule) { return std::string(name_of(rule.kind)) + ": " + deed_of(rule); }

}  // namespace shoal
