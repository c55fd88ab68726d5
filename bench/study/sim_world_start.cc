// How a simulated study begins: nodes that know each other, keys that are there, clients that are connected.
#include <fmt/format.h>

#include <algorithm>

#include "bench/study/sim_world.h"
#include "node/base/bytes.h"
#include "node/core/state_digest.h"
#include "node/core/topology_rules.h"

namespace shoal::study {
namespace {

constexpr std::size_t kTracedMax = 150;  // messages around a fault
constexpr std::size_t kUnsyncedMax = 100'000;
constexpr double kBeforeFault = 0.02;  // seconds
constexpr double kAfterFault = 0.08;

std::uint64_t bytes_of(double mib) { return static_cast<std::uint64_t>(mib * 1024 * 1024); }

sim::Process::Identity identity_of(const ClusterPlan& plan, std::uint32_t node, NodeId id) {
  return {
      .index = node,
      .id = id,
      .name = node_name(node),
      .address = fmt::format("{}:7100", node_name(node)),
      .zone = zone_of(plan, node),
      .sync = plan.sync,
      .hint_bytes_max = bytes_of(plan.hints_max_mib),
      .waiting_for_disk_max = 2 * kUnsyncedMax,
      .handoff_bytes_per_second = bytes_of(plan.handoff_mib_per_s),
      .repair = {.interval = duration_of(plan.repair_interval_s), .bytes_per_second = bytes_of(plan.repair_mib_per_s)},
      .scrub_cycle = duration_of(plan.scrub_s),
      .study = plan.switches};
}

}  // namespace

SimWorld::SimWorld(const Scenario& scenario, std::uint64_t seed, Recording& recording, const Progress& progress)
    : scenario_(scenario),
      recording_(recording),
      progress_(progress),
      root_(seed),
      links_(scenario, root_.fork("links")) {
  start_nodes();
  load_ = std::make_unique<Load>(scenario_, root_.fork("load"), recording_, document_);
  fill();
  start_clients();
  schedule_faults();
}

void SimWorld::start_nodes() {
  const ClusterPlan& plan = scenario_.cluster;
  Rng ids = root_.fork("ids");
  document_.cluster = ClusterId{ids.next() | 1};
  for (unsigned char& byte : document_.cluster_key.bytes) byte = static_cast<unsigned char>(ids.below(256));
  document_.epoch = Epoch{1};
  document_.partitions = plan.partitions;
  document_.replicas = plan.replicas;
  document_.forming = false;
  document_.buckets = plan.buckets;
  std::vector<NodeId> node_ids;
  for (std::uint32_t node = 0; node < plan.nodes; ++node) {
    node_ids.push_back(NodeId{ids.next()});
    index_of_[node_ids.back().value] = node;
    const sim::Process::Identity identity = identity_of(plan, node, node_ids.back());
    index_of_address_[identity.address] = node;
    recording_.nodes.push_back(identity.name);
    document_.members.push_back(Member{.id = identity.id,
                                       .name = identity.name,
                                       .address = identity.address,
                                       .zone = identity.zone,
                                       .weight = identity.weight,
                                       .state = MemberState::member});
  }
  document_.founder = node_ids.front();
  std::ranges::sort(document_.members, {}, &Member::id);
  document_.voters = choose_voters(document_, [](NodeId) { return true; });
  ring_ = std::make_unique<PreferenceLists>(document_);
  for (std::uint32_t partition = 0; partition < document_.partitions; ++partition) {
    owners_.emplace_back();
    for (const NodeId owner : ring_->owners(PartitionId{partition}))
      owners_.back().push_back(index_of_.at(owner.value));
  }
  divergence_ = std::make_unique<Divergence>(*ring_, owners_, machines_);
  for (std::uint32_t node = 0; node < plan.nodes; ++node) {
    const sim::DiskOptions disk{.unsynced_max = kUnsyncedMax,
                                .peers_unsynced_max = 4 * kUnsyncedMax,
                                .draw_sync = [this](Rng& rng) { return scenario_.disk.sync.draw(rng); }};
    machines_.push_back(std::make_unique<sim::Process>(identity_of(plan, node, node_ids[node]), disk,
                                                       root_.fork(fmt::format("node {}", node)), *divergence_, marks_));
  }
  for (const ClockPlan& clock : scenario_.clocks) {
    machines_[clock.node]->clock().step(static_cast<std::int64_t>(clock.offset_ms));
    machines_[clock.node]->clock().drift(static_cast<std::int64_t>(clock.drift_ppm), now_);
  }
}

// One state, shared by all owners of a key: as if it had been written long ago, by a node that is no more.
void SimWorld::fill() {
  const Incarnation long_ago{1};
  std::uint64_t counter = 0;
  for (const auto& machine : machines_) machine->disk().install_document(document_);
  for (std::uint32_t key = 0; key < load_->keys(); ++key) {
    if (!load_->is_filled(key)) continue;
    const Key& name = load_->key(key);
    const Slot slot = slot_of(document_.cluster_key, name);
    const Bucket* bucket = document_.bucket(name.bucket);
    Entry entry{.key = name, .record = {}, .ownership = {}, .kind = bucket != nullptr ? bucket->kind : Kind::siblings};
    const Write write{.hlc = Hlc{1}, .value = Blob(value_of(0, load_->fill_bytes(key)))};
    put(entry.kind, entry.record, entry.ownership, write, Minter{long_ago, ++counter});
    entry.ownership = {};
    entry.digest = state_digest(slot, entry.record);
    const auto shared = std::make_shared<const Entry>(std::move(entry));
    for (const std::uint32_t owner : owners_[ring_->partition_of(slot).value]) {
      machines_[owner]->disk().install(slot, shared);
      divergence_->installed(shared->record);
    }
  }
  for (std::uint32_t node = 0; node < machines_.size(); ++node) {
    machines_[node]->start(now_);
    finish_turn(node);
  }
}

void SimWorld::start_clients() {
  Rng ids = root_.fork("clients");
  for (const Load::Connection& plan : load_->connections()) {
    client_detail::DispatcherConfig config{.seeds = {}, .seeds_only = !plan.near.empty(), .client = ids.next() | 1};
    for (std::uint32_t node = 0; node < machines_.size(); ++node)
      if (plan.near.empty() || std::ranges::find(plan.near, node) != plan.near.end())
        config.seeds.push_back(machines_[node]->identity().address);
    config.retries = static_cast<int>(plan.retries);
    config.backoff = std::chrono::milliseconds(20);
    Connection& client = connections_.emplace_back();
    client.dispatcher = std::make_unique<client_detail::Dispatcher>(std::move(config), Rng(ids.next()));
    client.stands.assign(machines_.size(), true);
  }
}

void SimWorld::schedule_faults() {
  for (std::uint32_t i = 0; i < scenario_.faults.size(); ++i) {
    const Fault& fault = scenario_.faults[i];
    queue_.push(sim::Event{.at = begin_ + duration_of(fault.at_s), .kind = sim::EventKind::fault_begins, .target = i});
    for (const double at : {fault.at_s, fault.at_s + fault.for_s})
      windows_.push_back({begin_ + duration_of(at - kBeforeFault), begin_ + duration_of(at + kAfterFault), kTracedMax});
  }
}

}  // namespace shoal::study
