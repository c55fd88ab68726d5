// libshoal: the C++ client of a shoal cluster.
//
//     shoal::Client db{"shoal://127.0.0.1:7100,127.0.0.1:7110"};      // any node will do; the rest is discovered
//     db.put("user:1", "ada").value();                                // throws on failure; or look at the Result
//     auto got = db.get("user:1", {.r = 1});
//     if (got && got->exists()) std::cout << got->value() << '\n';
//
// A Client is thread-safe, connects at first use, and asks an owner of the key directly. A timeout is the deadline of
// the whole call, retries included. Requests that are on their way at the same time share frames by themselves.
//
// Concurrent writes are kept side by side ("siblings") until somebody who saw them all writes with the context that
// came with them. `update` does that: read, merge, change, write back. A plain `put` without a context is blind: it
// lands beside what is there.
//
// A bucket of kind strong has no siblings: every write to it is agreed on by a majority of the key's owners, reads show
// the newest value, and `cas`, `put_if_absent` and `del_if` write only if the key is as expected:
//
//     db.create_bucket({.name = "locks", .kind = "strong"}).value();
//     auto won = db.put_if_absent("printer", "ada", {.bucket = "locks"});
//     if (!won && won.error().code == Errc::conflict) ...             // somebody else has it; certainly not applied
//     if (!won && won.error().maybe_applied()) ...                    // nobody knows yet: read it
//
// These headers need the standard library, node/base/result.h and node/base/level.h alone.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "node/base/level.h"
#include "node/base/result.h"
#include "shoal/cluster.hpp"
#include "shoal/session.hpp"

namespace shoal {

namespace client_detail {
class Engine;
struct Access;
struct ScanState;
template <class T>
struct PendingState;
}  // namespace client_detail

class LaboratoryAccess;

// What a caller has seen of one key. Copy it, store it, send it; never look inside.
class Context {
 public:
  Context() = default;

  // Text for a file, a header or a command line. Empty for an empty context.
  [[nodiscard]] std::string token() const;
  // Errc::bad_context when this cannot be a token. Forged tokens and those of another key are found by the node.
  static Result<Context> parse(std::string_view token);

  [[nodiscard]] bool empty() const { return bytes_ == nullptr; }
  friend bool operator==(const Context& a, const Context& b) { return a.view() == b.view(); }

 private:
  friend struct client_detail::Access;
  explicit Context(std::string bytes)
      : bytes_(bytes.empty() ? nullptr : std::make_shared<const std::string>(std::move(bytes))) {}
  [[nodiscard]] std::string_view view() const { return bytes_ ? std::string_view(*bytes_) : std::string_view(); }

  // Shared, so that copies are cheap; and not a string by value, because g++ 12 relocates the temporaries of a co_await
  // expression byte by byte, which an options struct with a short string in it does not survive.
  std::shared_ptr<const std::string> bytes_;
};

// How many replicas must take part: a number, a majority of the owners, all of them, or what level and bucket say.
struct Copies {
  constexpr Copies(int count = 0) : n(count) {}  // NOLINT(google-explicit-constructor): {.r = 1} reads well
  static constexpr Copies one() { return {1}; }
  static constexpr Copies majority() { return {-2}; }
  static constexpr Copies all() { return {-1}; }
  friend bool operator==(const Copies&, const Copies&) = default;

