// Get coordinator: asks r owners for what they hold, merges, answers.
//
// The idea: ask just enough living owners, this node first. If one of them is slow or does not know, ask the rest too
// ("widen"). Replies are merged as whole records, so a reader sees the join of what it asked, siblings included.
//
//   client -> here         GetRequest
//   here   -> r owners     Fetch       (after kWidenAfter, or after a refusal: to all others)
//   owner  -> here         Fetched
//   here   -> client       GetReply: values and the context to write back with
//
// Invariants:
//  (1) r counts distinct owners that know: "don't know" (an unreadable record) counts for nothing.
//  (2) The context covers exactly what the merged replies cover.
//  (3) A tombstone is an answer: "no such key", with a context.
#pragma once

#include "node/base/time.h"
#include "node/core/open_calls.h"
#include "node/core/quorum.h"
#include "node/core/services.h"

namespace shoal {

inline constexpr Duration kWidenAfter = std::chrono::milliseconds(30);

// The first questions go to this node (when it is an owner), then to living owners in rank order; the rest is kept
// for widening. At most `first` of them are asked at once.
struct AskOrder {
  std::vector<NodeId> first;
  std::vector<NodeId> rest;
};
AskOrder ask_order(std::span<const NodeId> owners, NodeId self, const Peers& peers, int first);

class GetCoordinator {
 public:
  explicit GetCoordinator(Services& services) : services_(services) {}

  // Precondition: the bucket exists and this node owns the key.
  void on_request(const Address& asker, const GetRequest& request, Instant deadline, Now now);
  void on_fetched(NodeId from, const Fetched& reply);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return open_.next_deadline(); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  struct Open {
    Address asker;
    CallId asker_call;
    Key key;
    Slot slot;
    Kind kind;
    Quorum quorum;
    std::vector<NodeId> unasked;
    Record merged;
    Instant deadline;
  };

  void fetch(CallId call, const Key& key, std::span<const NodeId> owners);
  void widen(CallId call, Open& open);
  void add(Open& open, NodeId from, const Fetched& reply);
  void answer(CallId call);

  Services& services_;
  OpenCalls<Open> open_;
};

// What a reader is told of a merged record.
GetReply reply_of(const Record& merged, const Slot& slot, const HashKey& cluster_key);

}  // namespace shoal
