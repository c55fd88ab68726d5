#include "bench/sim/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>

#include "bench/sim/strong_liveness.h"
#include "node/core/register_record.h"
#include "node/core/state_digest.h"
#include "vclock/context.h"

namespace shoal::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kJoinPatience{2};
constexpr int kJoinAttempts = 60;
constexpr seconds kLoadMax{600};
constexpr seconds kSettle{8};     // longer than announcements need
constexpr seconds kVerdicts{30};  // longer than the failure detector needs, however patient local health has made it
constexpr seconds kConvergeWithin{60};
constexpr milliseconds kLookEvery{200};
constexpr int kRoundsMax = 4;  // of anti-entropy, until all owners are equal
constexpr std::size_t kOperationsCounted = 200;
constexpr int kKindsCounted = 3;
constexpr std::size_t kWitnessesMax = 400;  // operations printed with a failure

class Run {
 public:
  Run(const Options& options, Recorder* recorder)
      : options_(options), watched_(recorder != nullptr), world_(options, recorder) {}

  RunResult result() {
    if (form()) {
      load();
      world_.heal();
      world_.run_until(std::max(world_.now(), world_.last_arrival()) + kSettle);
      world_.abandon_open_operations();
      if (options_.minority_stays_down) check_liveness();
      check_hints();
      check_convergence();
      for (std::uint32_t key = 0; key < world_.shared().keys.size(); ++key)
        if (is_usable(world_.shared().keys[key])) read_and_write_back(key);
      world_.run_until(world_.now() + kVerdicts);
      check_buckets();
      check_agreement();
      check_final_listings();
      check_quiet();
    }
    return verdict();
  }

 private:
  void violation(std::string sentence) { world_.violations().push_back(std::move(sentence)); }

  // ---- formation and load ----

  bool form() {
    world_.found();
    for (std::uint32_t node = 1; node < world_.nodes(); ++node)
      if (!join(node)) return violation(fmt::format("liveness: node {} could not join", node)), false;
    return true;
  }

  bool join(std::uint32_t node) {
    Rng chance = world_.stream(fmt::format("join {}", node));
    for (int attempt = 0; attempt < kJoinAttempts; ++attempt) {
      const auto asked = static_cast<std::uint32_t>(chance.below(node));
      const std::optional<Message> reply =
          world_.ask(asked, Join{CallId{}, world_.process(node).as_member(), false}, kJoinPatience);
      if (!reply) continue;
      const auto& answer = std::get<JoinReply>(*reply);
      if (answer.outcome.code != Errc::ok || !answer.document) return false;
      document_ = *answer.document;
      world_.start_process(node, document_);
      return true;
    }
    return false;
  }

  // In the order in which the keys take them.
  [[nodiscard]] std::vector<Bucket> buckets_of_keys() const {
    std::vector<Bucket> buckets;
    for (const BucketPlan& plan : options_.buckets) buckets.push_back(plan.bucket);
    if (options_.load.only_strong) return buckets;
    buckets.insert(options_.load.hot_key_in_default ? buckets.begin() : buckets.end(), Bucket{.name = "default"});
    return buckets;
  }

  void load() {
    const PreferenceLists ring(document_);
    ClientWorld shared;
    shared.load = options_.load;
    shared.keys = draw_keys(options_.load.keys, buckets_of_keys(), ring, world_.node_ids(), world_.stream("keys"));
    shared.buckets = std::make_shared<BucketBook>(options_.buckets, world_.now());
    shared.cluster_key = document_.cluster_key;
    shared.nodes = options_.nodes;
    shared.think = options_.horizon * options_.load.clients / options_.load.operations;
    world_.start_load(std::move(shared));
    world_.unleash_faults();
    const Instant until = world_.now() + kLoadMax;
    if (options_.late_joiner) ask_to_join_late();
    if (!world_.run_while_not([&] { return world_.load_is_over(); }, until))
      violation("liveness: client operations did not end");
  }

  // Refused once the first write has closed formation.
  void ask_to_join_late() {
    const auto written = [&] {
      return std::ranges::any_of(world_.history().operations(), [](const Operation& operation) {
        return operation.function == Function::put && operation.outcome == Outcome::ok;
      });
    };
    if (!world_.run_while_not(written, world_.now() + options_.horizon)) return;
    Member stranger = world_.process(0).as_member();
    stranger.id = NodeId{stranger.id.value ^ 1};
    stranger.name = "late";
    const auto reply = world_.ask(1, Join{CallId{}, stranger, false}, kJoinPatience);
    if (!reply) return;
    if (const auto* answer = std::get_if<JoinReply>(&*reply); answer != nullptr && answer->outcome.code == Errc::ok)
      violation("a node joined after the first client write");
  }

