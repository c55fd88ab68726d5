#include "bench/sim/script.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <limits>

#include "bench/sim/script_fields.h"
#include "node/base/limits.h"

namespace shoal::sim {
namespace {

constexpr std::uint32_t kMillion = 1'000'000;
constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 40;
constexpr std::size_t kFaultsMax = 1000;
constexpr std::size_t kBucketsMax = 16;
constexpr std::chrono::hours kLongest{2};
constexpr std::streamsize kFileBytesMax = 4 << 20;

template <class Fields>
void visit_cluster(Fields& in, Options& o) {
  in.number("nodes", o.nodes, 2, kNodesMax);
  in.number("replicas", o.replicas, 1, o.nodes);
  in.number("zones", o.zones, 1, kNodesMax);
  in.numbers("weights", o.weights, 1, 1'000'000);
  in.demand("weights", o.weights.size() == o.nodes, "must have one number for each node");
  in.nodes("relaxed", o.relaxed, o.nodes);
  in.flag("restart_all_when_healed", o.restart_all_when_healed);
  in.flag("late_joiner", o.late_joiner);
  in.flag("minority_stays_down", o.minority_stays_down);
}

template <class Fields>
void visit_disks(Fields& in, Options& o) {
  in.number("sync_usec", o.sync_usec, 1, 10'000'000);
  in.number("slow_sync_per_million", o.slow_sync_per_million, 0, kMillion);
  in.number("hint_bytes_max", o.hint_bytes_max, 0, kBytesMax);
  in.number("waiting_for_disk_max", o.waiting_for_disk_max, 1, kBytesMax);
}

template <class Fields>
void visit_mix(Fields& in, std::vector<std::uint32_t>& mix) {
  mix.resize(static_cast<std::size_t>(Action::count_));
  for (std::size_t i = 0; i < mix.size(); ++i)
    in.number(std::string(name_of(static_cast<Action>(i))).c_str(), mix[i], 0, 1000);
  in.demand("", std::ranges::any_of(mix, [](std::uint32_t weight) { return weight > 0; }),
            "needs a weight above 0 for something");
}

template <class Fields>
void visit_load(Fields& in, Options& o) {
  LoadOptions& load = o.load;
  in.number("clients", load.clients, 1, 100);
  in.number("operations", load.operations, 1, 100'000);
  in.number("keys", load.keys, 1, 1000);
  in.number("hot_key_per_million", load.hot_key_per_million, 0, kMillion);
  in.flag("hot_key_in_default", load.hot_key_in_default);
  in.flag("only_strong", load.only_strong);
  in.number("ask_owner_per_million", load.ask_owner_per_million, 0, kMillion);
  in.number("client_dies_per_million", load.client_dies_per_million, 0, kMillion);
  in.table("mix", [&](Fields& mix) { visit_mix(mix, load.mix); });
  in.numbers("quorums", load.quorums, -1, static_cast<std::int32_t>(o.replicas));
  in.demand("quorums", !load.quorums.empty(), "needs at least one number; 0 is a majority, -1 all");
  in.words("levels", load.levels, static_cast<std::size_t>(Level::all) + 1);
  in.demand("levels", !load.levels.empty(), "needs at least one level");
}

template <class Fields>
void visit_bucket(Fields& in, const Options& o, BucketPlan& plan) {
  const auto replicas = static_cast<std::int32_t>(o.replicas);
  in.text("name", plan.bucket.name, kBucketBytesMax);
  const auto same = [&](const BucketPlan& other) { return other.bucket.name == plan.bucket.name; };
  in.demand("name", plan.bucket.name != "default" && std::ranges::count_if(o.buckets, same) == 1,
            "must be a name of its own");
  in.word("kind", plan.bucket.kind, static_cast<std::size_t>(Kind::strong) + 1);
  in.number("r", plan.bucket.r, -1, replicas);
  in.number("w", plan.bucket.w, -1, replicas);
  in.time("create_at_ns", plan.create_at, kLongest);
  bool changes = plan.later.has_value();
  in.flag("changes", changes);
  if (!changes) return;
  if (!plan.later) plan.later = plan.bucket;
  in.number("later_r", plan.later->r, -1, replicas);
  in.number("later_w", plan.later->w, -1, replicas);
  in.time("change_after_ns", plan.change_after, kLongest);
}

template <class Fields>
void visit_fault(Fields& in, const Options& o, Fault& fault) {
  in.word("kind", fault.kind, static_cast<std::size_t>(FaultKind::count_));
  in.time("at_ns", fault.at, kLongest);
  in.time("lasts_ns", fault.lasts, kLongest);
  in.nodes("left", fault.left, o.nodes);
  in.nodes("right", fault.right, o.nodes);
  // As a rate, a factor or a time it stays in what a run can bear; a cut that flaps needs a period.
  const std::uint64_t most = fault.kind == FaultKind::clock_step ? 3'600'000 : kMillion;
  in.number("amount", fault.amount, fault.kind == FaultKind::flapping ? 1 : 0, most);
}

template <class Fields>
void visit_options(Fields& in, Options& o) {
  in.number("seed", o.seed, 0, std::numeric_limits<std::uint64_t>::max());
  in.table("cluster", [&](Fields& cluster) { visit_cluster(cluster, o); });
  in.word("delays", o.delays, static_cast<std::size_t>(DelayProfile::heavy_tail) + 1);
  in.table("disks", [&](Fields& disks) { visit_disks(disks, o); });
  in.table("load", [&](Fields& load) { visit_load(load, o); });
  in.tables("buckets", o.buckets, kBucketsMax,
            [&](Fields& fields, BucketPlan& plan) { visit_bucket(fields, o, plan); });
  in.time("horizon_ns", o.horizon, kLongest);
  in.tables("faults", o.faults, kFaultsMax, [&](Fields& fields, Fault& fault) { visit_fault(fields, o, fault); });
}

}  // namespace

std::string to_script(const Options& options) {
  Options copy = options;
  Json out;
  FieldWriter fields(out);
  visit_options(fields, copy);
  return out.dump(1) + "\n";
}

Result<Options> parse_script(std::string_view text) {
  const Json in = Json::parse(text, nullptr, false);
  if (in.is_discarded()) return fail(Errc::invalid, "the script is not JSON; --save writes one to start from");
  Options options;
  std::string problem;
  FieldReader fields(in, "", problem);
  if (problem.empty()) visit_options(fields, options);
  fields.finish();
  if (!problem.empty()) return fail(Errc::invalid, problem);
  for (const Fault& fault : options.faults)
    if (std::ranges::find(options.kinds, fault.kind) == options.kinds.end()) options.kinds.push_back(fault.kind);
  return options;
}

Status save_script(const Options& options, const std::string& path) {
  std::ofstream file(path);
  file << to_script(options);
  if (file.flush()) return Unit{};
  return fail(Errc::io, path + ": cannot be written");
}

Result<Options> read_script(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(kFileBytesMax) + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file && !file.eof()) return fail(Errc::io, path + ": cannot be read");
  if (file.gcount() > kFileBytesMax) return fail(Errc::invalid, path + ": is too large for a script");
  text.resize(static_cast<std::size_t>(file.gcount()));
  Result<Options> options = parse_script(text);
  if (!options) return fail(options.error().code, path + ": " + options.error().message);
  return options;
}

}  // namespace shoal::sim
