// Linearizability: of each key in a strong bucket, whether one order explains what all clients were told.
//
// Every write has a value of its own, and answers say the version of the key, so there is little to search. Operations
// of unknown outcome may have taken effect at any time since, or never; a lost comparison must have had a place at
// which what it expected was not there.
//
// Reads at the levels eventual and session may be stale and have no place in the order, nor has the end of a key, which
// is what its owners held. What they show was chosen before, though: that is told of the write itself.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/sim/linearizability.h"
#include "bench/study/check_parts.h"

namespace shoal::study {
namespace {

namespace lin = linearizability;

constexpr std::uint64_t kMemoryBits = std::uint64_t{1} << 31;  // of a search: an attempt keeps a bit for each operation
constexpr std::int64_t kEver = std::numeric_limits<std::int64_t>::max();

std::int64_t nanoseconds(double seconds) { return std::llround(seconds * 1e9); }

std::optional<std::string> text_of(const std::vector<WriteId>& values) {
  if (values.empty()) return std::nullopt;
  return fmt::format("{}", fmt::join(values, " and "));  // several are no register's, and fit nowhere
}

lin::Function function_of(Function function) {
  switch (function) {
    case Function::get: return lin::Function::get;
    case Function::put: return lin::Function::put;
    case Function::del: return lin::Function::del;
    case Function::cas: return lin::Function::cas;
  }
  return lin::Function::get;
}

lin::Outcome outcome_of(const Operation& operation) {
  if (operation.outcome == Outcome::ok || operation.lost()) return lin::Outcome::ok;
  return operation.outcome == Outcome::fail ? lin::Outcome::fail : lin::Outcome::info;
}

lin::Operation told_of(const Operation& operation) {
  lin::Operation told{.process = operation.client,
                      .function = function_of(operation.function),
                      .expected_version = operation.expected_version,
                      .lost = operation.lost(),
                      .version = operation.version,
                      .invoked = nanoseconds(operation.invoked),
                      .returned = nanoseconds(operation.completed),
                      .outcome = outcome_of(operation)};
  if (operation.has_value()) told.argument = text_of({operation.write});
  if (operation.function == Function::cas && operation.expected != 0) told.expected = text_of({operation.expected});
  if (!operation.is_write()) told.result = text_of(operation.returned);
  return told;
}

// One key's history.
class Register {
 public:
  void take(const Operation& operation) {
    if (!operation.linearizable) return stale_.push_back(&operation);
    if (operation.is_write()) places_[operation.write] = told_.size();
    told_.push_back(told_of(operation));
    from_.push_back(&operation);
  }
  void ends_with(const LastState& last) { last_ = &last; }

  void judge(const Evidence& evidence, Check& check) {
    check.examined += told_.size();
    for (const Operation* read : stale_)
      for (const WriteId id : read->returned) chosen(id, read->version, nanoseconds(read->completed), evidence, check);
    if (last_ != nullptr && last_->known)
      for (const WriteId id : last_->values) chosen(id, std::nullopt, kEver, evidence, check);
    const std::uint64_t bound = kMemoryBits / std::max<std::uint64_t>(told_.size(), 1);
    const lin::Verdict verdict = lin::check(told_, std::min(lin::kAttemptsMax, bound));
    if (verdict.judgement == lin::Judgement::violated)
      object(check, unless_destroyed(evidence), violation(evidence.recording, verdict));
    if (verdict.judgement == lin::Judgement::undecided)
      object(check, Judgement::undecided,
             fmt::format("whether an order explains the {} operations on {} was not found within bounds: spread them "
                         "over more keys",
                         told_.size(), evidence.recording.keys[from_.front()->key]));
  }

 private:
  // Somebody saw the write, as this version, before it was `by`.
  void chosen(WriteId id, std::optional<std::uint64_t> version, std::int64_t by, const Evidence& evidence,
              Check& check) {
    const auto place = places_.find(id);
    if (place == places_.end()) return;  // invented, which is another check's
    lin::Operation& write = told_[place->second];
    if (write.outcome == lin::Outcome::fail || write.lost) return;  // likewise
    if (write.version && version && *write.version != *version)
      object(check, unless_destroyed(evidence),
             fmt::format("{} is version {} of its key as well as {}",
                         describe(evidence.recording, *from_[place->second]), *write.version, *version));
    if (!write.version) write.version = version;
    write.returned = write.outcome == lin::Outcome::ok ? std::min(write.returned, by) : by;
    write.outcome = lin::Outcome::ok;
  }

  [[nodiscard]] std::string violation(const Recording& recording, const lin::Verdict& verdict) const {
    std::string text = fmt::format("{} has no place in any order of the {} operations on its key",
                                   sentence(recording, *verdict.stuck), told_.size());
    if (verdict.order.empty()) return text;
    return text + fmt::format("; the longest that explains what was told places {} and ends with {}",
                              verdict.order.size(), sentence(recording, verdict.order.back()));
  }

  [[nodiscard]] std::string sentence(const Recording& recording, std::size_t place) const {
    const Operation& operation = *from_[place];
    std::string text = describe(recording, operation);
    if (operation.function == Function::cas) text += " expecting " + told_[place].expected.value_or("no value");
    if (operation.expected_version) text += fmt::format(" expecting version {}", *operation.expected_version);
    if (!operation.is_write()) text += " returning " + told_[place].result.value_or("no value");
    return text;
  }

  std::vector<lin::Operation> told_;
  std::vector<const Operation*> from_;     // likewise
  std::map<WriteId, std::size_t> places_;  // of writes
  std::vector<const Operation*> stale_;    // reads
  const LastState* last_ = nullptr;
};

}  // namespace

Check check_linearizability(const Evidence& evidence) {
  Check check{.name = "linearizability"};
  std::map<std::uint32_t, Register> registers;
  for (const Operation& operation : evidence.recording.operations) {
    const bool is_stale_read = operation.version.has_value() && operation.outcome == Outcome::ok;
    if (operation.linearizable || is_stale_read) registers[operation.key].take(operation);
  }
  for (const LastState& last : evidence.recording.finals)
    if (const auto found = registers.find(last.key); found != registers.end()) found->second.ends_with(last);
  for (auto& [key, one] : registers) one.judge(evidence, check);
  return check;
}

}  // namespace shoal::study
