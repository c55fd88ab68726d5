#include "bench/sim/checkers.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

namespace shoal::sim {
namespace {

using Sentences = std::vector<std::string>;

bool is_write(const Operation& operation) {
  return operation.function == Function::put || operation.function == Function::del;
}

bool contains(const std::vector<RequestId>& ids, const RequestId& id) {
  return std::ranges::find(ids, id) != ids.end();
}

bool was_made(const Evidence& evidence, const RequestId& id) { return !evidence.ledger.dots_of(id).empty(); }

// A dot is owed while some node has held it without a gap since it was first held.
bool is_owed(const DotFacts& dot) { return dot.held != 0 && !dot.orphaned; }

bool is_owed(const Evidence& evidence, const RequestId& id) {
  const auto dots = evidence.ledger.dots_of(id);
  return std::ranges::any_of(dots, [](const DotFacts* dot) { return is_owed(*dot); });
}

bool was_damaged(const Evidence& evidence, const RequestId& id) {
  const auto dots = evidence.ledger.dots_of(id);
  return std::ranges::any_of(dots, [](const DotFacts* dot) { return dot->lost != 0; });
}

bool has_one_dot(const Evidence& evidence, const RequestId& id) { return evidence.ledger.dots_of(id).size() == 1; }

Kind kind_of(const Evidence& evidence, std::uint32_t key) {
  return key < evidence.kinds.size() ? evidence.kinds[key] : Kind::siblings;
}

bool is_strong(const Evidence& evidence, std::uint32_t key) { return kind_of(evidence, key) == Kind::strong; }

// Of two writes one beats the other.
bool keeps_one(const Evidence& evidence, std::uint32_t key) { return kind_of(evidence, key) != Kind::siblings; }

// The documented order of lww values, and that of versions.
bool is_greater(const DotFacts& a, const DotFacts& b) { return std::tie(a.hlc, a.dot) > std::tie(b.hlc, b.dot); }

// Some dot of the same key that `counts` is greater than `beaten`.
template <class Counts>
bool is_beaten(const Evidence& evidence, const DotFacts& beaten, Counts counts) {
  return std::ranges::any_of(evidence.ledger.dots(), [&](const auto& item) {
    const DotFacts& other = item.second;
    return other.slot == beaten.slot && is_greater(other, beaten) && counts(other);
  });
}

// For every write: the writes that were made with a context that came with its value.
using Superseders = std::map<RequestId, std::vector<const Operation*>>;

Superseders superseders(const Evidence& evidence) {
  Superseders by_victim;
  for (const Operation& operation : evidence.history.operations())
    if (is_write(operation) && was_made(evidence, operation.id))
      for (const RequestId& victim : operation.saw) by_victim[victim].push_back(&operation);
  return by_victim;
}

bool superseded_before(const Superseders& superseded, const RequestId& id, Instant at) {
  const auto by = superseded.find(id);
  return by != superseded.end() &&
         std::ranges::any_of(by->second, [&](const Operation* superseder) { return superseder->invoked < at; });
}

std::map<std::uint32_t, const FinalState*> finals_by_key(const Evidence& evidence) {
  std::map<std::uint32_t, const FinalState*> finals;
  for (const FinalState& state : evidence.finals) finals[state.key] = &state;
  return finals;
}

// Each dot of the write that is owed was beaten by one that is not lost itself: it is held, returned or superseded.
bool beaten_at_the_end(const Evidence& evidence, const Superseders& superseded, const RequestId& id,
                       const FinalState& found) {
  if (!keeps_one(evidence, found.key)) return false;
  const auto survives = [&](const DotFacts& other) {
    return other.held != 0 || contains(found.values, other.request) ||
           superseded_before(superseded, other.request, found.at);
  };
  return std::ranges::all_of(evidence.ledger.dots_of(id), [&](const DotFacts* dot) {
    return !is_owed(*dot) || is_beaten(evidence, *dot, survives);
  });
}

// The read shows what beat the write: a greater value, or nothing because of a greater delete. Which of the write's
// dots was acknowledged is not known, so the least one will do.
bool beaten_in_read(const Evidence& evidence, const RequestId& id, const Operation& read) {
  if (!keeps_one(evidence, read.key)) return false;
  const auto dots = evidence.ledger.dots_of(id);
  const auto beaten_by = [&](const DotFacts& other) {
    return std::ranges::any_of(dots, [&](const DotFacts* dot) { return is_greater(other, *dot); });
  };
  if (read.returned.empty())
    return std::ranges::any_of(dots, [&](const DotFacts* dot) {
      return is_beaten(evidence, *dot, [](const DotFacts& other) { return other.tombstone; });
    });
  return std::ranges::any_of(read.returned, [&](const RequestId& returned) {
    return std::ranges::any_of(evidence.ledger.dots_of(returned),
                               [&](const DotFacts* other) { return beaten_by(*other); });
  });
}

void append(Sentences& all, Sentences more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::int32_t quorum_size(std::int32_t asked, std::int32_t owners) {
  if (asked == 0) return owners / 2 + 1;
  return asked < 0 ? owners : asked;
}

Sentences check_nothing_lost(const Evidence& evidence) {
  Sentences violations;
  const auto superseded = superseders(evidence);
  const auto finals = finals_by_key(evidence);
  for (const Operation& operation : evidence.history.operations()) {
    const auto state = finals.find(operation.key);
    if (operation.function != Function::put || state == finals.end()) continue;
    const FinalState& found = *state->second;
    if (operation.invoked >= found.at || contains(found.values, operation.id)) continue;
    if (superseded_before(superseded, operation.id, found.at)) continue;
    if (beaten_at_the_end(evidence, superseded, operation.id, found)) continue;
    if (is_owed(evidence, operation.id))
      violations.push_back(
          fmt::format("lost: {} is neither returned nor superseded at the end, though a node held it "
                      "all the time\n    {}",
                      to_text(operation.id), describe(operation)));
  }
  return violations;
}

Sentences check_nothing_resurrected(const Evidence& evidence) {
  Sentences violations;
  const auto superseded = superseders(evidence);
  for (const FinalState& state : evidence.finals) {
    for (const RequestId& value : state.values) {
      const auto by = superseded.find(value);
      if (by == superseded.end() || !has_one_dot(evidence, value)) continue;
      for (const Operation* superseder : by->second)
        if (superseder->invoked < state.at && is_owed(evidence, superseder->id))
          violations.push_back(fmt::format("resurrected: {} is returned at the end, though {} had seen and replaced it",
                                           to_text(value), to_text(superseder->id)));
    }
  }
  return violations;
}

Sentences check_nothing_invented(const Evidence& evidence) {
  Sentences violations;
  const auto judge = [&](const RequestId& id, std::uint32_t key, const char* where) {
    const Operation* write = evidence.history.find(id);
    if (write == nullptr || !is_write(*write) || write->key != key) {
      violations.push_back(
          fmt::format("invented: {} {} a value of {}, which never wrote that key", where, key, to_text(id)));
    } else if (write->outcome == Outcome::fail) {
      violations.push_back(fmt::format("{} {} shows {}, which had failed for certain\n    {}", where, key, to_text(id),
                                       describe(*write)));
    }
  };
  for (const Operation& operation : evidence.history.operations()) {
    for (const RequestId& id : operation.returned) judge(id, operation.key, "a read of key");
    for (const std::string& value : operation.garbage)
      violations.push_back(
          fmt::format("invented: a read of key {} returned {} bytes that nobody wrote", operation.key, value.size()));
  }
  for (const FinalState& state : evidence.finals)
    for (const RequestId& id : state.values) judge(id, state.key, "the final state of key");
  for (const auto& [name, facts] : evidence.ledger.dots()) {
    const Dot& dot = facts.dot;
    const Operation* write = evidence.history.find(facts.request);
    if (write == nullptr || !is_write(*write) || write->value != facts.value ||
        facts.tombstone != (write->function == Function::del))
      violations.push_back(
          fmt::format("invented: dot {} holds something that {} did not write", to_text(dot), to_text(facts.request)));
    else if (write->outcome == Outcome::fail)
      violations.push_back(fmt::format("{} failed for certain, but dot {} was made\n    {}", to_text(facts.request),
                                       to_text(dot), describe(*write)));
  }
  return violations;
}

Sentences check_contexts(const Evidence& evidence) {
  Sentences violations;
  for (const Operation& read : evidence.history.operations()) {
    if (read.function != Function::get || read.outcome != Outcome::ok) continue;
    // An agreed value is returned before any record, and thus any dot, is made of it.
    const bool before_its_dots = is_strong(evidence, read.key) && is_linearizable(read.level);
    for (const RequestId& id : read.returned) {
      if (std::ranges::count(read.returned, id) > 1)
        violations.push_back(fmt::format("a read returned {} more than once", to_text(id)));
      const auto dots = evidence.ledger.dots_of(id);
      if (!before_its_dots &&
          std::ranges::none_of(dots, [&](const DotFacts* dot) { return read.context.covers(dot->dot); }))
        violations.push_back(
            fmt::format("context: a read returned {} with a context that does not cover it", to_text(id)));
      const Operation* write = evidence.history.find(id);
      if (write == nullptr) continue;
      for (const RequestId& victim : write->saw)
        if (victim != id && contains(read.returned, victim) && has_one_dot(evidence, victim))
          violations.push_back(fmt::format("false sibling: a read returned {} beside {}, which had replaced it",
                                           to_text(victim), to_text(id)));
    }
  }
  return violations;
}

Sentences check_regular_reads(const Evidence& evidence) {
  Sentences violations;
  const auto superseded = superseders(evidence);
  std::map<std::uint32_t, std::vector<const Operation*>> writes;  // acknowledged, by key
  for (const Operation& operation : evidence.history.operations())
    if (is_write(operation) && operation.outcome == Outcome::ok) writes[operation.key].push_back(&operation);

  const auto overlap = [&](const Operation& read, const Operation& write) {
    return quorum_size(read.quorum, evidence.owners) + quorum_size(write.quorum, evidence.owners) > evidence.owners &&
           read.stand_ins == 0 && write.stand_ins == 0 && write.ended < read.invoked &&
           !was_damaged(evidence, write.id);
  };
  for (const Operation& read : evidence.history.operations()) {
    if (read.function != Function::get || read.outcome != Outcome::ok) continue;
    // Of a strong key, eventual and session reads may be stale, and the others are held to more: linearizability.
    if (is_strong(evidence, read.key)) continue;
    for (const Operation* write : writes[read.key]) {
      if (!overlap(read, *write)) continue;
      if (write->function == Function::put && !contains(read.returned, write->id) &&
          !superseded_before(superseded, write->id, read.ended) && !beaten_in_read(evidence, write->id, read))
        violations.push_back(fmt::format("stale: a quorum read missed {}, acknowledged before\n    {}\n    {}",
                                         to_text(write->id), describe(*write), describe(read)));
      for (const RequestId& victim : write->saw)
        if (contains(read.returned, victim) && has_one_dot(evidence, victim))
          violations.push_back(
              fmt::format("stale: a quorum read returned {}, which {} had replaced before\n    {}\n    {}",
                          to_text(victim), to_text(write->id), describe(*write), describe(read)));
    }
  }
  return violations;
}

Sentences check_single_values(const Evidence& evidence) {
  Sentences violations;
  for (const Operation& read : evidence.history.operations())
    if (keeps_one(evidence, read.key) && read.returned.size() > 1)
      violations.push_back(
          fmt::format("single: a read returned {} values\n    {}", read.returned.size(), describe(read)));
  return violations;
}

Sentences check_receipts(const Evidence& evidence) {
  Sentences violations;
  for (const Receipt& receipt : evidence.receipts) {
    if (receipt.holding < receipt.needed)
      violations.push_back(fmt::format("receipt: {} was acknowledged when {} nodes held it and {} were needed",
                                       to_text(receipt.request), receipt.holding, receipt.needed));
    if (receipt.owners_holding < receipt.owners_needed)
      violations.push_back(fmt::format("receipt: {} was acknowledged when {} owners held it and {} were needed",
                                       to_text(receipt.request), receipt.owners_holding, receipt.owners_needed));
    if (receipt.claims_durable && receipt.synced < receipt.needed)
      violations.push_back(fmt::format("receipt: {} was called durable when {} nodes had it on disk and {} were needed",
                                       to_text(receipt.request), receipt.synced, receipt.needed));
  }
  return violations;
}

Sentences check_sessions(const Evidence& evidence) {
  Sentences violations;
  std::map<std::pair<std::uint64_t, std::uint32_t>, VersionVector> seen;  // by client and key
  for (const Operation& operation : evidence.history.operations()) {
    const bool read = operation.function == Function::get;
    if (operation.outcome != Outcome::ok || (!read && !is_write(operation))) continue;
    VersionVector& known = seen[{operation.id.client, operation.key}];
    if (read && operation.level == Level::session && !operation.context.descends(known))
      violations.push_back(fmt::format("session: {} is older than what its client had been told of the key\n    {}",
                                       to_text(operation.id), describe(operation)));
    known.join(operation.context);
  }
  return violations;
}

Sentences check_agreements(const Evidence& evidence) {
  Sentences violations;
  for (const Agreement& agreement : evidence.agreements)
    if (agreement.holding < agreement.owners)
      violations.push_back(fmt::format("agreement: a read of key {} at level all showed what {} of {} owners had held",
                                       agreement.key, agreement.holding, agreement.owners));
  return violations;
}

Sentences check_listings(const Evidence& evidence) {
  Sentences violations;
  for (const Operation& list : evidence.history.operations()) {
    if (list.function != Function::list) continue;
    std::set<std::string> seen;
    for (const std::string& name : list.names) {
      if (!seen.insert(name).second)
        violations.push_back(fmt::format("listing: \"{}\" appears twice in partition {}", name, list.first_partition));
      if (!name.starts_with(list.prefix))
        violations.push_back(fmt::format("listing: \"{}\" does not begin with \"{}\"", name, list.prefix));
    }
  }
  return violations;
}

Sentences check_bad_input(const Evidence& evidence) {
  Sentences violations;
  for (const Operation& operation : evidence.history.operations()) {
    if (operation.function != Function::bad_input || operation.outcome == Outcome::info ||
        operation.outcome == Outcome::open)
      continue;
    if (std::ranges::find(operation.expected, operation.error) == operation.expected.end())
      violations.push_back(fmt::format("bad input was answered with \"{}\"", describe(operation.error)));
  }
  return violations;
}

Findings check_all(const Evidence& evidence) {
  Findings all;
  for (const auto check :
       {check_nothing_lost, check_nothing_resurrected, check_nothing_invented, check_contexts, check_regular_reads,
        check_single_values, check_receipts, check_sessions, check_agreements, check_listings, check_bad_input})
    append(all.violations, check(evidence));
  append(all.violations, check_strong(evidence, all.undecided));
  return all;
}

}  // namespace shoal::sim
