#include "client/cli/demo_partition.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "client/cli/demo_words.h"
#include "client/cli/holdings.h"
#include "client/laboratory.h"

namespace shoal::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kKeys = 100;
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::minutes kLongestCut{10};  // should this process end before it heals
constexpr std::chrono::milliseconds kLookEvery{50};

std::string key_of(std::size_t number) { return "demo/cart:" + std::to_string(number); }

}  // namespace

Client PartitionAct::client_of(const Side& side) const {
  Options options{.timeout = std::chrono::seconds(10), .r = 2, .w = 2};
  options.seeds_only = true;
  for (const int node : side.nodes) options.seeds.push_back(cluster_.address(node));
  return Client(options);
}

std::string PartitionAct::names_of(const Side& side) const {
  std::vector<std::string> names;
  for (const int node : side.nodes) names.push_back(cluster_.name(node));
  return joined(names);
}

Status PartitionAct::cut(const Client& db) {
  std::vector<std::vector<std::string>> sides;
  for (const Side* side : {&left_, &right_}) {
    std::vector<std::string>& names = sides.emplace_back();
    for (const int node : side->nodes) names.push_back(cluster_.name(node));
  }
  LaboratoryAccess laboratory(db, token_);
  for (const NodeRule& order : partition_rules(sides, false, kLongestCut))
    if (const Result<FaultsReply> cut = laboratory.add(order.node, {order.rule}).get(); !cut) return cut.error();
  return Unit{};
}

Status PartitionAct::heal(const Client& db) {
  LaboratoryAccess laboratory(db, token_);
  for (int node = 0; node < cluster_.size(); ++node)
    if (const Result<FaultsReply> healed = laboratory.clear(cluster_.name(node)).get(); !healed) return healed.error();
  return Unit{};
}

bool PartitionAct::believes_dead(Client& db, const Side& other) {
  const Result<NodeStatus> status = db.async().status().get();
  return status && std::ranges::all_of(other.nodes, [&](int node) {
           const auto member = std::ranges::find(status->members, cluster_.name(node), &MemberStatus::name);
           return member != status->members.end() && member->liveness == "dead";
         });
}

Status PartitionAct::wait_until_noticed() {
  for (const auto& [side, other] : {std::pair(&left_, &right_), std::pair(&right_, &left_)}) {
    Client db = client_of(*side);
    const Clock::time_point begun = Clock::now();
    while (!believes_dead(db, *other)) {
      if (Clock::now() - begun > kPatience) return fail(Errc::timeout, "the two sides do not notice that they are cut");
      std::this_thread::sleep_for(kLookEvery);
    }
  }
  return Unit{};
}

Status PartitionAct::write(const Side& side) {
  Client db = client_of(side);
  for (std::size_t i = 0; i < kKeys; ++i)
    if (const Result<Receipt> receipt = db.put(key_of(i), side.name + " " + std::to_string(i)); !receipt)
      return receipt.error();
  return Unit{};
}

// Asks every owner what it holds; nothing is read or repaired by it.
std::size_t PartitionAct::keys_apart(Client& db) const {
  std::size_t apart = 0;
  for (std::size_t i = 0; i < kKeys; ++i) {
    const Result<Explanation> explained = db.explain(key_of(i));
    apart += !explained || owner_states(*explained).size() > 1 ? 1 : 0;
  }
  return apart;
}

Status PartitionAct::watch(Client& db) {
  const Clock::time_point healed = Clock::now();
  std::size_t before = kKeys + 1;
  while (before > 0) {
    const std::size_t apart = keys_apart(db);
    outcome_.seconds = seconds_since(healed);
    if (apart != before)
      session_.say("  " + rounded(outcome_.seconds) + " s after: the owners of " + std::to_string(apart) + " of " +
                   std::to_string(kKeys) + " keys differ");
    if (before > kKeys) outcome_.apart = apart;
    before = apart;
    if (outcome_.seconds > std::chrono::duration<double>(kPatience).count())
      return fail(Errc::timeout, "the two sides do not become equal");
    if (apart > 0) std::this_thread::sleep_for(kLookEvery);
  }
  return Unit{};
}

void PartitionAct::count_siblings(Client& db) {
  for (std::size_t i = 0; i < kKeys; ++i) {
    const Result<Object> object = db.get(key_of(i));
    if (!object || !object->conflicted()) continue;
    if (outcome_.siblings++ > 0) continue;
    std::string values;
    for (const auto& value : object->siblings()) values += (values.empty() ? "\"" : " and \"") + value + "\"";
    session_.say(key_of(i) + " has two values, for its reader to decide: " + values);
  }
}

Result<PartitionAct::Outcome> PartitionAct::play() {
  for (int node = 2; node < cluster_.size(); ++node) right_.nodes.push_back(node);
  outcome_.keys = kKeys;
  session_.say("cutting the network: " + names_of(left_) + " | " + names_of(right_));
  Client db(Options{.seeds = cluster_.seeds(), .timeout = std::chrono::seconds(10), .r = 2, .w = 2});
  if (const Status done = cut(db); !done) return done.error();
  if (const Status noticed = wait_until_noticed(); !noticed) return noticed.error();
  for (const Side* side : {&left_, &right_})
    if (const Status written = write(*side); !written) return written.error();
  session_.say("both sides took " + std::to_string(kKeys) +
               " writes of the same keys, each acknowledged by 2 replicas");
  session_.say("healing the network; nobody reads, and nobody orders a repair:");
  if (const Status done = heal(db); !done) return done.error();
  if (const Status equal = watch(db); !equal) return equal.error();
  count_siblings(db);
  return outcome_;
}

}  // namespace shoal::cli