  // ---- the end ----

  [[nodiscard]] std::vector<std::uint32_t> owners_left(const SimKey& key) const {
    std::vector<std::uint32_t> left;
    for (const std::uint32_t owner : key.owners)
      if (world_.process(owner).state() == ProcessState::up) left.push_back(owner);
    return left;
  }

  // The newest document that somebody who is up has in force.
  [[nodiscard]] const Membership& newest_document() {
    const Membership* newest = &document_;
    for (std::uint32_t node = 0; node < world_.nodes(); ++node) {
      if (!world_.process(node).is_up()) continue;
      const Membership& known = world_.process(node).node().ring()->document();
      if (known.epoch > newest->epoch) newest = &known;
    }
    return *newest;
  }

  // Of a bucket that exists. A bucket may have never come to be.
  [[nodiscard]] bool is_usable(const SimKey& key) { return newest_document().bucket(key.key.bucket) != nullptr; }

  // Agreement needs a majority of the owners; some may be gone for good.
  [[nodiscard]] bool can_agree(const SimKey& key) const {
    return key.kind == Kind::strong && 2 * owners_left(key).size() > key.owners.size();
  }

  void check_liveness() {
    std::vector<std::uint32_t> keys;
    for (std::uint32_t key = 0; key < world_.shared().keys.size(); ++key)
      if (is_usable(world_.shared().keys[key]) && can_agree(world_.shared().keys[key])) keys.push_back(key);
    check_strong_liveness(world_, keys);
    world_.run_until(std::max(world_.now(), world_.last_arrival()) + kSettle);
  }

  // A key that does not know the operator's client has certainly not been changed by it.
  static void ask_anew_or_again(PutRequest& put, const std::optional<Message>& reply) {
    const auto* answer = reply ? std::get_if<PutReply>(&*reply) : nullptr;
    const bool unknown = answer != nullptr && answer->since > 0;
    put.retry = !unknown;
    if (unknown) put.since = answer->since;
  }

  // Asks until it works, or is answered `enough`, or the bound for convergence has passed.
  template <class Reply>
  std::optional<Reply> insist(std::uint32_t node, Message request, const std::string& what, Errc enough = Errc::ok) {
    const Instant until = world_.now() + kConvergeWithin;
    Errc last = Errc::timeout;
    while (world_.now() < until) {
      const std::optional<Message> reply = world_.ask(node, request, seconds(3));
      if (auto* put = std::get_if<PutRequest>(&request)) ask_anew_or_again(*put, reply);
      if (!reply) continue;
      last = std::get<Reply>(*reply).outcome.code;
      if (last == Errc::ok || last == enough) return std::get<Reply>(*reply);
      world_.run_until(world_.now() + milliseconds(500));
    }
    violation(fmt::format("liveness: {} at node {} does not succeed after everything is healed ({})", what, node,
                          describe(last)));
    return std::nullopt;
  }

  Operation& begin(Function function, std::uint32_t key, std::size_t quorum) {
    Operation operation;
    operation.id = RequestId{0, ++operator_sequence_};
    operation.function = function;
    operation.key = key;
    operation.quorum = static_cast<std::int32_t>(quorum);
    operation.invoked = world_.now();
    return world_.history().invoke(std::move(operation));
  }

  void end(Operation& operation, bool ok) const {
    operation.outcome = ok ? Outcome::ok : Outcome::info;
    operation.ended = world_.now();
  }

  // Some of a key may be left with fallbacks alone, for owners that are gone for good.
  [[nodiscard]] std::string kept_for_the_gone(const SimKey& key) const {
    CausalContext kept{.slot = key.slot};
    for (std::uint32_t node = 0; node < world_.nodes(); ++node)
      for (const Place& hint : world_.process(node).disk().hints())
        if (hint.slot == key.slot) kept.seen.join(world_.process(node).disk().peek(hint)->record.clock);
    return kept.seen.empty() ? "" : encode_context(kept, document_.cluster_key);
  }

