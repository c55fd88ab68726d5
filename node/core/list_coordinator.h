// List coordinator: one page of the keys of one partition, each key once however many replicas hold it.
//
// The idea: r owners scan their copies in slot order from the same place; what they hold is merged key by key, and a
// key is listed when its merged record has a live value. A page ends where the shortest scan ended, so nothing is
// skipped: beyond that point not all of the r have been heard.
//
//   client -> here        ListRequest
//   here   -> r owners    FetchKeys
//   owner  -> here        KeysFetched (causality only, no values)
//   here   -> client      ListReply: names in slot order, and where to go on
#pragma once

#include <map>

#include "node/base/time.h"
#include "node/core/open_calls.h"
#include "node/core/quorum.h"
#include "node/core/services.h"

namespace shoal {

class ListCoordinator {
 public:
  explicit ListCoordinator(Services& services) : services_(services) {}

  // Precondition: this node owns the partition.
  void on_request(const Address& asker, const ListRequest& request, Instant deadline, Now now);
  void on_keys_fetched(NodeId from, const KeysFetched& reply);
  void tick(Now now);

  [[nodiscard]] Instant next_deadline() const { return open_.next_deadline(); }
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  struct Merged {
    std::string name;
    Record record;
  };
  struct Open {
    Address asker;
    ListRequest request;
    Quorum quorum;
    std::vector<NodeId> unasked;
    std::map<Slot, Merged> keys;
    std::optional<Slot> scanned_to;  // the shortest scan so far; absent while all reached the end
    Instant deadline;
  };

  void fetch(CallId call, const Open& open, std::span<const NodeId> owners);
  void answer(CallId call);

  Services& services_;
  OpenCalls<Open> open_;
};

// What this replica holds of one page: scans at most `request.limit` records and keeps those that match.
KeysFetched scan_keys(Store& store, const PreferenceLists& ring, const FetchKeys& request);

}  // namespace shoal