  int n;  // 0: what level and bucket say, for pr and pw none; -1: all; -2: a majority
};

// What is absent is the client's own (Options); what that leaves open is the bucket's. An explicit r, w, pr or pw goes
// before what the level would ask for.
//
//   Level::eventual   one replica is enough
//   Level::quorum     r and w of the bucket, a majority by default
//   Level::session    as quorum, and never older than what the session has seen; comes with a Session, and only so
//   Level::all        every owner itself, no stand-in; a read ends with Errc::inconsistent when they cannot be agreed
//   Level::strong     linearizable: the newest value, once and for all. In buckets of kind strong alone
//
// In a bucket of kind strong, reads at the levels quorum, all and strong are linearizable; eventual and session show
// what was agreed on, perhaps an older one. Writes there are strong whatever their level; r, w, pr and pw count
// nothing.
struct ReadOptions {
  std::optional<Copies> r = {};
  std::optional<Millis> timeout = {};  // deadline of the whole call, retries included
  std::string_view bucket = "default";
  std::optional<Level> level = {};
  Copies pr = {};              // of the replies: from owners themselves and not from stand-ins
  Session* session = nullptr;  // not used after the call, also of Async, has returned
};

struct WriteOptions {
  std::optional<Copies> w = {};
  std::optional<Millis> timeout = {};
  // What this write replaces; empty: nothing, it lands beside what is there. In a bucket of kind strong: only if the
  // key is still as it was read, else Errc::conflict; empty: whatever is there.
  Context context = {};
  std::string_view bucket = "default";
  std::optional<Level> level = {};
  Copies pw = {};              // of the acknowledgements: by owners themselves and not by stand-ins
  Session* session = nullptr;  // remembers this write before the call returns
};

// Which keys a listing names: those that have a value; those that have several, which nobody has settled; those that
// were deleted and of which nodes still know that.
enum class Keys : std::uint8_t { live, conflicts, tombstones };

// A listing knows the levels eventual, quorum and all.
struct ScanOptions {
  std::optional<Copies> r = {};
  std::optional<Millis> timeout = {};  // of each page
  std::string_view bucket = "default";
  std::uint32_t page = 1000;  // keys asked for at once
  int window = 32;            // pages on their way at the same time
  std::optional<Level> level = {};
  Keys keys = Keys::live;
};

// What a read returns: one value, several concurrent ones ("siblings"), or none.
class Object {
 public:
  using Time = std::chrono::system_clock::time_point;

  [[nodiscard]] bool exists() const { return !values_.empty(); }
  [[nodiscard]] bool conflicted() const { return values_.size() > 1; }
  // Throws BadResult when there is no value, or more than one: it never picks.
  [[nodiscard]] const std::string& value() const&;
  // Oldest first, by the writers' clocks.
  [[nodiscard]] std::span<const std::string> siblings() const { return values_; }
  // When each sibling was written, as its coordinator's clock said. For people; causality never depends on it.
  [[nodiscard]] std::span<const Time> written() const { return written_; }
  // Hand it back with the next write: it then replaces what was seen here.
  [[nodiscard]] const Context& context() const { return context_; }
  // Of the replies merged here: from nodes that answered for an owner that was not reachable.
  [[nodiscard]] int stand_ins() const { return stand_ins_; }

 private:
  friend struct client_detail::Access;
  std::vector<std::string> values_;
  std::vector<Time> written_;
  Context context_;
  int stand_ins_ = 0;
};

// What is known about a write that succeeded.
struct Receipt {
  Context context;        // replaces this write, unless there are siblings: then read them first
  int acks = 0;           // replicas that have it
  int needed = 0;         // replicas that were asked for
  int stand_ins = 0;      // of the acks: nodes that keep it for an owner that was not reachable
  bool durable = false;   // all counted acks were on disk
  unsigned siblings = 1;  // values the key holds now; more than 1: this one landed beside others
};

// Merges concurrent values into one. Empty: conflicts are an error.
using Resolver = std::function<std::string(std::span<const std::string>)>;

namespace resolve {
Resolver none();
Resolver last_writer();  // keeps the newest by the writers' clocks: loses the others, on purpose
Resolver largest();      // keeps the greatest in byte order
}  // namespace resolve

// A result on its way: wait for it, chain on it, or co_await it; one of them, once. Dropping it does not stop the
// request, only nobody hears of its end.
template <class T>
class [[nodiscard]] Pending {
 public:
  explicit Pending(std::shared_ptr<client_detail::PendingState<T>> state) : state_(std::move(state)) {}

  // Blocks. Errc::invalid instead of a deadlock when called on the client's own thread before the result is there.
  Result<T> get();

  // Calls back on the client's thread, or at once when the result is there. Keep it short: the client waits meanwhile.
  void on_ready(std::function<void(Result<T>)> callback);
  template <class F>
  void then(F&& f) && {
    on_ready(std::function<void(Result<T>)>(std::forward<F>(f)));
  }

  [[nodiscard]] bool ready() const;
  [[nodiscard]] bool await_ready() const { return ready(); }
  bool await_suspend(std::coroutine_handle<> waiting);
  Result<T> await_resume() { return get(); }

 private:
  std::shared_ptr<client_detail::PendingState<T>> state_;
};

// Every key of a prefix once, in the order of their hashes, streamed. Keys written meanwhile may or may not appear.
class Scan {
 public:
  explicit Scan(std::unique_ptr<client_detail::ScanState> state);
  Scan(Scan&&) noexcept;
  Scan& operator=(Scan&&) noexcept;
  ~Scan();

  // The next key, or nothing at the end. After an error: the same error again; the scan was not complete.
  Result<std::optional<std::string>> next();

