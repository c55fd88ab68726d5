#include "bench/sim/linearizability.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace shoal::linearizability {
namespace {

constexpr std::size_t kTold = 5;  // of the order, in an explanation

struct State {
  const std::string* value = nullptr;  // of an operation; null: there is none
  std::uint64_t version = 0;
};

bool equal(const std::string* there, const std::optional<std::string>& wanted) {
  return there == nullptr ? !wanted.has_value() : wanted == *there;
}

bool condition_holds(const Operation& operation, const State& state) {
  if (operation.function == Function::cas) return equal(state.value, operation.expected);
  return !operation.expected_version || *operation.expected_version == state.version;
}

// The state afterwards; nothing when the operation cannot have ended like that.
std::optional<State> step(const Operation& operation, State state) {
  if (operation.function == Function::get) {
    if (!equal(state.value, operation.result)) return std::nullopt;
  } else {
    if (condition_holds(operation, state) == operation.lost) return std::nullopt;
    if (!operation.lost) state = {operation.argument ? &*operation.argument : nullptr, state.version + 1};
  }
  if (operation.version && *operation.version != state.version) return std::nullopt;
  return state;
}

// Whether its taking effect could matter to anybody.
bool counts(const Operation& operation) {
  return operation.outcome == Outcome::ok ||
         (operation.outcome == Outcome::info && operation.function != Function::get);
}

class Search {
 public:
  Search(std::span<const Operation> history, std::uint64_t attempts_max)
      : history_(history), attempts_left_(attempts_max), placed_((history.size() + 63) / 64) {
    line_up();
    note_versions();
    note_values_seen();
    note_twins();
  }

  Verdict verdict() {
    Verdict verdict;
    verdict.judgement = run();
    verdict.order = verdict.judgement == Judgement::linearizable ? order() : longest_;
    if (verdict.judgement == Judgement::violated) verdict.stuck = stuck_;
    return verdict;
  }

 private:
  using Link = std::size_t;  // into events_; the first is the end of the ring
  struct Event {
    std::size_t operation = 0;
    bool is_return = false;
    Link before = 0;
    Link after = 0;
  };
  struct Placed {
    std::size_t operation = 0;
    State before;
  };
  // The set that is placed, and the state; the version is given by the set.
  using Memory = std::pair<std::vector<std::uint64_t>, std::size_t>;

  // All invocations and returns in order of time, as a ring that operations are taken out of. At one instant the
  // invocations come first: operations that touch are concurrent.
  void line_up() {
    std::vector<std::tuple<std::int64_t, bool, std::size_t>> moments;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      if (!counts(history_[i])) continue;
      moments.emplace_back(history_[i].invoked, false, i);
      if (history_[i].outcome != Outcome::ok) continue;
      moments.emplace_back(history_[i].returned, true, i);
      left_ += 1;
    }
    std::ranges::sort(moments);
    calls_.resize(history_.size());
    returns_.resize(history_.size());
    events_.resize(moments.size() + 1);
    for (Link at = 1; at < events_.size(); ++at) {
      const auto& [time, is_return, operation] = moments[at - 1];
      events_[at] = Event{operation, is_return, at - 1, at + 1};
      (is_return ? returns_ : calls_)[operation] = at;
    }
    events_.front() = Event{0, false, events_.size() - 1, std::min<Link>(1, events_.size() - 1)};
    events_.back().after = 0;
  }

  // What answers said that a version is, which nothing else can become: without this, every write that nobody was told
  // of would be tried at every version.
  void note_versions() {
    for (const Operation& operation : history_) {
      if (operation.outcome != Outcome::ok || !operation.version) continue;
      if (is_reader(operation)) readers_left_[*operation.version] += 1;
      const bool writes = operation.function != Function::get && !operation.lost;
      if (writes || operation.function == Function::get)
        known_.try_emplace(*operation.version, writes ? &operation.argument : &operation.result);
    }
  }

