#include "tests/process/kill_loop.h"

#include <csignal>
#include <nlohmann/json.hpp>

#include "bench/load/local_cluster.h"
#include "node/base/rng.h"

namespace shoal::test {
namespace {

constexpr int kNodes = 3;
constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kVerifyPatience{120};

class KillLoop {
 public:
  KillLoop(const KillOptions& options, LocalCluster cluster)
      : options_(options),
        rng_(Rng(options.seed).fork("kills")),
        cluster_(std::move(cluster)),
        load_(cluster_.seeds(), options.seed) {}

  KillReport run() {
    for (int round = 0; round < options_.rounds && going_on(); ++round)
      options_.victims == Victims::one ? kill_one() : kill_all();
    load_.stop_and_verify(kVerifyPatience);
    if (const Status stopped = cluster_.stop(); !stopped) complain(stopped.error().message);
    for (const std::string& complaint : load_.complaints()) complain(complaint);
    report_.counts = load_.counts();
    report_.keys = load_.keys();
    return report_;
  }

 private:
  [[nodiscard]] bool going_on() const { return report_.violations.empty() && load_.complaints().empty(); }

  void kill_one() {
    const int victim = static_cast<int>(rng_.below(kNodes));
    write_on(rng_.below(500), "with all nodes up");
    kill(victim);
    write_on(rng_.below(500), "while " + cluster_.name(victim) + " was down");
    restart(victim);
  }

  // Nobody is waited for before all are told: the last one must not go on alone.
  void kill_all() {
    write_on(rng_.below(500), "with all nodes up");
    for (int node = 0; node < kNodes; ++node) cluster_.process(node).signal(SIGKILL);
    for (int node = 0; node < kNodes; ++node) kill(node);
    for (int node = 0; node < kNodes; ++node) restart(node);
  }

  void kill(int node) {
    cluster_.kill(node);
    ++report_.kills;
    if (options_.meanwhile) options_.meanwhile(cluster_.data_dir(node));
  }

  void restart(int node) {
    if (const Status back = cluster_.restart(node); !back) complain(back.error().message);
  }

  void write_on(std::uint64_t writes, const std::string& when) {
    if (!load_.wait_for_more(writes, kPatience)) complain("writes were not acknowledged for a minute " + when);
  }

  void complain(const std::string& sentence) { report_.violations.push_back(sentence); }

  const KillOptions& options_;
  Rng rng_;
  LocalCluster cluster_;
  KillLoad load_;
  KillReport report_;
};

}  // namespace

Result<KillReport> run_kill_loop(const KillOptions& options) {
  Result<LocalCluster> cluster = LocalCluster::start(
      {.shoald = options.shoald, .dir = options.dir, .nodes = kNodes, .arguments = options.arguments});
  if (!cluster) return cluster.error();
  return KillLoop(options, *std::move(cluster)).run();
}

void KillBatch::add(const KillOptions& options, const KillReport& report) {
  if (loops++ == 0) first_seed = options.seed;
  last_seed = options.seed;
  rounds += static_cast<std::uint64_t>(options.rounds);
  if (!report.violations.empty()) failing_seeds.push_back(options.seed);
  sum.kills += report.kills;
  sum.keys += report.keys;
  sum.counts.acknowledged += report.counts.acknowledged;
  sum.counts.unsure += report.counts.unsure;
  sum.counts.refused += report.counts.refused;
  sum.counts.reads += report.counts.reads;
  sum.violations.insert(sum.violations.end(), report.violations.begin(), report.violations.end());
}

nlohmann::ordered_json facts_of(const KillBatch& batch) {
  return {{"first_seed", batch.first_seed},
          {"last_seed", batch.last_seed},
          {"loops", batch.loops},
          {"rounds", batch.rounds},
          {"kills", batch.sum.kills},
          {"keys", batch.sum.keys},
          {"acknowledged", batch.sum.counts.acknowledged},
          {"unsure", batch.sum.counts.unsure},
          {"refused", batch.sum.counts.refused},
          {"reads_checked", batch.sum.counts.reads},
          {"violations", batch.sum.violations},
          {"failing_seeds", batch.failing_seeds}};
}

}  // namespace shoal::test
