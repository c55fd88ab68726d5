#include "node/paxos/register.h"

#include <algorithm>

namespace shoal::paxos {
namespace {

bool holds(const Change& change, const Register& state) {
  switch (change.condition) {
    case Condition::none: return true;
    case Condition::absent: return !state.exists;
    case Condition::value: return state.exists && state.value == change.expected;
    case Condition::version: return state.version == change.expected_version;
  }
  return false;
}

void write(const Change& change, Register& state) {
  state.version += 1;
  state.hlc = std::max(change.hlc, state.hlc + 1);
  state.request = change.request;
  state.exists = !change.remove;
  state.value = change.remove ? Blob() : change.value;
}

void forget_oldest(Register& state) {
  RequestId oldest = state.served.front().request;
  state.served.erase(state.served.begin());
  const auto known = std::ranges::find(state.forgotten, oldest.client, &RequestId::client);
  if (known != state.forgotten.end()) {
    oldest.sequence = std::max(oldest.sequence, known->sequence);
    state.forgotten.erase(known);
  }
  state.forgotten.push_back(oldest);
  if (state.forgotten.size() <= Register::kClientsMax) return;
  state.forgotten.erase(state.forgotten.begin());
  state.clients_forgotten += 1;
}

void remember(const Served& served, Register& state) {
  if (served.request == RequestId{}) return;
  state.served.push_back(served);
  if (state.served.size() > Register::kServedMax) forget_oldest(state);
}

bool may_be_forgotten(const Change& change, const Register& state) {
  const auto known = std::ranges::find(state.forgotten, change.request.client, &RequestId::client);
  if (known != state.forgotten.end()) return change.request.sequence <= known->sequence;
  return change.retry && state.clients_forgotten > 0;
}

}  // namespace

Ending apply(const Change& change, Register& state) {
  const auto served = std::ranges::find(state.served, change.request, &Served::request);
  if (change.request != RequestId{} && served != state.served.end())
    return {served->verdict == Verdict::applied ? Answer::applied : Answer::lost, served->version};
  if (may_be_forgotten(change, state)) return {Answer::forgotten, state.version};
  const Verdict verdict = holds(change, state) ? Verdict::applied : Verdict::lost;
  if (verdict == Verdict::applied) write(change, state);
  remember({change.request, state.version, verdict}, state);
  return {verdict == Verdict::applied ? Answer::applied : Answer::lost, state.version};
}

}  // namespace shoal::paxos
