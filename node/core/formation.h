// Formation: how a cluster comes together, and how its membership document spreads.
//
// The founder numbers the documents (until a Paxos register does). A newcomer asks any member, who passes the question
// on. Everybody announces the newest document it knows, once a period to the next member in turn, and whoever knows a
// newer one sends it. Records cannot move between nodes yet, so joining ends for good before the first client write:
// that write waits until the founder has numbered a document that says so.
//
//   newcomer -> member -> founder   Join
//   founder  -> member -> newcomer  JoinReply
//   member   -> founder             CloseFormation
//   client   -> member -> founder   BucketRequest, answered by BucketReply when the document with it is in force
//   any      -> any                 DocumentDigest, answered by DocumentDigest (behind) or DocumentPush (ahead)
//
// Invariants:
//  (1) A document is on the founder's disk before anybody, the founder included, acts on it: a crash never leads to
//      two documents of one epoch.
//  (2) No client write is accepted under a document that is still forming, so no write is ever made under owners that
//      a later join replaces.
//  (3) Epochs only grow. Two documents of one epoch with different content stop the node.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "node/base/time.h"
#include "node/core/message.h"
#include "node/core/outbox.h"
#include "node/core/store.h"
#include "node/core/trace.h"
#include "node/ring/preference_list.h"

namespace shoal {

inline constexpr Duration kAnnouncePeriod = std::chrono::milliseconds(500);

class Formation {
 public:
  // `address` is what others shall reach this node by; when the document has another one, it is asked to change.
  // `store`, `outbox` and `trace` outlive the formation.
  // `first_relay`: random, so that an answer to an earlier life of this node is none to this one's questions.
  Formation(NodeId self, std::string address, Membership document, Store& store, Outbox& outbox, Trace& trace,
            std::uint64_t first_relay);

  [[nodiscard]] const Ring& ring() const { return ring_; }
  [[nodiscard]] const Membership& document() const { return ring_->document(); }
  [[nodiscard]] bool forming() const { return document().forming; }
  [[nodiscard]] const std::string& stop_reason() const { return stop_reason_; }

  // A client write waits for formation to end. Call as often as one does: it asks the founder at most every 50 ms.
  void close(Now now);

  void on_join(const Address& from, const Join& join);
  void on_join_reply(const JoinReply& reply);
  void on_close(NodeId from, const CloseFormation& close);
  void on_bucket(const Address& from, const BucketRequest& request);
  void on_bucket_reply(const BucketReply& reply);
  void on_document_digest(NodeId from, const DocumentDigest& theirs);
  // `peer` acts by the document of `epoch`: whoever is behind of the two learns the newer one.
  void show_document(NodeId peer, Epoch epoch);
  // True when it was news and is in force now.
  bool on_document(const DocumentPush& push);

  void tick(Now now);
  [[nodiscard]] Instant next_deadline() const { return next_announcement_; }
  // When close() will ask again.
  [[nodiscard]] Instant next_close() const { return next_close_; }

 private:
  // Who asked this node to pass a question on, and under which call. At the founder: who waits for a document.
  struct Relay {
    Address asker;
    CallId call;
  };

  [[nodiscard]] bool is_founder() const { return document().founder == self_; }
  [[nodiscard]] DocumentDigest digest() const;
  void admit(const Address& from, const Join& join);
  CallId remember(const Address& asker, CallId call);
  std::optional<Relay> recall(CallId call);
  // Founder only: numbers `next`, and puts it in force once it is durable. False while another one is on its way.
  bool propose(Membership next);
  void change_bucket(const Address& from, const BucketRequest& request);
  void answer_bucket_waiters();
  void put_in_force(Membership document);
  void announce();
  void claim_address();

  NodeId self_;
  std::string address_;
  Ring ring_;
  Store& store_;
  Outbox& outbox_;
  Trace& trace_;
  std::string stop_reason_;
  Epoch proposed_;  // the newest epoch that this founder has numbered
  Instant next_announcement_ = Instant::min();
  Instant next_close_ = Instant::min();
  std::size_t announced_ = 0;  // whose turn it is
  std::uint64_t next_relay_;
  std::map<CallId, Relay> relays_;
  std::vector<Relay> bucket_waiters_;  // founder: answered when the proposed document is in force
};

}  // namespace shoal
