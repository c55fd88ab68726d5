// What clients were told of the keys of a strong bucket, against a register.
//
// Every write of a key has a value of its own, and answers say the version of the register, which the dots of records
// are: so there is one order to be found at most, but for writes that nobody was told of.
//
// Eventual and session reads may be stale, so they have no place in the order. What they show was chosen before they
// ended, though, and a record names the version of the write that it came from: both are told to the checker as if the
// write itself had said so.
#include <fmt/format.h>

#include <limits>

#include "bench/sim/checkers.h"
#include "bench/sim/linearizability.h"
#include "node/core/register_record.h"

namespace shoal::sim {
namespace {

namespace lin = linearizability;

bool is_write(const Operation& operation) {
  return operation.function == Function::put || operation.function == Function::del;
}

std::int64_t number_of(Instant instant) { return instant.time_since_epoch().count(); }

lin::Operation read_of(const Operation& read) {
  lin::Operation told{.process = read.id.client, .function = lin::Function::get, .version = read.version};
  if (!read.returned.empty()) told.result = to_text(read.returned.front());
  if (!read.garbage.empty()) told.result = "garbage";
  return told;
}

lin::Operation write_of(const Operation& write) {
  const bool compares = write.condition != PutIf::always;
  lin::Operation told{.process = write.id.client, .expected_version = write.expected_version, .version = write.version};
  if (write.condition == PutIf::value_is) told.expected = to_text(write.compared);
  told.function = compares                          ? lin::Function::cas
                  : write.function == Function::put ? lin::Function::put
                                                    : lin::Function::del;
  if (write.function == Function::put) told.argument = to_text(write.id);
  told.lost = write.outcome == Outcome::fail && write.error == Errc::conflict;
  return told;
}

lin::Operation told_of(const Operation& operation) {
  lin::Operation told = is_write(operation) ? write_of(operation) : read_of(operation);
  told.invoked = number_of(operation.invoked);
  told.returned = number_of(operation.ended);
  told.outcome = operation.outcome == Outcome::ok || told.lost ? lin::Outcome::ok
                 : operation.outcome == Outcome::fail          ? lin::Outcome::fail
                                                               : lin::Outcome::info;
  return told;
}

class StrongKey {
 public:
  explicit StrongKey(const Ledger& ledger) : ledger_(ledger) {}

  void take(const Operation& operation) {
    if (operation.function == Function::get && !is_linearizable(operation.level)) {
      if (operation.outcome == Outcome::ok) stale_.push_back(&operation);
      return;
    }
    if (operation.function != Function::get && !is_write(operation)) return;
    places_[operation.id] = told_.size();
    told_.push_back(told_of(operation));
    if (is_write(operation)) take_records(operation);
  }

  void judge(std::uint32_t key, std::vector<std::string>& violations, std::vector<std::string>& undecided) {
    for (const Operation* read : stale_)
      for (const RequestId& id : read->returned) chosen(id, read->version, number_of(read->ended));
    for (const std::string& sentence : clashes_) violations.push_back(fmt::format("strong: key {}: {}", key, sentence));
    const lin::Verdict verdict = lin::check(told_);
    if (verdict.judgement == lin::Judgement::linearizable) return;
    (verdict.judgement == lin::Judgement::undecided ? undecided : violations)
        .push_back(fmt::format("linearizability: key {}: {}", key, verdict.explanation));
  }

 private:
  // When it was chosen, records do not say.
  void take_records(const Operation& write) {
    for (const DotFacts* dot : ledger_.dots_of(write.id))
      if (dot->dot.actor == kRegisterActor)
        chosen(write.id, dot->dot.counter, std::numeric_limits<std::int64_t>::max());
  }

  // Somebody saw the write, as this version, before it was `by`.
  void chosen(const RequestId& id, std::optional<std::uint64_t> version, std::int64_t by) {
    const auto place = places_.find(id);
    if (place == places_.end()) return;  // invented, which is another check's
    lin::Operation& write = told_[place->second];
    if (write.outcome == lin::Outcome::fail || write.lost) return;  // likewise
    if (write.version && version && *write.version != *version)
      clashes_.push_back(fmt::format("{} is version {} as well as {}", to_text(id), *write.version, *version));
    if (!write.version) write.version = version;
    write.returned = write.outcome == lin::Outcome::ok ? std::min(write.returned, by) : by;
    write.outcome = lin::Outcome::ok;
  }

  const Ledger& ledger_;
  std::vector<lin::Operation> told_;
  std::map<RequestId, std::size_t> places_;
  std::vector<const Operation*> stale_;
  std::vector<std::string> clashes_;
};

}  // namespace

std::vector<std::string> check_strong(const Evidence& evidence, std::vector<std::string>& undecided) {
  std::vector<std::string> violations;
  std::map<std::uint32_t, StrongKey> keys;
  for (const Operation& operation : evidence.history.operations())
    if (operation.key < evidence.kinds.size() && evidence.kinds[operation.key] == Kind::strong)
      keys.try_emplace(operation.key, evidence.ledger).first->second.take(operation);
  for (auto& [key, strong] : keys) strong.judge(key, violations, undecided);
  return violations;
}

}  // namespace shoal::sim
