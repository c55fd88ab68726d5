// List coordinator: one page of the keys of one partition, each key once however many replicas hold it.
//
// The idea: r owners scan their copies in slot order from the same place; what they hold is merged key by key, and a
// key is listed when its merged record has a live value (or several, or none but a tombstone: KeyFilter). A page ends
// where the shortest scan ended, so nothing is skipped: beyond that point not all of those who answered have been
// heard.
//
//   client   -> here        ListRequest
//   here     -> r owners    FetchKeys; and to those who stand in for dead owners
//   owner    -> here        KeysFetched (causality only, no values)
//   fallback -> here        KeysFetched of the hints that it keeps of the partition
//   here     -> client      ListReply: names in slot order, and where to go on
//
// r counts owners and nobody else. A fallback that stands in has heard of the keys that were written meanwhile and of
// no other, so unlike a read of one key, where its hint is a whole state, its list proves nothing about absence. Its
// hints are merged in as an addition, because a key may exist nowhere else yet; a fallback that stays silent delays a
// page by one patience and fails nothing.
#pragma once

#include <map>
#include <set>

#include "node/base/time.h"
#include "node/core/open_calls.h"
#include "node/core/read_seats.h"
#include "node/core/services.h"

namespace shoal {

class ListCoordinator {
 public:
  explicit ListCoordinator(Services& services) : services_(services) {}

  // Precondition: the partition and the bucket exist.
  void on_request(const Address& asker, const ListRequest& request, Instant deadline, Now now);
  void on_keys_fetched(NodeId from, const KeysFetched& reply, Now now);
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
    ReadSeats seats;
    std::vector<NodeId> unasked;
    std::set<NodeId> stand_ins;  // not heard yet
    std::set<NodeId> heard;
    std::map<Slot, Merged> keys;
    std::optional<Slot> scanned_to;  // the shortest scan so far; absent while all reached the end
    Instant deadline;
    Duration patience;
  };

  template <class Nodes>
  void fetch(CallId call, const Open& open, const Nodes& nodes, Now now);
  void merge_page(Open& open, const KeysFetched& reply) const;
  void settle(CallId call);
  void answer(CallId call);

  Services& services_;
  OpenCalls<Open> open_;
};

// What this replica holds of one page: scans at most `request.limit` records and keeps those that match.
KeysFetched scan_keys(Store& store, const PreferenceLists& ring, const FetchKeys& request);

// The same of the hints that this node keeps, whomever they are for: at most `request.limit` of each owner's.
KeysFetched scan_hints(Store& store, const PreferenceLists& ring, const FetchKeys& request);

}  // namespace shoal