  // Of all owners that are left, and as a session that has seen what fallbacks keep: it goes on until it has found it.
  // Of a strong key by agreement; where none is possible any more, what is left of the records is read.
  [[nodiscard]] GetRequest final_read(const SimKey& key, std::size_t owners) const {
    GetRequest read{CallId{}, key.key, static_cast<std::int32_t>(owners), seconds(2)};
    if (can_agree(key)) {
      read.r = 0;
      read.level = Level::strong;
      return read;
    }
    read.pr = read.r;
    read.level = Level::session;
    read.session = kept_for_the_gone(key);
    return read;
  }

  void read_and_write_back(std::uint32_t index) {
    const SimKey& key = world_.shared().keys[index];
    const std::vector<std::uint32_t> owners = owners_left(key);
    if (owners.empty()) return;
    const GetRequest request = final_read(key, owners.size());
    const RequestId read_id = begin(Function::get, index, owners.size()).id;
    world_.history().find(read_id)->level = request.level;
    const auto reply = insist<GetReply>(owners.front(), request, "a read");
    Operation& read = *world_.history().find(read_id);
    end(read, reply.has_value());
    if (!reply) return;
    record_read(*reply, key, document_.cluster_key, world_.history(), read);
    finals_.push_back(FinalState{index, read.returned, read.invoked});
    if (key.kind == Kind::strong) read.version = version_in(read.context);
    if (key.kind == Kind::strong && !can_agree(key)) {
      if (!read.returned.empty()) live_.insert(key.key.name);
      return;
    }
    if (!reply->context.empty()) write_back(index, owners, *reply, read);
  }

  void write_back(std::uint32_t index, const std::vector<std::uint32_t>& owners, const GetReply& reply,
                  const Operation& read) {
    const SimKey& key = world_.shared().keys[index];
    const bool deletes = read.returned.empty();
    Operation& write = begin(deletes ? Function::del : Function::put, index, owners.size());
    if (!deletes) write.value = value_for(write.id, 0);
    write.saw = read.returned;
    PutRequest put{.request = write.id, .key = key.key, .tombstone = deletes, .value = Blob(write.value)};
    put.context = reply.context;
    put.w = put.pw = static_cast<std::int32_t>(owners.size());
    put.timeout = seconds(2);
    if (key.kind == Kind::strong) {
      put.w = put.pw = 0;
      write.expected_version = read.version;
    }
    // What an older write had left on a minority, or late on a link, may be chosen after the read: then all again.
    const Errc overtaken = key.kind == Kind::strong ? Errc::conflict : Errc::ok;
    const std::optional<PutReply> receipt = insist<PutReply>(owners.back(), put, "a write", overtaken);
    const bool done = receipt && receipt->outcome.code == Errc::ok;
    end(write, done);
    if (receipt && !done) {
      write.outcome = Outcome::fail;
      write.error = receipt->outcome.code;
      finals_.pop_back();
      return read_and_write_back(index);
    }
    if (!done) return;
    last_write_[key.slot] = put.request;
    if (!deletes) live_.insert(key.key.name);
  }

  // All owners are there, so nothing is kept for anybody any more.
  void check_hints() {
    const auto left = [&] {
      std::size_t hints = 0;
      for (std::uint32_t node = 0; node < world_.nodes(); ++node)
        for (const Place& hint : world_.process(node).disk().hints())
          hints += world_.process(world_.index_of(hint.owner)).is_up() ? 1 : 0;
      return hints;
    };
    world_.run_while_not([&] { return left() == 0; }, world_.now() + kConvergeWithin);
    if (left() > 0) violation(fmt::format("hints: {} are still kept long after everything is healed", left()));
  }

  // Without a client, a read or an order: all owners hold the same, everything can be read, and the digests say so.
  void check_convergence() {
    const Duration bound = kRoundsMax * RepairPace{}.interval + kScrubCycle;
    const Instant until = world_.now() + bound;
    std::string difference = first_difference();
    for (; !difference.empty() && world_.now() < until; difference = first_difference())
      world_.run_until(world_.now() + kLookEvery);
    if (!difference.empty())
      violation(fmt::format("anti-entropy: {} after {} rounds without faults", difference, kRoundsMax));
    world_.run_until(world_.now() + kScrubCycle);  // what was wrong about a digest alone
    for (std::uint32_t node = 0; node < world_.nodes(); ++node)
      if (world_.process(node).is_up() && recomputed_tree(node) != shown_tree(node))
        violation(fmt::format("anti-entropy: the digests of node {} are not those of its records", node));
  }

