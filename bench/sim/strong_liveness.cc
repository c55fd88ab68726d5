#include "bench/sim/strong_liveness.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "node/core/register_record.h"
#include "vclock/context.h"

namespace shoal::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kClient = 1;  // the operator is client 0, and others have drawn numbers
constexpr seconds kTimeout{2};
constexpr seconds kPatience{3};
constexpr milliseconds kPause{200};

class Round {
 public:
  explicit Round(World& world) : world_(world), rng_(world.stream("strong liveness")) {}

  void run(const std::vector<std::uint32_t>& keys) {
    const std::vector<std::uint32_t> away = take_minority_away();
    for (const std::uint32_t key : keys) {
      begin_put(key, PutIf::always);
      begin_put(key, PutIf::absent);
      begin_get(key);
      begin_delete(key);
    }
    const Instant until = world_.now() + kStrongWithin;
    while (!open_.empty() && world_.now() < until) ask_everybody();
    for (const Asked& asked : open_) give_up(asked);
    for (const std::uint32_t node : away) world_.restart(node);
  }

 private:
  struct Asked {
    RequestId id;
    Message request;
    Errc last = Errc::timeout;
    std::uint64_t since = 0;  // PutReply::since
  };

  // Who is gone for good is away already.
  std::vector<std::uint32_t> take_minority_away() {
    std::vector<std::uint32_t> up = nodes_up();
    const std::size_t minority = (world_.options().replicas - 1) / 2;
    const std::size_t gone = world_.nodes() - up.size();
    std::vector<std::uint32_t> away;
    while (away.size() + gone < minority) {
      const auto drawn = up.begin() + static_cast<std::ptrdiff_t>(rng_.below(up.size()));
      world_.crash(*drawn, std::nullopt);
      away.push_back(*drawn);
      up.erase(drawn);
    }
    return away;
  }

  [[nodiscard]] std::vector<std::uint32_t> nodes_up() const {
    std::vector<std::uint32_t> up;
    for (std::uint32_t node = 0; node < world_.nodes(); ++node)
      if (std::as_const(world_).process(node).is_up()) up.push_back(node);
    return up;
  }

  Operation& begin(Function function, std::uint32_t key) {
    Operation operation;
    operation.id = RequestId{kClient, ++sequence_};
    operation.function = function;
    operation.key = key;
    operation.level = Level::strong;
    operation.invoked = world_.now();
    return world_.history().invoke(std::move(operation));
  }

  void begin_get(std::uint32_t key) {
    const Operation& read = begin(Function::get, key);
    GetRequest get{.key = world_.shared().keys[key].key, .timeout = kTimeout};
    get.level = Level::strong;
    open_.push_back({read.id, std::move(get)});
  }

  void begin_put(std::uint32_t key, PutIf condition) {
    Operation& write = begin(Function::put, key);
    write.value = value_for(write.id, 0);
    write.condition = condition;
    PutRequest put{.request = write.id, .key = world_.shared().keys[key].key, .value = Blob(write.value)};
    put.condition = condition;
    put.timeout = kTimeout;
    open_.push_back({write.id, std::move(put)});
  }

  void begin_delete(std::uint32_t key) {
    const Operation& write = begin(Function::del, key);
    PutRequest put{.request = write.id, .key = world_.shared().keys[key].key, .tombstone = true};
    put.timeout = kTimeout;
    open_.push_back({write.id, std::move(put)});
  }

  void ask_everybody() {
    const std::vector<std::uint32_t> up = nodes_up();
    std::vector<Client::Outgoing> requests;
    for (const Asked& asked : open_) requests.push_back({up[rng_.below(up.size())], asked.request});
    const std::vector<std::optional<Message>> replies = world_.ask_all(std::move(requests), kPatience);
    std::vector<Asked> left;
    for (std::size_t i = 0; i < open_.size(); ++i) {
      if (replies[i] && take(open_[i], *replies[i])) continue;
      if (auto* put = std::get_if<PutRequest>(&open_[i].request)) try_again(open_[i], *put);
      left.push_back(std::move(open_[i]));
    }
    open_ = std::move(left);
    if (!open_.empty()) world_.run_until(world_.now() + kPause);
  }

  // The same write again; or, where nobody remembers how it ended or who asks, a new one like it: that one must
  // succeed.
  void try_again(Asked& asked, PutRequest& put) {
    const bool unknown = asked.since > put.since;
    put.retry = asked.last != Errc::indeterminate && !unknown;
    if (put.retry) return;
    put.since = asked.since;
    Operation& old = *world_.history().find(asked.id);
    old.outcome = unknown ? Outcome::fail : Outcome::info;
    old.error = asked.last;
    old.ended = world_.now();
    Operation& write = begin(old.function, old.key);
    write.condition = old.condition;
    if (!put.tombstone) write.value = value_for(write.id, 0);
    put.value = Blob(write.value);
    asked.id = put.request = write.id;
    asked.last = Errc::timeout;
  }

  // True: the operation has succeeded.
  bool take(Asked& asked, const Message& reply) {
    Operation& operation = *world_.history().find(asked.id);
    const SimKey& key = world_.shared().keys[operation.key];
    if (const auto* put = std::get_if<PutReply>(&reply)) {
      asked.last = put->outcome.code;
      asked.since = std::max(asked.since, put->since);
      const bool lost = asked.last == Errc::conflict && operation.condition != PutIf::always;
      if (asked.last != Errc::ok && !lost) return false;
      operation.outcome = lost ? Outcome::fail : Outcome::ok;
      operation.error = asked.last;
      const Result<CausalContext> token = decode_context(put->context, world_.shared().cluster_key, key.slot);
      if (!lost && token) operation.version = version_in(token->seen);
    } else if (const auto* get = std::get_if<GetReply>(&reply)) {
      asked.last = get->outcome.code;
      if (asked.last != Errc::ok) return false;
      operation.outcome = Outcome::ok;
      record_read(*get, key, world_.shared().cluster_key, world_.history(), operation);
      operation.version = version_in(operation.context);
    }
    operation.ended = world_.now();
    return true;
  }

  void give_up(const Asked& asked) {
    Operation& operation = *world_.history().find(asked.id);
    operation.outcome = Outcome::info;
    operation.error = asked.last;
    operation.ended = world_.now();
    world_.violations().push_back(
        fmt::format("liveness: with a majority of the owners up, a strong operation does not succeed within {} s ({})",
                    kStrongWithin.count(), describe(asked.last)) +
        "\n    " + describe(operation));
  }

  World& world_;
  Rng rng_;
  std::vector<Asked> open_;
  std::uint64_t sequence_ = 0;
};

}  // namespace

void check_strong_liveness(World& world, const std::vector<std::uint32_t>& keys) { Round(world).run(keys); }

}  // namespace shoal::sim
