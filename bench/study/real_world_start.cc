// How a study on real nodes begins: a cluster of its own, its buckets, its keys, its clients.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <future>

#include "bench/study/real_world.h"

namespace shoal::study {
namespace {

using client_detail::Engine;
using client_detail::Reply;

constexpr Millis kPatience{5000};
constexpr std::size_t kFillWindow = 128;

// Whole numbers: others were refused (node_faults.h).
std::string configuration_of(const Scenario& scenario, std::uint32_t node) {
  const ClusterPlan& plan = scenario.cluster;
  const StudySwitches& on = plan.switches;
  return fmt::format(
      "[node]\nzone = '{}'\n"
      "[cluster]\nreplicas = {}\npartitions = {}\n"
      "[storage]\ndurability = '{}'\n"
      "[hints]\nmax_mib = {}\nrate_mib_per_s = {}\n"
      "[repair]\ninterval_s = {}\nrate_mib_per_s = {}\nscrub_days = {}\n"
      "[study]\nsloppy = {}\nhints = {}\nread_repair = {}\nanti_entropy = {}\nhedging = {}\nask_all = {}\n",
      zone_of(plan, node), plan.replicas, plan.partitions, plan.sync ? "sync" : "relaxed",
      std::lround(plan.hints_max_mib), std::lround(plan.handoff_mib_per_s), std::lround(plan.repair_interval_s),
      std::lround(plan.repair_mib_per_s), std::lround(plan.scrub_s / 86'400), on.sloppy, on.hints, on.read_repair,
      on.anti_entropy, on.hedging, on.ask_all);
}

// For the owner alone: who knows it may do harm to the nodes.
Status write_secret(const std::filesystem::path& file, const std::string& text) {
  std::ofstream out(file);
  std::error_code trouble;
  std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, trouble);
  out << text << "\n";
  return out.flush() ? Status(Unit{}) : Status(fail(Errc::io, "cannot write " + file.string()));
}

}  // namespace

RealWorld::RealWorld(const Scenario& scenario, std::uint64_t seed, const RealOptions& options, Recording& recording,
                     const Progress& progress)
    : scenario_(scenario),
      options_(options),
      recording_(recording),
      progress_(progress),
      root_(seed),
      keys_of_(scenario.cluster.nodes),
      copies_(scenario.cluster.nodes) {
  for (std::uint32_t node = 0; node < scenario.cluster.nodes; ++node) recording_.nodes.push_back(node_name(node));
}

Status RealWorld::write_configuration() {
  std::error_code trouble;
  std::filesystem::create_directories(options_.dir, trouble);
  Rng rng = root_.fork("token");
  token_ = fmt::format("{:016x}{:016x}", rng.next(), rng.next());
  if (const Status written = write_secret(options_.dir / "token", token_); !written) return written;
  for (std::uint32_t node = 0; node < scenario_.cluster.nodes; ++node) {
    const std::filesystem::path file = options_.dir / (node_name(node) + ".toml");
    std::ofstream out(file);
    out << configuration_of(scenario_, node);
    if (!out.flush()) return fail(Errc::io, "cannot write " + file.string());
  }
  return Unit{};
}

Status RealWorld::start_nodes() {
  if (const Status written = write_configuration(); !written) return written;
  Result<LocalCluster> cluster =
      LocalCluster::start({.shoald = options_.shoald,
                           .dir = options_.dir,
                           .nodes = static_cast<int>(scenario_.cluster.nodes),
                           .arguments = {"--config", (options_.dir / "{name}.toml").string(), "--log-level", "warn",
                                         "--allow-faults", (options_.dir / "token").string()}});
  if (!cluster) return cluster.error();
  cluster_.emplace(*std::move(cluster));
  operator_ = std::make_shared<Engine>(Options{.seeds = cluster_->seeds(), .timeout = kPatience});
  return create_buckets();
}

Status RealWorld::create_buckets() {
  for (const Bucket& bucket : scenario_.cluster.buckets) {
    const Result<Reply> created = ask(0, BucketRequest{.call = {}, .bucket = bucket, .create = true}, kPatience);
    if (!created) return created.error();
  }
  return learn_ring();
}

// Until every node knows all buckets, so that no request meets one that does not.
Status RealWorld::learn_ring() {
  const auto knows_all = [&](const Membership& document) {
    return document.members.size() == scenario_.cluster.nodes &&
           std::ranges::all_of(scenario_.cluster.buckets,
                               [&](const Bucket& bucket) { return document.bucket(bucket.name) != nullptr; });
  };
  const Clock::time_point until = Clock::now() + kPatience;
  for (std::uint32_t node = 0; node < scenario_.cluster.nodes;) {
    const Result<Reply> told = ask(node, StatusRequest{}, kPatience);
    if (!told) return told.error();
    const auto& status = std::get<StatusReply>(*told);
    if (knows_all(status.document)) {
      index_of_[status.node] = node++;
      ring_ = std::make_shared<const PreferenceLists>(status.document);
    } else if (Clock::now() > until) {
      return fail(Errc::timeout, "the nodes of the study do not learn of its buckets");
    }
  }
  return Unit{};
}

void RealWorld::connect_clients() {
  for (const Load::Connection& plan : load_->connections()) {
    Options options{.seeds = {}, .retries = static_cast<int>(plan.retries), .seeds_only = !plan.near.empty()};
    for (std::uint32_t node = 0; node < scenario_.cluster.nodes; ++node)
      if (plan.near.empty() || std::ranges::find(plan.near, node) != plan.near.end())
        options.seeds.push_back(cluster_->address(static_cast<int>(node)));
    engines_.push_back(std::make_shared<Engine>(std::move(options)));
  }
}

// What stands in the keys from the start, at all owners.
Status RealWorld::fill() {
  std::deque<std::future<Status>> on_the_way;
  Status worst = Unit{};
  const auto take_one = [&] {
    const Status written = on_the_way.front().get();
    if (!written) worst = written;
    on_the_way.pop_front();
  };
  for (std::uint32_t key = 0; key < load_->keys(); ++key) {
    if (!load_->is_filled(key)) continue;
    if (on_the_way.size() >= kFillWindow) take_one();
    PutRequest put{.key = load_->key(key), .w = -1};
    put.value = Blob(value_of(0, load_->fill_bytes(key)));
    auto promise = std::make_shared<std::promise<Status>>();
    on_the_way.push_back(promise->get_future());
    operator_->submit(std::move(put), {}, kPatience, [promise](const Result<Reply>& reply) {
      promise->set_value(reply ? Status(Unit{}) : Status(reply.error()));
    });
  }
  while (!on_the_way.empty()) take_one();
  return worst;
}

}  // namespace shoal::study
