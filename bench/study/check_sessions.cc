// Sessions: walks along what one client did with one key.
//
// What it has seen is kept as the newest writes that it was told of: acknowledged ones of its own, and those that its
// reads returned. A read counts what was known when it began, so operations of one client may overlap.
//
// Where one value is kept, a read that returns one value after another was seen says that it beat the other: the
// other must not come back.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "bench/study/check_parts.h"

namespace shoal::study {
namespace {

class Walk {
 public:
  Walk(const Evidence& evidence, Check& check) : evidence_(evidence), check_(check) {}

  // In order of invocation.
  void take(const Operation& operation) {
    learn_until(operation.invoked);
    if (operation.outcome != Outcome::ok) return;
    if (operation.function == Function::get) judge(operation);
    under_way_.emplace(operation.completed, Step{&operation, newest_});
  }

 private:
  struct Step {
    const Operation* operation;
    std::vector<WriteId> known;  // when it began
  };

  [[nodiscard]] const Causality& causality() const { return evidence_.causality; }

  void learn_until(double time) {
    while (!under_way_.empty() && under_way_.begin()->first <= time) {
      const Step step = std::move(under_way_.begin()->second);
      under_way_.erase(under_way_.begin());
      learn(step);
    }
  }

  void learn(const Step& step) {
    const Operation& operation = *step.operation;
    if (operation.function != Function::get) return add(operation.write);
    if (causality().keeps_one(operation.key) && operation.returned.size() == 1) beat(step.known, operation.returned[0]);
    for (const WriteId id : operation.returned) add(id);
  }

  void add(WriteId id) {
    if (causality().any_covers(newest_, id)) return;
    std::erase_if(newest_, [&](WriteId other) { return causality().covers(id, other); });
    newest_.push_back(id);
  }

  void beat(const std::vector<WriteId>& losers, WriteId winner) {
    for (const WriteId loser : losers) {
      if (loser == winner) continue;
      std::erase(newest_, loser);
      beaten_[loser] = winner;
    }
  }

  void judge(const Operation& read) {
    ++check_.examined;
    for (const WriteId id : newest_) judge_seen(read, id);
    for (const WriteId id : read.session)
      if (std::ranges::find(newest_, id) == newest_.end()) judge_seen(read, id);
    for (const WriteId id : read.returned)
      if (const auto lost = beaten_.find(id); lost != beaten_.end() && !is_retried(id))
        violated(read, fmt::format("returns {} again, after an earlier read had shown {} in its place", name(id),
                                   name(lost->second)));
  }

  void judge_seen(const Operation& read, WriteId seen) {
    const Operation* write = causality().find(seen);
    if (write == nullptr) return;  // an invention, which is another check's
    const bool any = causality().keeps_one(read.key) && !read.returned.empty();
    if (write->has_value() && !any && !causality().any_covers(read.returned, seen) &&
        !causality().may_be_deleted(seen, read.completed))
      return violated(read, fmt::format("does not show {}, which this client had {}, nor what replaced it", name(seen),
                                        write->client == read.client ? "made" : "seen"));
    for (const WriteId old : read.returned)
      if (old != seen && causality().covers(seen, old) && !is_retried(old))
        return violated(read, fmt::format("shows {} again, after this client had {} {}, which replaced it", name(old),
                                          write->client == read.client ? "made" : "seen", name(seen)));
  }

  void violated(const Operation& read, const std::string& how) {
    object(check_, unless_destroyed(evidence_), describe(evidence_.recording, read) + " " + how);
  }

  [[nodiscard]] std::string name(WriteId id) const {
    const Operation* write = causality().find(id);
    return write == nullptr ? fmt::format("write {}", id) : describe(evidence_.recording, *write);
  }

  [[nodiscard]] bool is_retried(WriteId id) const {
    const Operation* write = causality().find(id);
    return write != nullptr && write->retried;
  }

  const Evidence& evidence_;
  Check& check_;
  std::vector<WriteId> newest_;
  std::map<WriteId, WriteId> beaten_;      // by what
  std::multimap<double, Step> under_way_;  // by when it ends
};

}  // namespace

Check check_sessions(const Evidence& evidence) {
  Check check{.name = "sessions"};
  std::map<std::pair<std::uint32_t, std::uint32_t>, Walk> walks;
  for (const Operation& operation : evidence.recording.operations) {
    if (!operation.in_session) continue;
    const auto place = std::pair(operation.client, operation.key);
    walks.try_emplace(place, evidence, check).first->second.take(operation);
  }
  return check;
}

}  // namespace shoal::study
