// Nodes that answer from one shared map over real sockets on loopback: enough of a cluster to try a client on. Each
// can be told to misbehave, and to die.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "node/ring/preference_list.h"
#include "node/wire/frame.h"
#include "vclock/context.h"

namespace shoal::test {

// Knows the rules of siblings in the simplest form: every write has a number, and a context, authentic as those of real
// nodes are, is the highest number seen. All nodes share it, as if replication took no time.
class FakeStore {
 public:
  GetReply get(const Key& key);
  // A request id that was seen before is answered, not applied again.
  PutReply put(const PutRequest& request);
  // The same in a bucket of kind strong: one value, and writes that are made only if what they expect is so.
  PutReply put_strong(const PutRequest& request);
  ListReply list(const ListRequest& request, const PreferenceLists& ring);
  // What each owner holds.
  Record record(const Key& key);
  std::size_t writes_applied();
  // As a node would encode it: this actor's writes up to `number` were seen.
  static std::string context(const Key& key, std::uint64_t number, bool may_overwrite = true, std::uint64_t actor = 1);
  // The number in such a context, 0 for none; nothing when it is not authentic.
  static std::optional<std::uint64_t> number_in(const Key& key, const std::string& context);

 private:
  struct Version {
    std::uint64_t number = 0;
    RequestId request;
    bool tombstone = false;
    Blob bytes;
  };
  PutReply receipt(const Key& key, const std::vector<Version>& versions, const RequestId& request) const;

  std::mutex mutex_;
  std::map<Key, std::vector<Version>> records_;
  std::uint64_t last_ = 0;
};

// What a node does with one message.
struct Act {
  enum class Kind : std::uint8_t { serve, ignore, serve_silently, answer };
  Kind kind = Kind::serve;
  Message reply = Hello{};  // of `answer`; its call is filled in

  static Act serve() { return {}; }
  static Act ignore() { return {Kind::ignore, Hello{}}; }
  static Act serve_silently() { return {Kind::serve_silently, Hello{}}; }
  static Act answer(Message reply) { return {Kind::answer, std::move(reply)}; }
};
using Script = std::function<Act(const Message&)>;

// Refuses every put (or get) with this outcome and serves the rest.
Script refuse_puts(Errc code, std::string sentence);
Script ignore_data();
Script swallow_puts();  // applies them and says nothing

// The reads, writes and listings that arrived at the nodes it listens to, in order; everything is served.
class Heard {
 public:
  // May outlive this object.
  [[nodiscard]] Script script() const;
  [[nodiscard]] std::vector<GetRequest> gets() const;
  [[nodiscard]] std::vector<PutRequest> puts() const;
  [[nodiscard]] std::vector<ListRequest> lists() const;

 private:
  struct Log {
    std::mutex mutex;
    std::vector<GetRequest> gets;
    std::vector<PutRequest> puts;
    std::vector<ListRequest> lists;
  };
  std::shared_ptr<Log> log_ = std::make_shared<Log>();
};

class FakeNode;

// The membership document, which all nodes share.
class FakeDocument {
 public:
  [[nodiscard]] Ring get() const {
    const std::lock_guard lock(mutex_);
    return ring_;
  }
  void set(Ring ring) {
    const std::lock_guard lock(mutex_);
    ring_ = std::move(ring);
  }

 private:
  mutable std::mutex mutex_;
  Ring ring_;
};

class FakeCluster {
 public:
  explicit FakeCluster(std::size_t nodes, ClusterId cluster = {0x5110a1});
  ~FakeCluster();

  [[nodiscard]] std::string seeds() const;  // all of them: HOST:PORT,HOST:PORT
  [[nodiscard]] std::string seed(std::size_t node) const { return addresses_[node]; }
  [[nodiscard]] Ring ring() const { return document_.get(); }
  FakeStore& store() { return store_; }

  void script(std::size_t node, Script script);
  void script_all(const Script& script);
  void stop(std::size_t node);
  // Node indexes of the key's owners, in rank order.
  [[nodiscard]] std::vector<std::size_t> owners(const std::string& key, const std::string& bucket = "default") const;
  [[nodiscard]] std::size_t frames(std::size_t node) const;
  // Puts and gets that arrived, at all nodes.
  [[nodiscard]] std::size_t data_requests() const;
  // What status says of itself.
  void set_store_trouble(std::string sentence);
  // Changes what one node says in its status.
  void edit_status(std::size_t node, std::function<void(StatusReply&)> edit);

 private:
  FakeStore store_;
  std::vector<std::string> addresses_;
  FakeDocument document_;
  std::vector<std::unique_ptr<FakeNode>> nodes_;
};

}  // namespace shoal::test
