// A few real nodes on a table: a language in which tests say what happens to messages, disks and clocks.
//
// Nodes are called a, b, c, ... Messages travel when run() says so, in the order in which they were sent, unless their
// link is cut. Disks are fast (synced at once) until slow_disk(). Time stands still until advance().
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "node/core/node.h"
#include "tests/core/memory_store.h"
#include "vclock/context.h"

namespace shoal {

using Name = char;
inline NodeId id_of(Name name) { return {static_cast<std::uint64_t>(name - 'a' + 1)}; }
inline Name name_of(NodeId id) { return static_cast<Name>('a' + static_cast<char>(id.value - 1)); }

struct ClusterOptions {
  std::uint32_t replicas = 3;
  bool forming = false;
  bool strong = false;  // bucket "default" is of kind strong
  std::string relaxed;  // names of nodes that acknowledge before their disk has it
  std::size_t open_requests_max = 100'000;
  std::uint64_t hint_bytes_max = 1'000'000;
  std::size_t waiting_for_disk_max = 200'000;
  std::string zones;  // one letter for each node; none: all in one
  RepairPace repair;
};

struct Put {
  std::string key = "k";
  std::string value = "v";
  std::string context;
  std::int32_t w = 0;
  RequestId request;  // empty: a fresh one
  bool tombstone = false;
  Millis timeout{1000};
  Level level = Level::quorum;
  std::int32_t pw = 0;
  std::string bucket = "default";
  PutIf condition = PutIf::always;
  std::string expected = "";
  bool retry = false;
  std::uint64_t since = 0;
};

struct Get {
  std::string key = "k";
  std::int32_t r = 0;
  Millis timeout{1000};
  Level level = Level::quorum;
  std::int32_t pr = 0;
  std::string session;
};

struct Newcomer {
  Name node = 'x';
  std::string name;     // empty: the node's letter
  std::string address;  // empty: as address_of
  bool reset_identity = false;
};

class Cluster {
 public:
  struct Flight {
    Name from;
    Name to;
    Message message;
  };
  // `lost`: the link was cut or the receiver down.
  using Watch = std::function<void(const Flight& flight, bool lost)>;

  // The first name founds the cluster; all of them are members.
  explicit Cluster(std::string_view names, ClusterOptions options = {});

  // ---- clients. start_* only hand the request over; the others run until nothing moves and expect an answer.
  CallId ask(Name via, Message question);  // any message a client may send; its call id is filled in
  CallId start_put(Name via, const Put& put);
  CallId start_get(Name via, const Get& get);
  PutReply put(Name via, const Put& put);
  GetReply get(Name via, const Get& get = {});
  PutReply del(Name via, const std::string& key, const std::string& context);
  ListReply list(Name via, ListRequest request);
  std::vector<std::string> list_all(Name via, const std::string& prefix, std::uint32_t limit);
  [[nodiscard]] bool answered(CallId call) const { return replies_.contains(call); }
  template <class Reply>
  const Reply& reply(CallId call) const {
    return std::get<Reply>(replies_.at(call));
  }

  // ---- the network
  void run();  // until nothing moves
  void cut(Name from, Name to) { cut_.insert({from, to}); }
  void isolate(Name node);
  // Messages like this are lost until heal().
  void lose(std::function<bool(const Flight&)> like) { losing_.push_back(std::move(like)); }
  void heal() { cut_.clear(), losing_.clear(); }
  void deliver_twice(bool on) { twice_ = on; }
  void inject(Name from, Name to, Message message) { flights_.push_back(Flight{from, to, std::move(message)}); }
  void age_messages(Duration age) { age_ = age; }  // all that travel from now on have waited so long
  void watch(Watch watch) { watch_ = std::move(watch); }
  [[nodiscard]] std::size_t delivered(std::string_view link) const;  // messages so far, by "ab" for a to b

  // ---- disks, clocks, lives
  void slow_disk(Name name) { slow_.insert(name); }
  void fast_disk(Name name);
  void advance(Duration span);
  void set_wall(std::int64_t ms) { wall_ms_ = ms; }
  void kill(Name name);                                    // what was not synced is gone
  void start(Name name, const std::string& address = {});  // again, from its disk
  void believe(Name node, Liveness liveness);              // everybody hears it from the failure detector
  // As if `keeper` had stood in for `owner` when `from` held what it holds now.
  void keep_hint(Name keeper, Name owner, const std::string& key, Name from);

  // ---- formation: asks up to five times, as a newcomer does, and starts the node when it is let in
  JoinReply join(Name via, const Newcomer& newcomer);

  // ---- looking in
  [[nodiscard]] Node& node(Name name) { return *machines_.at(name).node; }
  [[nodiscard]] MemoryStore& store(Name name) { return machines_.at(name).store; }
  [[nodiscard]] bool up(Name name) const { return machines_.at(name).node != nullptr; }
  [[nodiscard]] std::uint64_t marks(Name name, Mark mark) const { return machines_.at(name).marks.of(mark); }
  [[nodiscard]] const Membership& document(Name name) { return node(name).ring()->document(); }
  [[nodiscard]] Slot slot(const std::string& key) const;
  [[nodiscard]] std::string owners(const std::string& key) const;  // names in rank order
  [[nodiscard]] std::string fallbacks(const std::string& key) const;
  [[nodiscard]] EntryPtr hint(Name holder, Name owner, const std::string& key);  // nullptr: none
  [[nodiscard]] Record record(Name name, const std::string& key);                // empty when nothing is held
  [[nodiscard]] CausalContext decode(const std::string& key, const std::string& context) const;
  [[nodiscard]] const HashKey& cluster_key() const { return founding_.cluster_key; }
  [[nodiscard]] Now now() const;

  static std::string address_of(Name name) { return std::string("host-") + name + ":7000"; }

 private:
  struct Machine {
    MemoryStore store;
    MarkCounts marks;
    std::unique_ptr<Node> node;
    std::uint64_t lives = 0;
  };

  void boot(Name name, const Membership& document, const std::string& address);
  void collect();
  void take_reply(const Message& message);
  void deliver(const Flight& flight);
  bool sync_disks();
  bool tick_due();

  ClusterOptions options_;
  Membership founding_;
  std::map<Name, Machine> machines_;
  std::deque<Flight> flights_;
  std::map<CallId, Message> replies_;
  std::map<std::string, std::size_t, std::less<>> delivered_;
  std::set<std::pair<Name, Name>> cut_;
  std::vector<std::function<bool(const Flight&)>> losing_;
  std::set<Name> slow_;
  Watch watch_;
  bool twice_ = false;
  Duration age_{};
  Instant now_{std::chrono::seconds(10)};
  std::int64_t wall_ms_ = 1'700'000'000'000;
  std::uint64_t next_call_ = 1;
  std::uint64_t next_request_ = 1;
};

// The values of a read, sorted.
std::vector<std::string> values_of(const GetReply& reply);

}  // namespace shoal