  // For range-for. Throws BadResult where next() has an error, so that a partial scan never looks complete.
  class iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = std::string;
    using pointer = const std::string*;
    using reference = const std::string&;

    iterator() = default;
    explicit iterator(Scan* scan) : scan_(scan) { ++*this; }
    const std::string& operator*() const { return key_; }
    iterator& operator++();
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return scan_ == nullptr; }

   private:
    Scan* scan_ = nullptr;
    std::string key_;
  };
  iterator begin() { return iterator(this); }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::unique_ptr<client_detail::ScanState> state_;
};

struct Options {
  std::vector<std::string> seeds;  // "HOST:PORT" or "[V6]:PORT"
  Millis timeout{1000};            // deadline of a call that names none
  Copies r = {};                   // what the level and the bucket say
  Copies w = {};
  Level level = Level::quorum;  // not Level::session: that comes with a Session
  int max_inflight = 1024;      // further callers wait; on the client's own thread they get Errc::overloaded
  int retries = 2;              // further nodes to ask after the first; beside a silent one only within a budget
  Millis backoff{20};           // pause before asking again; grows, with jitter
  bool seeds_only = false;      // ask no other nodes about keys: for clients on one side of a network

  // "shoal://host:port,host:port?r=1&w=all&level=quorum&timeout=200ms&max_inflight=64&retries=3&backoff=10ms", and
  // seeds_only=true
  static Result<Options> parse(std::string_view uri);
};

// The same verbs, not waited for. Cheap to copy; works until its Client is closed.
class Async {
 public:
  explicit Async(std::shared_ptr<client_detail::Engine> engine) : engine_(std::move(engine)) {}

  Pending<Object> get(std::string_view key, ReadOptions options = {});
  Pending<Receipt> put(std::string_view key, std::string_view value, const WriteOptions& options = {});
  Pending<Receipt> del(std::string_view key, const WriteOptions& options = {});
  Pending<Receipt> put_if_absent(std::string_view key, std::string_view value, const WriteOptions& options = {});
  Pending<Receipt> cas(std::string_view key, std::string_view expected, std::string_view desired,
                       const WriteOptions& options = {});
  Pending<Receipt> cas(std::string_view key, const Context& seen, std::string_view desired,
                       const WriteOptions& options = {});
  Pending<Receipt> del_if(std::string_view key, std::string_view expected, const WriteOptions& options = {});
  Pending<Receipt> del_if(std::string_view key, const Context& seen, const WriteOptions& options = {});
  Pending<NodeStatus> status(std::string_view node = {});
  // Of the member with this name, id or address. `deliver`: it tries to hand over all of them now.
  Pending<HintStatus> hints(std::string_view node, bool deliver = false);
  // Events after this number; of 0: all that the node still has.
  Pending<NodeEvents> events(std::string_view node, std::uint64_t after = 0);
  // Copies that this member has of itself. create begins one and does not wait for it: ask for snapshots() until it is
  // complete. Errc::refused: another one is being made; Errc::invalid: no valid name, or it is taken;
  // Errc::no_space: there is no room for it; Errc::not_found: none to remove.
  Pending<NodeSnapshots> snapshots(std::string_view node);
  Pending<NodeSnapshots> create_snapshot(std::string_view node, std::string_view name);
  Pending<NodeSnapshots> remove_snapshot(std::string_view node, std::string_view name);
  // What this member did to hold the same as its peers. start_repair makes it compare with each of them now (and
  // `scrub`: check all its own records), and does not wait for it: it is done when repair() says asked_done of at least
  // the `asked` that was answered here (and more scrub cycles). After a restart of the member both begin at 0.
  Pending<RepairStatus> repair(std::string_view node);
  Pending<RepairStatus> start_repair(std::string_view node, bool scrub = false);
  // Compares two members, and changes nothing. Names at most `limit` keys (10 000 at most). Errc::unavailable: one of
  // them is down, or they do not know the same membership document.
  Pending<NodeDifference> diff(std::string_view node, std::string_view peer, std::uint32_t limit = 1000,
                               std::optional<Millis> timeout = {});

 private:
  friend class LaboratoryAccess;
  std::shared_ptr<client_detail::Engine> engine_;
};

class Client {
 public:
  // A malformed URI is reported by every call, as an unreachable one is.
  explicit Client(std::string_view uri);
  explicit Client(Options options);
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  // What is still open ends with Errc::closed, or Errc::indeterminate for a write that was already sent.
  ~Client();

