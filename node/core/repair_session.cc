#include "node/core/repair_session.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "node/core/leaf_records.h"
#include "node/core/state_digest.h"

namespace shoal {
namespace {

constexpr std::uint64_t kSiblingBytes = 48;
constexpr std::uint64_t kClockEntryBytes = 24;

}  // namespace

std::uint64_t state_bytes(const Record& record) {
  std::uint64_t bytes = kClockEntryBytes * record.clock.entries().size();
  for (const Sibling& sibling : record.siblings) bytes += kSiblingBytes + sibling.value.size();
  return bytes;
}

void RepairSession::advance(Now now) {
  if (walk_.stale()) {
    step_ = Step::broken;
    return;
  }
  call_ = services_.new_call();
  answer_by_ = now.mono + kAnswerWithin;
  step_ = Step::waits;
  if (to_push_.empty() && to_pull_.empty()) take_up_lacking();
  if (!to_push_.empty()) return push();
  if (!to_pull_.empty()) return pull();
  asked_what_ = Asked::walk;
  if (!walk_.ask(call_, now)) step_ = Step::done;
}

void RepairSession::tick(Now now) {
  if (now.mono < answer_by()) return;
  services_.trace.mark(Mark::repair_unanswered);
  step_ = ++attempts_ == kAttempts || asked_what_ == Asked::walk ? Step::broken : Step::ready;
}

bool RepairSession::take(const ElementsCompared& answer) {
  const std::optional<std::vector<Element>> differing = walk_.take(answer);
  if (!differing) return false;
  counts_.differences += differing->size();
  for (const Element& there : *differing) (there.digest != 0 ? to_pull_ : lacking_).push_back(there.slot);
  return true;
}

void RepairSession::take_up_lacking() {
  std::uint64_t bytes = 0;
  while (!lacking_.empty() && to_push_.size() < kStatesAtOnce && bytes < kBytesAtOnce) {
    const Result<EntryPtr> here = services_.store.read(lacking_.front());
    lacking_.pop_front();
    if (!here || *here == nullptr) continue;
    bytes += state_bytes((*here)->record);
    to_push_.push_back(*here);
  }
}

void RepairSession::pull() {
  asked_what_ = Asked::pull;
  asked_ = std::min(to_pull_.size(), kStatesAtOnce);
  PullStates question{call_, services_.topology.document().epoch, {}, false};
  question.slots.assign(to_pull_.begin(), to_pull_.begin() + static_cast<std::ptrdiff_t>(asked_));
  services_.outbox.send(walk_.peer(), std::move(question));
}

bool RepairSession::take(const StatesPulled& answer) {
  if (answer.outcome != Errc::ok || asked_what_ != Asked::pull) return false;
  if (answer.covered == 0 || answer.covered > asked_) return false;
  for (const KeyedState& state : answer.states) merge(state);
  to_pull_.erase(to_pull_.begin(), to_pull_.begin() + static_cast<std::ptrdiff_t>(answer.covered));
  return true;
}

// What cannot be read here stays so: the quarantine asks all owners.
void RepairSession::merge(const KeyedState& state) {
  const Ring& ring = services_.topology.ring();
  const Slot slot = slot_of(ring->document().cluster_key, state.key);
  const auto end_of_asked = to_pull_.begin() + static_cast<std::ptrdiff_t>(asked_);
  if (std::find(to_pull_.begin(), end_of_asked, slot) == end_of_asked) return;
  const Result<EntryPtr> before = services_.store.read(slot);
  if (!before) services_.replica.note_damaged(slot, before.error());
  if (!before || !services_.replica.merge(slot, state.key, state.kind, *state.state)) return;
  counts_.pulled += 1;
  counts_.state_bytes += state_bytes(*state.state);
  services_.trace.mark(Mark::repair_pulled);
  if (*before == nullptr) return;
  const Result<EntryPtr> after = services_.store.read(slot);
  if (after && *after != nullptr && (*after)->digest != state_digest(slot, *state.state)) to_push_.push_back(*before);
}

void RepairSession::push() {
  asked_what_ = Asked::push;
  PushStates question{call_, services_.topology.document().epoch, {}};
  std::uint64_t bytes = 0;
  for (asked_ = 0; asked_ < std::min(to_push_.size(), kStatesAtOnce) && bytes < kBytesAtOnce; ++asked_) {
    const EntryPtr& entry = to_push_[asked_];
    question.states.push_back({entry->key, entry->kind, RecordPtr(entry, &entry->record)});
    bytes += state_bytes(entry->record);
  }
  counts_.state_bytes += bytes;
  services_.outbox.send(walk_.peer(), std::move(question));
}

bool RepairSession::take(const StatesPushed& answer) {
  if (answer.outcome != Errc::ok || asked_what_ != Asked::push) return false;
  counts_.pushed += asked_;
  for (std::size_t i = 0; i < asked_; ++i) services_.trace.mark(Mark::repair_pushed);
  to_push_.erase(to_push_.begin(), to_push_.begin() + static_cast<std::ptrdiff_t>(asked_));
  return true;
}

}  // namespace shoal
