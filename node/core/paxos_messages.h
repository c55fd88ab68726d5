// What proposers, acceptors and learners say to each other: of keys in strong buckets, and of the next membership
// document (node/paxos, strong_coordinator.h, topology.h).
//
// Every message carries the sender's epoch. An acceptor votes only in its own: Errc::refused otherwise, and whoever is
// behind is sent the newer document. Any other outcome but `ok` means that it cannot vote.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/base/time.h"
#include "node/paxos/ballot.h"
#include "node/paxos/register.h"
#include "node/ring/membership.h"

namespace shoal {

// ---- of a key --------------------------------------------------------------------------------------------------

struct Prepare {
  CallId call;
  Epoch epoch;
  Key key;
  paxos::Ballot ballot;
  Millis left{};  // until nobody waits for the answer any more; 0: not said
};

// `promised` above the ballot that was asked for: a conflict, and the rest says nothing.
struct Promise {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  paxos::Ballot promised;
  paxos::Ballot accepted;  // none: nothing was accepted, and there is no value
  paxos::RegisterPtr value;
};

struct Accept {
  CallId call;
  Epoch epoch;
  Key key;
  paxos::Ballot ballot;
  paxos::RegisterPtr value;
  Millis left{};
};

// `promised` is the ballot, or the proposer's next one: it was accepted. Anything else above it: a conflict.
struct Accepted {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  paxos::Ballot promised;
};

// A learner's question: what have you accepted? Promises nothing.
struct Poll {
  CallId call;
  Epoch epoch;
  Key key;
  bool ballot_only = false;
  Millis left{};
};

struct Polled {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  paxos::Ballot accepted;
  paxos::RegisterPtr value;
};

// A majority has accepted this ballot: its value is chosen. Not answered, may be lost.
struct Learn {
  Epoch epoch;
  Key key;
  paxos::Ballot ballot;
};

// ---- of the membership document that follows the one of `epoch` -----------------------------------------------------

struct PrepareDocument {
  CallId call;
  Epoch epoch;
  paxos::Ballot ballot;
};

struct PromiseDocument {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  paxos::Ballot promised;
  paxos::Ballot accepted;
  std::optional<Membership> document;
};

struct AcceptDocument {
  CallId call;
  Epoch epoch;
  paxos::Ballot ballot;
  Membership document;
};

struct AcceptedDocument {
  CallId call;
  Epoch epoch;
  Errc outcome = Errc::ok;
  paxos::Ballot promised;
};

// ---- from a person ---------------------------------------------------------------------------------------------

// Names the voters (names, ids or addresses of members; empty: let the cluster choose), or, when a majority of them is
// lost for ever, breaks the glass: the asked node alone starts a new generation of documents.
struct VotersRequest {
  CallId call;
  std::vector<std::string> voters;
  bool break_glass = false;
};

struct VotersReply {
  CallId call;
  Error outcome;
  std::optional<Membership> document;  // in force afterwards
};

}  // namespace shoal