  // A value that no answer shows and no condition names is as good as any other such value.
  void note_values_seen() {
    for (const Operation& operation : history_) {
      if (operation.expected) seen_values_.insert(*operation.expected);
      if (operation.result) seen_values_.insert(*operation.result);
      if (operation.outcome == Outcome::ok && operation.version && operation.argument)
        seen_values_.insert(*operation.argument);
    }
  }

  // Of unknown operations that do the same, the one that was invoked first may stand for any: the others follow it.
  void note_twins() {
    using Version = std::optional<std::uint64_t>;
    using Deed = std::tuple<bool, std::size_t, std::optional<std::string>, Version, Version>;
    std::map<Deed, std::size_t> latest;
    twin_before_.resize(history_.size());
    for (Link at = events_.front().after; at != 0; at = events_[at].after) {
      const std::size_t index = events_[at].operation;
      const Operation& operation = history_[index];
      if (operation.outcome != Outcome::info) continue;
      const Deed deed{operation.function == Function::cas,
                      number_of(operation.argument ? &*operation.argument : nullptr), operation.expected,
                      operation.expected_version, operation.version};
      const auto [place, is_first] = latest.try_emplace(deed, index);
      if (!is_first) twin_before_[index] = std::exchange(place->second, index);
    }
  }

  [[nodiscard]] bool is_placed(std::size_t index) const { return (placed_[index / 64] & bit(index)) != 0; }

  static bool is_reader(const Operation& operation) {
    return operation.outcome == Outcome::ok && operation.version && operation.function == Function::get;
  }

  [[nodiscard]] bool contradicts_versions(const Operation& operation, const State& after) const {
    if (operation.function == Function::get || operation.lost) return false;
    // Who was shown the version before this one has its place before this one.
    const auto readers = readers_left_.find(after.version - 1);
    if (readers != readers_left_.end() && readers->second > 0) return true;
    const auto known = known_.find(after.version);
    return known != known_.end() && !equal(after.value, *known->second);
  }

  Judgement run() {
    Link at = events_.front().after;
    while (left_ > 0) {
      if (attempts_left_-- == 0) return Judgement::undecided;
      if (!events_[at].is_return) {
        at = place(events_[at].operation) ? events_.front().after : events_[at].after;
        continue;
      }
      // It has returned, and no order of what came before has a place for it.
      if (!stuck_ || stack_.size() > longest_.size()) {
        longest_ = order();
        stuck_ = events_[at].operation;
      }
      if (stack_.empty()) return Judgement::violated;
      at = events_[take_back()].after;
    }
    return Judgement::linearizable;
  }

  bool place(std::size_t index) {
    if (twin_before_[index] && !is_placed(*twin_before_[index])) return false;
    const std::optional<State> after = step(history_[index], state_);
    if (!after || contradicts_versions(history_[index], *after)) return false;
    placed_[index / 64] ^= bit(index);
    if (!seen_.insert({placed_, number_of(after->value)}).second) {
      placed_[index / 64] ^= bit(index);
      return false;
    }
    stack_.push_back({index, std::exchange(state_, *after)});
    take_out(calls_[index]);
    if (returns_[index] != 0) take_out(returns_[index]);
    left_ -= history_[index].outcome == Outcome::ok ? 1 : 0;
    if (is_reader(history_[index])) readers_left_[*history_[index].version] -= 1;
    return true;
  }

  // Returns where its invocation is.
  Link take_back() {
    const std::size_t index = stack_.back().operation;
    state_ = stack_.back().before;
    stack_.pop_back();
    if (returns_[index] != 0) put_back(returns_[index]);
    put_back(calls_[index]);
    placed_[index / 64] ^= bit(index);
    left_ += history_[index].outcome == Outcome::ok ? 1 : 0;
    if (is_reader(history_[index])) readers_left_[*history_[index].version] += 1;
    return calls_[index];
  }

