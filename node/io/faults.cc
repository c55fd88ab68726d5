#include "node/io/faults.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "node/io/clock.h"
#include "node/io/fault_rules.h"

namespace shoal {

bool Faults::Rule::strikes(NodeId peer, FaultWay way, Instant now) const {
  if (!concerns_links(rule.kind) || now >= ends) return false;
  return (rule.way == FaultWay::both || rule.way == way) && (peers.empty() || peers.contains(peer));
}

Result<Faults::Rule> Faults::understood(const FaultRule& rule, const Membership& document, Instant now) const {
  if (const Status fits = check_fault(rule); !fits) return fits.error();
  Rule known{.id = 0, .rule = rule, .peers = {}, .begun = now, .ends = now + rule.lasts, .struck = 0};
  const auto peers = fault_peers(rule, document, self_);
  if (!peers) return peers.error();
  known.rule.peers.clear();
  for (const Member* peer : *peers) {
    known.rule.peers.push_back(peer->name);
    known.peers.insert(peer->id);
  }
  if (rule.kind == FaultKind::corrupt) known.rule.way = FaultWay::out;
  return known;
}

Status Faults::add(const std::vector<FaultRule>& rules, const Membership& document, Instant now) {
  const auto too_many =
      fail(Errc::overloaded, "at most " + std::to_string(kRulesMax) + " faults are in force at a node; clear some");
  if (rules.size() > kRulesMax) return too_many;
  std::vector<Rule> fresh;
  for (const FaultRule& rule : rules) {
    Result<Rule> known = understood(rule, document, now);
    if (!known) return known.error();
    fresh.push_back(*std::move(known));
  }
  const std::lock_guard lock(mutex_);
  end_expired(now);
  if (rules_.size() + fresh.size() > kRulesMax) return too_many;
  for (Rule& rule : fresh) {
    rule.id = ++last_id_;
    news_.push_back({EventKind::fault_began, "fault " + std::to_string(rule.id) + " begins, for " +
                                                 seconds_text(rule.rule.lasts) + ": " + described(rule.rule)});
    rules_.push_back(std::move(rule));
  }
  set_flags();
  return Unit{};
}

Status Faults::clear(const std::vector<std::uint64_t>& ids, Instant now) {
  const std::lock_guard lock(mutex_);
  end_expired(now);
  const auto named = [&](const Rule& rule) { return ids.empty() || std::ranges::find(ids, rule.id) != ids.end(); };
  for (const std::uint64_t id : ids)
    if (std::ranges::find(rules_, id, &Rule::id) == rules_.end())
      return fail(Errc::not_found, "there is no fault " + std::to_string(id) + " in force; see shoal faults ls");
  for (const Rule& rule : rules_)
    if (named(rule)) end_rule(rule, "is cleared");
  std::erase_if(rules_, named);
  set_flags();
  changed_.notify_all();
  return Unit{};
}

void Faults::end_all() {
  const std::lock_guard lock(mutex_);
  rules_.clear();
  set_flags();
  changed_.notify_all();
}

void Faults::end_expired(Instant now) {
  for (const Rule& rule : rules_)
    if (now >= rule.ends) end_rule(rule, "is over");
  if (std::erase_if(rules_, [&](const Rule& rule) { return now >= rule.ends; }) > 0) set_flags();
}

void Faults::end_rule(const Rule& rule, const char* how) {
  const std::string struck = rule.rule.kind == FaultKind::clock ? "" : "; it struck " + std::to_string(rule.struck);
  news_.push_back(
      {EventKind::fault_ended, "fault " + std::to_string(rule.id) + " " + how + ": " + described(rule.rule) + struck});
}

void Faults::set_flags() {
  const auto any = [&](auto about) {
    return std::ranges::any_of(rules_, about, [](const Rule& r) { return r.rule.kind; });
  };
  busy_ = !rules_.empty() || !news_.empty();
  links_ = any(concerns_links);
  clock_ = any([](FaultKind kind) { return kind == FaultKind::clock; });
  disk_ = any([](FaultKind kind) { return kind > FaultKind::clock; });
}

std::vector<FaultInForce> Faults::in_force(Instant now) const {
  const std::lock_guard lock(mutex_);
  std::vector<FaultInForce> list;
  for (const Rule& rule : rules_)
    if (now < rule.ends)
      list.push_back(
          {rule.id, rule.rule, std::chrono::ceil<Millis>(rule.ends - now), rule.struck, described(rule.rule)});
  return list;
}

std::size_t Faults::count(Instant now) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(rules_, [&](const Rule& rule) { return now < rule.ends; }));
}

