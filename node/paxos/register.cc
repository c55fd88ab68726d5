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

void remember(const Served& served, Register& state) {
  if (served.request == RequestId{}) return;
  state.served.push_back(served);
  if (state.served.size() <= Register::kServedMax) return;
  state.served.erase(state.served.begin());
  state.forgotten += 1;
}

}  // namespace

Ending apply(const Change& change, Register& state) {
  const auto served = std::ranges::find(state.served, change.request, &Served::request);
  if (change.request != RequestId{} && served != state.served.end())
    return {served->verdict == Verdict::applied ? Answer::applied : Answer::lost, served->version};
  if (change.retry && state.forgotten > 0) return {Answer::forgotten, state.version};
  const Verdict verdict = holds(change, state) ? Verdict::applied : Verdict::lost;
  if (verdict == Verdict::applied) write(change, state);
  remember({change.request, state.version, verdict}, state);
  return {verdict == Verdict::applied ? Answer::applied : Answer::lost, state.version};
}

}  // namespace shoal::paxos
