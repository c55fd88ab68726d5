// Load: who asks for what, and when. Sans-I/O: both drivers carry its requests to the nodes and its replies back, so
// that the simulator and real nodes see the same operations, and the same seed starts the same ones.
//
// Open loop: operations start at times drawn beforehand (Poisson), whether or not earlier ones have ended. A client
// does one thing at a time; when all are busy another one comes, on the connections of one that is there.
//
// Every value begins with the id of the operation that wrote it, so a read names the writes that it saw.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "bench/study/key_chooser.h"
#include "bench/study/recording.h"
#include "bench/study/scenario.h"
#include "client/dispatcher.h"
#include "node/base/rng.h"
#include "node/base/time.h"
#include "vclock/version_vector.h"

namespace shoal::study {

class Load {
 public:
  struct Start {
    std::size_t operation = 0;  // its place in the recording
    std::uint32_t connection = 0;
    client_detail::Request request;
    Duration timeout{};
  };
  // The clients of a workload that share a connection reach these nodes alone; empty: all.
  struct Connection {
    Nodes near;
    std::uint32_t retries = 0;
  };

  // `scenario`, `recording` and `document` outlive the load. Keys, and what stands in them from the start, are settled
  // here.
  Load(const Scenario& scenario, Rng rng, Recording& recording, const Membership& document);

  [[nodiscard]] const std::vector<Connection>& connections() const { return connections_; }
  // By key of the recording.
  [[nodiscard]] const Key& key(std::uint32_t index) const { return keys_[index]; }
  [[nodiscard]] std::size_t keys() const { return keys_.size(); }
  [[nodiscard]] bool is_filled(std::uint32_t index) const { return filled_[index]; }
  [[nodiscard]] std::uint32_t fill_bytes(std::uint32_t index) const { return fill_bytes_[index]; }

  // Times are since the load began. kOver: nothing will start any more, unless a reply makes it.
  static constexpr Duration kOver = Duration::max();
  [[nodiscard]] Duration next_start() const;
  // What starts now, in the order in which it was to start. It counts as invoked when it was to start: what is late
  // here was waited for.
  std::vector<Start> take_due(Duration now);
  void ended(std::size_t place, const Result<client_detail::Reply>& reply, Duration now);
  // A message goes out: a put that goes out again may land twice.
  void handed_over(const Message& message);
  void handed_over(std::size_t place);
  [[nodiscard]] std::size_t open() const { return open_.size(); }
  [[nodiscard]] bool is_open(std::size_t operation) const { return open_.contains(operation); }

 private:
  // What a client knows of one key.
  struct Known {
    std::string context;
    std::vector<WriteId> writes;  // whose values came with it
    std::optional<Blob> value;    // in a strong bucket: what a compare-and-set expects; absent: that there is none
  };
  // What its session has seen of a key.
  struct Seen {
    VersionVector clock;
    std::vector<WriteId> newest;
  };
  struct Lane {
    std::map<std::uint32_t, Known> known;  // by key
    std::map<std::uint32_t, Seen> seen;
    Duration free{};  // when its last operation ended
  };
  struct Crowd {
    const Workload* load = nullptr;
    std::vector<std::uint32_t> keys;  // into keys_
    KeyChooser chooser;
    std::uint32_t first_connection = 0;
    std::set<std::uint32_t> idle;  // lanes
    Rng rng;
    Duration next{};
  };
  struct Open {
    std::uint32_t crowd = 0;
    std::optional<Function> then;  // this get is the first half of a put, del or cas
    Blob written = {};             // put, cas
  };
  struct Later {
    Duration at{};
    std::uint64_t sequence = 0;
    Open open;
    Operation operation;
    Known known;  // what a write replaces
    auto operator<=>(const Later& other) const {
      return at != other.at ? at <=> other.at : sequence <=> other.sequence;
    }
    bool operator==(const Later& other) const { return sequence == other.sequence; }
  };

  void add_crowd(const Workload& load, const Rng& root);
  std::uint32_t add_key(Key key, const Workload& load);
  std::uint32_t common_key(const Workload& load, std::uint32_t number);
  std::uint32_t fresh_key(Crowd& crowd);
  void schedule_next(Crowd& crowd);
  Start take_later(Duration now);
  Start draw(std::uint32_t number);
  std::uint32_t take_lane(Crowd& crowd);
  // By operation.client. `known` is what a write replaces; null: what the client knows, if it is to use that.
  Start start(const Open& open, Operation operation, const Known* known, Duration planned);
  GetRequest get_request(const Crowd& crowd, Operation& operation);
  PutRequest put_request(Crowd& crowd, Operation& operation, const Known* known);
  void expect(const Known& known, Operation& operation, PutRequest& put) const;
  [[nodiscard]] bool is_strong(std::uint32_t key) const { return recording_.kinds[key] == Kind::strong; }
  [[nodiscard]] std::uint64_t version_in_context(const std::string& context, std::uint32_t key) const;
  // Take the answer into the operation, and return what its client knows now.
  Known note_read(Operation& operation, const GetReply& reply) const;
  Known note_write(Operation& operation, const PutReply& reply, Blob written) const;
  // The client knows the writes, by this context.
  void remember(const Operation& operation, const Workload& load, const Known& known, bool may_overwrite);
  // What the end of an operation makes start. False when its client has more to do.
  bool follow_up(const Operation& operation, const Open& open, Known known, Duration now);
  void probe(const Operation& write, std::uint32_t crowd, Duration now);

  const Scenario& scenario_;
  Recording& recording_;
  const Membership& document_;
  std::vector<Key> keys_;
  std::vector<bool> filled_;
  std::vector<std::uint32_t> fill_bytes_;
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> common_keys_;  // by bucket and number
  std::vector<Connection> connections_;
  std::vector<Crowd> crowds_;
  std::map<std::uint32_t, Lane> lanes_;  // by client
  std::uint32_t next_lane_ = 0;
  std::set<Later> later_;
  std::uint64_t next_sequence_ = 0;
  std::map<std::size_t, Open> open_;
  std::set<WriteId> sent_;  // writes that went out, while they are open
};

double seconds_of(Duration duration);
Duration duration_of(double seconds);

// The bytes that write `id` puts down, at least eight of them, and the way back.
std::string value_of(WriteId id, std::size_t bytes);
WriteId writer_of(std::string_view value);

}  // namespace shoal::study