std::vector<Faults::News> Faults::take_news(Instant now) {
  const std::lock_guard lock(mutex_);
  end_expired(now);
  std::vector<News> news = std::exchange(news_, {});
  set_flags();
  return news;
}

Instant Faults::next_end() const {
  const std::lock_guard lock(mutex_);
  Instant next = news_.empty() ? kNever : Instant{};
  for (const Rule& rule : rules_) next = std::min(next, rule.ends);
  return next;
}

std::vector<Counter> Faults::counters() const {
  const std::lock_guard lock(mutex_);
  std::vector<Counter> counters;
  for (std::size_t kind = 0; kind < struck_.size(); ++kind)
    if (struck_[kind] > 0) counters.push_back({"fault_" + std::string(kFaultNames[kind]), struck_[kind]});
  return counters;
}

void Faults::note_struck(Rule& rule) {
  ++rule.struck;
  ++struck_[static_cast<std::size_t>(rule.rule.kind)];
}

Duration Faults::drawn(const FaultRule& rule) {
  const Duration least = rule.least;
  const Duration most = rule.most;
  return least + Duration(rng_.below(static_cast<std::uint64_t>((most - least).count()) + 1));
}

void Faults::suffer(Fate& fate, Rule& rule) {
  if (rule.rule.share < FaultRule::kAll && !rng_.chance(rule.rule.share)) return;
  note_struck(rule);
  switch (rule.rule.kind) {
    case FaultKind::cut:
    case FaultKind::loss: fate.lost = true; break;
    case FaultKind::delay:
    case FaultKind::reorder: fate.later += drawn(rule.rule); break;
    case FaultKind::duplicate: fate.twice = true; break;
    case FaultKind::corrupt:
      fate.corrupt = true;
      fate.draw = rng_.next();
      break;
    default: break;
  }
}

Faults::Fate Faults::fate(NodeId peer, FaultWay way, Instant now) {
  Fate fate;
  const std::lock_guard lock(mutex_);
  for (Rule& rule : rules_)
    if (!fate.lost && rule.strikes(peer, way, now)) suffer(fate, rule);
  return fate;
}

bool Faults::cuts(NodeId peer, FaultWay way, Instant now) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(
      rules_, [&](const Rule& rule) { return rule.rule.kind == FaultKind::cut && rule.strikes(peer, way, now); });
}

Millis Faults::shift_at(Instant now) const {
  const std::lock_guard lock(mutex_);
  Millis shift{};
  for (const Rule& rule : rules_) {
    if (rule.rule.kind != FaultKind::clock || now >= rule.ends) continue;
    const auto run = std::chrono::duration_cast<std::chrono::microseconds>(now - rule.begun);
    shift += rule.rule.offset + Millis(run.count() * rule.rule.drift_ppm / 1'000'000'000);
  }
  return shift;
}

int Faults::delay_sync() {
  std::unique_lock lock(mutex_);
  const Instant now = read_clock().mono;
  Duration wait{};
  int code = 0;
  for (Rule& rule : rules_) {
    if (rule.rule.kind <= FaultKind::clock || now >= rule.ends) continue;
    note_struck(rule);
    if (rule.rule.kind == FaultKind::disk_slow) wait += drawn(rule.rule);
    if (rule.rule.kind == FaultKind::disk_full) code = ENOSPC;
    if (rule.rule.kind == FaultKind::disk_error) code = EIO;
  }
  const bool cleared = changed_.wait_for(lock, wait, [this] { return !disk_.load(); });
  return cleared ? 0 : code;
}

}  // namespace shoal