  // Success with !exists() when there is no such key.
  Result<Object> get(std::string_view key, ReadOptions options = {});
  Result<Receipt> put(std::string_view key, std::string_view value, const WriteOptions& options = {});
  // Without a context it reads first and deletes what it saw; Errc::not_found when there was nothing.
  Result<Receipt> del(std::string_view key, const WriteOptions& options = {});

  // Compare-and-set, in buckets of kind strong; Errc::invalid in others. Comparison and write are one step: of several
  // that expect the same, one wins. `seen` is the context of a read or write: the key has not been written since, not
  // even back to what it was; an empty one, of a key that was never written, means that there is no value. A context in
  // the options is not used.
  //
  // Errc::conflict: lost; certainly not applied, and the key was not as expected at some moment during the call.
  // Errc::indeterminate (maybe_applied()): nobody knows yet whether it won. Retries within the call are recognised by
  // the nodes and count once; a second call is a new request, and may lose against the first. So read the key then, at
  // the level strong; with a value that nobody else writes (a random number in it), the read says who won. A write in
  // doubt may still come after that read, as long as its comparison holds: one by `seen` never after another write.
  // All other errors: certainly not applied, safe to call again.
  Result<Receipt> put_if_absent(std::string_view key, std::string_view value, const WriteOptions& options = {});
  Result<Receipt> cas(std::string_view key, std::string_view expected, std::string_view desired,
                      const WriteOptions& options = {});
  Result<Receipt> cas(std::string_view key, const Context& seen, std::string_view desired,
                      const WriteOptions& options = {});
  Result<Receipt> del_if(std::string_view key, std::string_view expected, const WriteOptions& options = {});
  Result<Receipt> del_if(std::string_view key, const Context& seen, const WriteOptions& options = {});

  // The recommended write: reads, merges siblings with `resolver`, applies `change`, writes back with the context.
  // `change` gets nothing when there is no such key. Where another writer got in between, so that both values stand
  // side by side, they are merged with `resolver` and written back; `change` is not applied twice. Returns the value
  // that was stored last. Without a resolver a conflict is an error, never a silent loss. A `context` is not used.
  // In a bucket of kind strong it is atomic: it replaces exactly the value that `change` was given. Where another
  // writer gets in between it reads again and applies `change` to the new value, until the deadline. Errc::conflict:
  // others were faster each time, and nothing was changed.
  Result<std::string> update(std::string_view key, const std::function<std::string(std::optional<std::string>)>& change,
                             const Resolver& resolver = resolve::none(), WriteOptions options = {});

  Scan scan(std::string_view prefix = {}, ScanOptions options = {});

  // Of the member with this name, id or address; of any that answers when empty.
  Result<NodeStatus> status(std::string_view node = {});
  Result<Placement> where(std::string_view key, ReadOptions options = {});
  // What every member holds of the key. Changes nothing, and waits for members that are not believed dead alone.
  Result<Explanation> explain(std::string_view key, ReadOptions options = {});

  // Done when a majority of the voters has chosen a document with it; the other nodes learn of it within moments.
  // Returns the document's number (NodeStatus::epoch). Errc::indeterminate: it may be there, or come to be.
  Result<std::uint64_t> create_bucket(const BucketStatus& bucket);
  Result<std::uint64_t> change_bucket(const BucketStatus& bucket);  // its r and w
  // Likewise. 1 to 7 members by name, id or address; none: the cluster chooses. Errc::unavailable: a majority of the
  // voters, or of those that shall be, cannot be reached.
  Result<std::uint64_t> set_voters(const std::vector<std::string>& members);
  // When a majority of the voters is lost for ever: this member alone begins a new generation of membership documents.
  // Of one member only, once: two generations begun apart stop the nodes that meet. Errc::refused: it reaches a
  // majority.
  Result<std::uint64_t> break_glass(std::string_view node);
  // As the membership document says that this client knows; a node is asked where that has no such bucket.
  // Errc::invalid, with the command that creates it: there is none.
  Result<BucketStatus> bucket(std::string_view name, std::optional<Millis> timeout = {});

  // A new one, that has seen nothing. Session::parse goes on with one of another process.
  [[nodiscard]] Session session() const { return {}; }

  [[nodiscard]] Async async() const;

 private:
  std::shared_ptr<client_detail::Engine> engine_;
};

extern template class Pending<Object>;
extern template class Pending<Receipt>;
extern template class Pending<NodeStatus>;
extern template class Pending<HintStatus>;
extern template class Pending<NodeEvents>;
extern template class Pending<NodeSnapshots>;
extern template class Pending<RepairStatus>;
extern template class Pending<NodeDifference>;

}  // namespace shoal
