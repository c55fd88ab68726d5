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

bool is_of(const Served& served, std::uint64_t client) { return served.request.client == client; }

// Many at a time, so that what a client was told to name stays true for a while; never one that is in `served`, whose
// requests would seem to be all that it has made.
void forget_clients(Register& state) {
  std::size_t left = Register::kClientsMax / 2;
  const auto goes = [&](const RequestId& last) {
    const auto of_this = [&](const Served& served) { return is_of(served, last.client); };
    if (left == 0 || std::ranges::any_of(state.served, of_this)) return false;
    left -= 1;
    return true;
  };
  state.clients_forgotten += std::erase_if(state.forgotten, goes);
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
  if (state.forgotten.size() > Register::kClientsMax) forget_clients(state);
}

void remember(const Served& served, Register& state) {
  if (served.request == RequestId{}) return;
  state.served.push_back(served);
  if (state.served.size() > Register::kServedMax) forget_oldest(state);
}

// Precondition: it is not in `served`.
bool may_be_forgotten(const Change& change, const Register& state) {
  const auto known = std::ranges::find(state.forgotten, change.request.client, &RequestId::client);
  if (known != state.forgotten.end()) return change.request.sequence <= known->sequence;
  if (state.clients_forgotten == 0) return false;
  const auto first =
      std::ranges::find_if(state.served, [&](const Served& served) { return is_of(served, change.request.client); });
  if (first != state.served.end()) return change.request.sequence < first->request.sequence;
  return change.since < state.clients_forgotten;
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