  // Of all slots that an owner holds, in words; empty: there is none.
  [[nodiscard]] std::string first_difference() {
    for (std::uint32_t node = 0; node < world_.nodes(); ++node) {
      if (!world_.process(node).is_up()) continue;
      const Ring& ring = world_.process(node).node().ring();
      for (const Slot& slot : world_.process(node).disk().slots()) {
        if (world_.process(node).disk().is_unreadable(slot)) return fmt::format("node {} has a damaged record", node);
        const EntryPtr entry = world_.process(node).disk().peek(slot);
        for (const NodeId owner : ring->owners(ring->partition_of(slot))) {
          const Process& other = world_.process(world_.index_of(owner));
          const EntryPtr there = other.disk().peek(slot);
          if (other.is_up() && (there == nullptr || there->digest != entry->digest))
            return fmt::format("{} differs between nodes {} and {}", entry->key.name, node, world_.index_of(owner));
        }
      }
    }
    return {};
  }

  // All leaves that are not empty.
  using Leaves = std::map<TreeNode, Digest>;
  [[nodiscard]] Leaves recomputed_tree(std::uint32_t node) {
    const SimStore& disk = world_.process(node).disk();
    Leaves leaves;
    for (const Slot& slot : disk.slots())
      leaves[disk.tree().leaf_of(slot)].add(state_digest(slot, disk.peek(slot)->record));
    return leaves;
  }
  [[nodiscard]] Leaves shown_tree(std::uint32_t node) {
    const Tree& tree = world_.process(node).disk().tree();
    Leaves leaves;
    for (std::uint32_t partition = 0; partition < tree.partitions(); ++partition) {
      if (tree.at({TreeNode::Level::partition, {partition}, 0}) == Digest{}) continue;
      for (unsigned leaf = 0; leaf < kLeaves; ++leaf) {
        const TreeNode at{TreeNode::Level::leaf, {partition}, static_cast<std::uint8_t>(leaf)};
        if (tree.at(at) != Digest{}) leaves[at] = tree.at(at);
      }
    }
    return leaves;
  }

  // A bucket is as somebody asked, and as the last who was told so.
  void check_buckets() {
    const BucketBook& book = *world_.shared().buckets;
    for (const std::string& name : book.names()) {
      const Bucket* bucket = newest_document().bucket(name);
      const Bucket* told = book.told(name);
      const std::span<const Bucket> asked = book.asked(name);
      if (bucket != nullptr && std::ranges::find(asked, *bucket) == asked.end())
        violation(fmt::format("bucket: {} is at the end what nobody asked for", name));
      if (told == nullptr) continue;
      if (bucket == nullptr || (asked.back() == *told && *bucket != *told))
        violation(fmt::format("bucket: {} is not at the end what a client was told", name));
    }
  }

  void check_agreement() {
    for (const SimKey& key : world_.shared().keys) {
      if (!is_usable(key)) continue;
      std::set<std::string> states;
      for (const std::uint32_t owner : owners_left(key)) {
        const EntryPtr entry = world_.process(owner).disk().peek(key.slot);
        states.insert(entry ? causal_bytes(entry->record) : "");
        check_only_last_write(key, entry);
      }
      if (states.size() > 1)
        violation(fmt::format("divergence: the owners of {} do not agree at the end", key.key.name));
      for (std::uint32_t node = 0; node < world_.nodes(); ++node)
        if (std::ranges::find(key.owners, node) == key.owners.end() && world_.process(node).disk().peek(key.slot))
          violation(fmt::format("node {} holds {}, which it does not own", node, key.key.name));
    }
  }

  void check_only_last_write(const SimKey& key, const EntryPtr& entry) {
    const auto written = last_write_.find(key.slot);
    if (written == last_write_.end()) return;
    if (entry == nullptr || entry->record.siblings.size() != 1 ||
        entry->record.siblings.front().request != written->second)
      violation(fmt::format("divergence: an owner of {} holds something else than the last write", key.key.name));
  }

  void check_final_listings() {
    std::set<std::string> listed;
    std::set<std::pair<std::string, PartitionId>> asked;
    std::set<std::string> expected;
    for (const SimKey& key : world_.shared().keys) {
      const std::vector<std::uint32_t> owners = owners_left(key);
      if (owners.empty() || !is_usable(key)) continue;
      if (live_.contains(key.key.name)) expected.insert(key.key.name);
      if (asked.insert({key.key.bucket, key.partition}).second) list(key, owners, listed);
    }
    if (listed != expected)
      violation(fmt::format("listing: {} keys are listed at the end and {} exist", listed.size(), expected.size()));
  }

