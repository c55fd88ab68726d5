#include "bench/study/checkers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>

#include "bench/study/check_parts.h"

namespace shoal::study {
namespace {

constexpr double kEver = std::numeric_limits<double>::infinity();

bool is_answered_read(const Operation& operation) {
  return operation.function == Function::get && operation.outcome == Outcome::ok;
}

std::string key_name(const Recording& recording, std::uint32_t key) {
  return key < recording.keys.size() ? recording.keys[key] : fmt::format("key number {}", key);
}

std::map<std::uint32_t, const LastState*> finals_by_key(const Recording& recording) {
  std::map<std::uint32_t, const LastState*> finals;
  for (const LastState& state : recording.finals) finals[state.key] = &state;
  return finals;
}

bool was_retried(const Causality& causality, WriteId id) {
  const Operation* write = causality.find(id);
  return write != nullptr && write->retried;
}

// The first acknowledged write that had seen it.
const Operation* acknowledged_successor(const Causality& causality, const Operation& write) {
  for (const Operation* other : causality.acknowledged(write.key))
    if (other->write != write.write && causality.covers(other->write, write.write)) return other;
  return nullptr;
}

void judge_final_values(const Evidence& evidence, const LastState& state, Check& check) {
  for (const WriteId id : state.values) {
    ++check.examined;
    const Operation* write = evidence.causality.find(id);
    if (write == nullptr || write->retried || !evidence.causality.replaced_by_acknowledged(id)) continue;
    const Operation* by = acknowledged_successor(evidence.causality, *write);
    if (by == nullptr) continue;
    object(check, unless_destroyed(evidence),
           fmt::format("{} is there at the end, though {} had seen it and replaced it",
                       describe(evidence.recording, *write), describe(evidence.recording, *by)));
  }
}

// Whatever was merged, a value never stands beside one that replaced it.
void judge_neighbours(const Evidence& evidence, const std::vector<WriteId>& values, const std::string& where,
                      Check& check) {
  for (const WriteId old : values)
    for (const WriteId newer : values) {
      if (old == newer || !evidence.causality.covers(newer, old) || was_retried(evidence.causality, old)) continue;
      object(check, Judgement::invalid,
             fmt::format("{} shows {} beside {}, which had seen it and replaced it", where,
                         describe(evidence.recording, *evidence.causality.find(old)),
                         describe(evidence.recording, *evidence.causality.find(newer))));
    }
}

// Why nothing can have returned it; empty when something can.
std::string why_invented(const Evidence& evidence, WriteId id, std::uint32_t key, double until) {
  const Operation* write = evidence.causality.find(id);
  if (write == nullptr) return fmt::format("a value of write {}, which nobody made", id);
  const std::string what = describe(evidence.recording, *write);
  if (write->key != key) return fmt::format("a value of {}, which is of another key", what);
  if (!write->has_value()) return fmt::format("a value of {}, which has none", what);
  if (write->outcome == Outcome::fail) return fmt::format("a value of {}, which had failed for certain", what);
  if (write->invoked > until) return fmt::format("a value of {}, which had not begun", what);
  return "";
}

void judge_values(const Evidence& evidence, const std::vector<WriteId>& values, std::uint32_t key, double until,
                  const std::string& where, Check& check) {
  for (const WriteId id : values) {
    ++check.examined;
    const std::string why = why_invented(evidence, id, key, until);
    if (!why.empty()) object(check, Judgement::invalid, fmt::format("{} shows {}", where, why));
  }
}

std::string end_of(const Recording& recording, std::uint32_t key) { return "the end of " + key_name(recording, key); }

// An id that two writes share makes every other check worthless.
void judge_ids(const Recording& recording, Check& check) {
  std::set<WriteId> ids;
  for (const Operation& operation : recording.operations)
    if (operation.function != Function::get && !ids.insert(operation.write).second)
      object(check, Judgement::invalid, describe(recording, operation) + " has the id of another write");
}

}  // namespace

std::string_view name_of(Judgement judgement) {
  constexpr std::array<std::string_view, 3> kNames = {"valid", "undecided", "invalid"};
  return kNames[static_cast<std::size_t>(judgement)];
}

std::string describe(const Recording& recording, const Operation& operation) {
  const std::string id = operation.function == Function::get ? "" : fmt::format(" {}", operation.write);
  return fmt::format("{}{} of {} by client {} at {:.3f} s ({})", name_of(operation.function), id,
                     key_name(recording, operation.key), operation.client, operation.invoked,
                     operation.lost() ? "lost" : name_of(operation.outcome));
}

Check check_losses(const Evidence& evidence) {
  Check check{.name = "lost"};
  const auto finals = finals_by_key(evidence.recording);
  for (const Operation& put : evidence.recording.operations) {
    if (!put.has_value() || put.outcome != Outcome::ok) continue;
    ++check.examined;
    const std::string what = describe(evidence.recording, put);
    const auto state = finals.find(put.key);
    if (state == finals.end() || !state->second->known) {
      object(check, Judgement::undecided, what + ": nobody knows how its key ended");
      continue;
    }
    const std::vector<WriteId>& values = state->second->values;
    if (evidence.causality.any_covers(values, put.write) || evidence.causality.may_be_deleted(put.write, kEver))
      continue;
    if (evidence.causality.replaced_by_acknowledged(put.write)) continue;  // which is judged itself
    if (evidence.causality.keeps_one(put.key) && !values.empty()) continue;
    object(check, unless_destroyed(evidence), what + " is neither there at the end nor was it replaced or deleted");
  }
  return check;
}

Check check_resurrections(const Evidence& evidence) {
  Check check{.name = "resurrection"};
  for (const LastState& state : evidence.recording.finals) {
    if (!state.known) continue;
    judge_final_values(evidence, state, check);
    judge_neighbours(evidence, state.values, end_of(evidence.recording, state.key), check);
  }
  for (const Operation& read : evidence.recording.operations) {
    if (!is_answered_read(read) || read.returned.size() < 2) continue;
    check.examined += read.returned.size();
    judge_neighbours(evidence, read.returned, describe(evidence.recording, read), check);
  }
  return check;
}

Check check_inventions(const Evidence& evidence) {
  Check check{.name = "invention"};
  judge_ids(evidence.recording, check);
  for (const Operation& read : evidence.recording.operations)
    if (is_answered_read(read))
      judge_values(evidence, read.returned, read.key, read.completed, describe(evidence.recording, read), check);
  for (const LastState& state : evidence.recording.finals)
    if (state.known)
      judge_values(evidence, state.values, state.key, kEver, end_of(evidence.recording, state.key), check);
  return check;
}

// A round compares every pair of owners, but one that begins while a node is away or copies are on the way misses them.
bool had_no_time(const Recording& recording) {
  constexpr double kRoundsMin = 3;
  return recording.settle_s < kRoundsMin * recording.round_s;
}

void judge_unequal(const Recording& recording, const std::string& key, Check& check) {
  const std::string what = "the owners of " + key + " are not equal at the end";
  if (!recording.repairs) return object(check, Judgement::valid, what);
  if (!had_no_time(recording)) return object(check, Judgement::invalid, what);
  object(check, Judgement::undecided,
         fmt::format("{}, but {} s are too short for rounds of repair every {} s: raise settle_s", what,
                     recording.settle_s, recording.round_s));
}

Check check_convergence(const Evidence& evidence) {
  Check check{.name = "convergence"};
  const auto finals = finals_by_key(evidence.recording);
  for (const auto& [key, state] : finals) {
    ++check.examined;
    const std::string name = key_name(evidence.recording, key);
    if (!state->known)
      object(check, Judgement::undecided, "nobody knows whether the owners of " + name + " are equal at the end");
    else if (!state->equal)
      judge_unequal(evidence.recording, name, check);
  }
  std::set<std::uint32_t> silent;
  for (const Operation& operation : evidence.recording.operations)
    if (!finals.contains(operation.key)) silent.insert(operation.key);
  for (const std::uint32_t key : silent)
    object(check, Judgement::undecided, "nobody looked at " + key_name(evidence.recording, key) + " at the end");
  return check;
}

Check check_evidence(const Evidence& evidence) {
  constexpr std::uint64_t kOperationsMin = 10;
  Check check{.name = "evidence"};
  for (const std::string& trouble : evidence.recording.trouble) object(check, Judgement::undecided, trouble);
  const auto& operations = evidence.recording.operations;
  check.examined = operations.size();
  if (operations.empty() && evidence.recording.keys.empty()) return check;  // a study without data
  const auto ok = static_cast<std::uint64_t>(std::ranges::count(operations, Outcome::ok, &Operation::outcome));
  if (ok < kOperationsMin)
    object(
        check, Judgement::undecided,
        fmt::format("only {} of {} operations succeeded: that is too little to say anything", ok, operations.size()));
  return check;
}

Judgement Verdict::judgement() const {
  Judgement worst = Judgement::valid;
  for (const Check& check : checks) worst = std::max(worst, check.judgement);
  return worst;
}

Verdict check(const Recording& recording) {
  const Causality causality(recording);
  const bool destroyed = std::ranges::any_of(recording.faults, &FaultSpan::destroyed_copies);
  const Evidence evidence{recording, causality, destroyed};
  return {{check_losses(evidence), check_resurrections(evidence), check_inventions(evidence), check_sessions(evidence),
           check_linearizability(evidence), check_convergence(evidence), check_evidence(evidence)}};
}

}  // namespace shoal::study
