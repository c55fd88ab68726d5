// The fields of Paxos' values and messages (node/core/paxos_messages.h); part of fields.h, and as append-only.
#pragma once

#include "node/core/message.h"
#include "node/core/store.h"
#include "node/wire/pack.h"

namespace shoal::paxos {

constexpr Verdict highest(Verdict) { return Verdict::lost; }

template <class A>
void fields(A& a, Ballot& v) {
  a(v.counter, v.proposer);
}
template <class A>
void fields(A& a, Served& v) {
  a(v.request, v.version, v.verdict);
}
template <class A>
void fields(A& a, Register& v) {
  a(v.version, v.hlc, v.request, v.exists, v.value, v.served, v.forgotten, v.clients_forgotten);
}
template <class A, class Value>
void fields(A& a, Acceptor<Value>& v) {
  a(v.promised, v.accepted, v.value);
}

inline bool is_valid(const Register& value) {
  return value.served.size() <= Register::kServedMax && value.forgotten.size() <= Register::kClientsMax;
}

}  // namespace shoal::paxos

namespace shoal {

template <class A>
void fields(A& a, TopologyVote& v) {
  a(v.follows, v.acceptor);
}
template <class A>
void fields(A& a, Prepare& v) {
  a(v.call, v.epoch, v.key, v.ballot, v.left);
}
template <class A>
void fields(A& a, Promise& v) {
  a(v.call, v.epoch, v.outcome, v.promised, v.accepted, v.value);
}
template <class A>
void fields(A& a, Accept& v) {
  a(v.call, v.epoch, v.key, v.ballot, v.value, v.left);
}
template <class A>
void fields(A& a, Accepted& v) {
  a(v.call, v.epoch, v.outcome, v.promised);
}
template <class A>
void fields(A& a, Poll& v) {
  a(v.call, v.epoch, v.key, v.ballot_only, v.left);
}
template <class A>
void fields(A& a, Polled& v) {
  a(v.call, v.epoch, v.outcome, v.accepted, v.value);
}
template <class A>
void fields(A& a, Learn& v) {
  a(v.epoch, v.key, v.ballot);
}
template <class A>
void fields(A& a, PrepareDocument& v) {
  a(v.call, v.epoch, v.ballot);
}
template <class A>
void fields(A& a, PromiseDocument& v) {
  a(v.call, v.epoch, v.outcome, v.promised, v.accepted, v.document);
}
template <class A>
void fields(A& a, AcceptDocument& v) {
  a(v.call, v.epoch, v.ballot, v.document);
}
template <class A>
void fields(A& a, AcceptedDocument& v) {
  a(v.call, v.epoch, v.outcome, v.promised);
}
template <class A>
void fields(A& a, VotersRequest& v) {
  a(v.call, v.voters, v.break_glass);
}
template <class A>
void fields(A& a, VotersReply& v) {
  a(v.call, v.outcome, v.document);
}

// What is proposed has a value; what was accepted has one, too, unless its ballot alone was asked for.
inline bool is_valid(const Accept& message) { return message.value != nullptr && !message.ballot.is_none(); }
inline bool is_valid(const Promise& message) {
  return message.outcome != Errc::ok || message.accepted.is_none() || message.value != nullptr;
}
inline bool is_valid(const PromiseDocument& message) {
  return message.outcome != Errc::ok || message.accepted.is_none() || message.document.has_value();
}

}  // namespace shoal