  void take_out(Link at) {
    events_[events_[at].before].after = events_[at].after;
    events_[events_[at].after].before = events_[at].before;
  }
  // In the opposite order of taking out.
  void put_back(Link at) { events_[events_[at].before].after = events_[events_[at].after].before = at; }

  static std::uint64_t bit(std::size_t index) { return std::uint64_t{1} << index % 64; }

  std::size_t number_of(const std::string* value) {
    if (value == nullptr) return 0;
    return seen_values_.contains(*value) ? numbers_.emplace(*value, numbers_.size() + 2).first->second : 1;
  }

  [[nodiscard]] std::vector<std::size_t> order() const {
    std::vector<std::size_t> order;
    for (const Placed& placed : stack_) order.push_back(placed.operation);
    return order;
  }

  std::span<const Operation> history_;
  std::uint64_t attempts_left_;
  std::vector<Event> events_;
  std::vector<Link> calls_;    // by operation
  std::vector<Link> returns_;  // by operation; 0: none
  std::size_t left_ = 0;       // that are ok and not placed
  State state_;
  std::vector<Placed> stack_;
  std::vector<std::uint64_t> placed_;  // a bit per operation
  std::set<Memory> seen_;
  std::map<std::uint64_t, std::size_t> readers_left_;                 // that are not placed, by version
  std::map<std::uint64_t, const std::optional<std::string>*> known_;  // values, by version
  std::set<std::string_view> seen_values_;
  std::map<std::string_view, std::size_t> numbers_;      // of values that are seen
  std::vector<std::optional<std::size_t>> twin_before_;  // by operation
  std::vector<std::size_t> longest_;
  std::optional<std::size_t> stuck_;
};

std::string text_of(const std::optional<std::string>& value) { return value.value_or("nothing"); }

std::string explain(std::span<const Operation> history, const Verdict& verdict) {
  std::string text = verdict.judgement == Judgement::undecided
                         ? fmt::format("undecided: {} operations on one register need more work", history.size())
                         : fmt::format("no order of {} operations explains them", history.size());
  text += fmt::format("; the longest places {}", verdict.order.size());
  const std::size_t told = std::min(kTold, verdict.order.size());
  if (told > 0) text += ", and ends with";
  for (std::size_t i = verdict.order.size() - told; i < verdict.order.size(); ++i)
    text += "\n    " + describe(history[verdict.order[i]]);
  if (verdict.stuck) text += "\n  and has no place for\n    " + describe(history[*verdict.stuck]);
  return text;
}

}  // namespace

std::string_view name_of(Function function) {
  constexpr std::string_view kNames[] = {"get", "put", "del", "cas"};
  return kNames[static_cast<std::size_t>(function)];
}

std::string_view name_of(Outcome outcome) {
  constexpr std::string_view kNames[] = {"ok", "fail", "info"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string describe(const Operation& operation) {
  std::string text(name_of(operation.function));
  if (operation.function == Function::cas)
    text += fmt::format(" from {} to {}", text_of(operation.expected), text_of(operation.argument));
  if (operation.function == Function::put) text += " " + text_of(operation.argument);
  if (operation.expected_version) text += fmt::format(" at version {}", *operation.expected_version);
  text += fmt::format(" by {:x}, from {} ", operation.process, operation.invoked);
  text += operation.outcome == Outcome::ok ? fmt::format("to {}", operation.returned) : "on";
  text += fmt::format(" ({}", name_of(operation.outcome));
  if (operation.function == Function::get && operation.outcome == Outcome::ok)
    text += ", returned " + text_of(operation.result);
  if (operation.lost) text += ", lost";
  if (operation.version) text += fmt::format(", version {}", *operation.version);
  return text + ")";
}

Verdict check(std::span<const Operation> history, std::uint64_t attempts_max) {
  Verdict verdict = Search(history, attempts_max).verdict();
  if (verdict.judgement != Judgement::linearizable) verdict.explanation = explain(history, verdict);
  return verdict;
}

}  // namespace shoal::linearizability