  void list(const SimKey& key, const std::vector<std::uint32_t>& owners, std::set<std::string>& listed) {
    std::optional<Slot> after;
    do {
      const ListRequest request{
          CallId{}, key.key.bucket, "", key.partition, after, 2, static_cast<std::int32_t>(owners.size()), seconds(2)};
      const auto page = insist<ListReply>(owners.front(), request, "a listing");
      if (!page) return;
      for (const std::string& name : page->names)
        if (!listed.insert(name).second) violation(fmt::format("listing: {} is listed twice at the end", name));
      after = page->next;
    } while (after);
  }

  // Nothing is left open, nobody believes a living node dead, and all know one document.
  void check_quiet() {
    std::optional<Membership> agreed;
    for (std::uint32_t node = 0; node < world_.nodes(); ++node) {
      if (!world_.process(node).is_up()) continue;
      const auto reply = world_.ask(node, StatusRequest{}, seconds(3));
      const auto* status = reply ? std::get_if<StatusReply>(&*reply) : nullptr;
      if (status == nullptr) {
        violation(fmt::format("liveness: node {} does not tell its status", node));
        continue;
      }
      if (status->requests_open != 0)
        violation(fmt::format("leak: node {} has {} requests open at rest", node, status->requests_open));
      if (agreed && *agreed != status->document)
        violation("the nodes do not agree on the membership document at the end");
      agreed = status->document;
      check_views(node, *status);
    }
  }

  void check_views(std::uint32_t node, const StatusReply& status) {
    for (const MemberView& view : status.members) {
      const auto& ids = world_.node_ids();
      const auto other = static_cast<std::uint32_t>(std::ranges::find(ids, view.id) - ids.begin());
      if (other == world_.nodes() || other == node) continue;
      const bool up = world_.process(other).is_up();
      if (up != (view.liveness == Liveness::alive))
        violation(fmt::format("liveness: node {} has a wrong view of node {} at rest", node, other));
    }
  }

  void mix_final_states() {
    for (std::uint32_t node = 0; node < world_.nodes(); ++node)
      for (const Slot& slot : world_.process(node).disk().slots()) {
        const EntryPtr entry = world_.process(node).disk().peek(slot);
        world_.fingerprint().mix(causal_bytes(entry->record));
        for (const Sibling& sibling : entry->record.siblings) world_.fingerprint().mix(sibling.value.view());
      }
    for (const Operation& operation : world_.history().operations())
      world_.fingerprint().mix(static_cast<std::uint64_t>(operation.outcome));
  }

  RunResult verdict() {
    RunResult result;
    Evidence evidence{world_.history(),
                      world_.ledger(),
                      static_cast<std::int32_t>(options_.replicas),
                      world_.receipts(),
                      finals_,
                      world_.agreements(),
                      {}};
    for (const SimKey& key : world_.shared().keys) evidence.kinds.push_back(key.kind);
    result.violations = world_.violations();
    const std::vector<std::string>& seen = world_.ledger().violations();
    result.violations.insert(result.violations.end(), seen.begin(), seen.end());
    Findings findings = check_all(evidence);
    for (std::string& sentence : findings.violations) result.violations.push_back(std::move(sentence));
    result.undecided = std::move(findings.undecided);
    mix_final_states();
    result.state_hash = world_.fingerprint().value();
    result.about_liveness = options_.minority_stays_down;
    result.operations = world_.history().ended();
    result.acknowledged = world_.receipts().size();
    result.struck = world_.struck();
    result.counted = result.operations >= kOperationsCounted && std::popcount(result.struck) >= kKindsCounted &&
                     result.undecided.empty();
    result.events = world_.events();
    result.virtual_time = world_.now().time_since_epoch();
    result.marks = world_.marks();
    if (!result.violations.empty() || watched_) result.history = history_in_words();
    return result;
  }

  std::string history_in_words() {
    std::string text;
    std::size_t count = 0;
    for (const Operation& operation : world_.history().operations())
      if (++count <= kWitnessesMax) text += describe(operation) + "\n";
    return text;
  }

  Options options_;
  bool watched_;
  World world_;
  Membership document_;  // with all members, before formation closed
  std::vector<FinalState> finals_;
  std::map<Slot, RequestId> last_write_;
  std::set<std::string> live_;  // names that the write-backs left alive
  std::uint64_t operator_sequence_ = 0;
};

}  // namespace

RunResult run_seed(const Options& options, Recorder* recorder) { return Run(options, recorder).result(); }

}  // namespace shoal::sim
