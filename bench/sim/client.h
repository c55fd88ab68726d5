// Client: one user who does one operation after another, badly enough to be interesting.
//
// It writes blindly, with contexts that have become stale, and with tokens of its last write; it asks owners and
// others; it gives up on a silent node and sends the very same request to another one, so that writes happen twice; it
// dies between request and answer. It reads at several levels, and as a session it hands over all that it has seen of a
// key. In a strong bucket it compares and sets as well, with what it has read or with what nobody wrote. It creates and
// changes the buckets of the plan when it finds that one is due. What it did and was told goes into
// the history.
//
// Sans-I/O, as the nodes are: messages and time in, messages out.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "bench/sim/bucket_book.h"
#include "bench/sim/history.h"
#include "bench/sim/keyspace.h"
#include "bench/sim/options.h"
#include "node/base/rng.h"
#include "node/core/message.h"

namespace shoal::sim {

// What all clients of a run share.
struct ClientWorld {
  LoadOptions load;
  std::vector<SimKey> keys;
  HashKey cluster_key;
  std::uint32_t nodes = 0;
  Duration think{};  // mean time between operations
  std::shared_ptr<BucketBook> buckets;

  // The fewest replies that an operation without stand-ins may have waited for, as a quorum that can be asked for: what
  // it asked for itself, or what its bucket may have said by now.
  [[nodiscard]] std::int32_t least_quorum(const Operation& operation) const;
};

class Client {
 public:
  struct Outgoing {
    std::uint32_t node = 0;
    Message message;
  };

  // `world` and `history` outlive the client.
  Client(std::uint64_t id, const ClientWorld& world, History& history, Rng rng, Instant start);

  void tick(Instant now);
  void receive(const Message& message, Instant now);
  [[nodiscard]] Instant next_deadline() const;
  std::vector<Outgoing> take_outbox();

  [[nodiscard]] bool idle() const { return !open_; }
  [[nodiscard]] bool dead() const { return dead_; }

 private:
  // A context and the writes whose values it came with.
  struct Known {
    std::string context;
    std::vector<RequestId> saw;
  };
  struct Open {
    RequestId id;
    Message request;
    std::vector<CallId> calls;  // of this request, or of this page
    int attempts = 0;
    bool unknown = false;  // some attempt may have been applied
    Instant give_up;       // on this attempt
  };

  void start(Instant now);
  void start_bucket_change(const BucketRequest& request, Instant now);
  Operation draw_operation(Action action, Instant now);
  std::uint32_t draw_key();
  Message request_of(Action action, Operation& operation);
  Message read_of(Operation& operation, Millis timeout);
  Message write_of(Action action, Operation& operation);
  Message bad_input_of(Operation& operation);
  [[nodiscard]] bool is_strong(const Operation& operation) const;
  void make_strong(GetRequest& get, Operation& operation);
  void make_strong(PutRequest& put, Operation& operation);
  const Known* context_for(Action action, std::uint32_t key) const;

  void send(Instant now);
  void ask_anew(std::uint64_t since, Instant now);
  void try_again_or_end(Outcome outcome, Errc error, Instant now);
  void end(Outcome outcome, Errc error, Instant now);

  void on_reply(const GetReply& reply, Instant now);
  void on_reply(const PutReply& reply, Instant now);
  void on_reply(const ListReply& reply, Instant now);
  void on_reply(const StatusReply& reply, Instant now);
  void on_reply(const BucketReply& reply, Instant now);
  template <class Other>
  void on_reply(const Other&, Instant) {}

  std::uint64_t id_;
  const ClientWorld& world_;
  History& history_;
  Rng rng_;
  Rng levels_;  // of its own, so that levels do not shift the rest
  Rng strong_;  // likewise
  Instant next_start_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t next_call_ = 1;
  std::map<std::uint32_t, Known> reads_;  // by key
  std::map<std::uint32_t, Known> tokens_;
  std::map<std::uint32_t, VersionVector> seen_;  // by key, whatever was returned
  std::optional<Open> open_;
  bool dead_ = false;
  std::vector<Outgoing> outbox_;
};

// Takes a read's reply into its operation: which writes came back, and what the context covers.
void record_read(const GetReply& reply, const SimKey& key, const HashKey& cluster_key, const History& history,
                 Operation& operation);

}  // namespace shoal::sim
