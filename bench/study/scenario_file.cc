#include "bench/study/scenario_file.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "bench/study/toml_reader.h"
#include "node/base/limits.h"

namespace shoal::study {
namespace {

constexpr std::array<std::string_view, 3> kKinds = {"siblings", "lww", "strong"};
constexpr std::array<std::string_view, 2> kKeeps = {"all", "none"};
constexpr std::array<std::string_view, 4> kChoices = {"uniform", "zipfian", "hotspot", "fresh"};
constexpr std::array<std::string_view, 3> kContexts = {"read_first", "last_seen", "none"};
constexpr std::array<std::string_view, 5> kLevels = {"quorum", "eventual", "session", "all", "strong"};
constexpr std::array<std::string_view, 2> kDurabilities = {"relaxed", "sync"};
constexpr double kSecondsMax = 1e7;

template <class Enum, std::size_t n>
std::array<std::string_view, n> words_of() {
  std::array<std::string_view, n> words;
  for (std::size_t i = 0; i < n; ++i) words[i] = name_of(static_cast<Enum>(i));
  return words;
}
const auto kFaultWords = words_of<FaultWord, static_cast<std::size_t>(FaultWord::count_)>();

// ---- nodes by name -----------------------------------------------------------------------------------------------

class NodeNames {
 public:
  explicit NodeNames(const ClusterPlan& cluster) : cluster_(cluster) {}

  // "n3", "zone:a" or "*".
  void add(const std::string& name, Nodes& out, TomlReader& reader, std::string_view key) const {
    const std::size_t before = out.size();
    for (std::uint32_t node = 0; node < cluster_.nodes; ++node)
      if (name == "*" || name == node_name(node) || name == "zone:" + zone_of(cluster_, node)) out.push_back(node);
    if (out.size() == before)
      reader.problem(key, "names \"" + name + "\", which is no node; nodes are n1 to " + node_name(cluster_.nodes - 1) +
                              ", \"zone:NAME\", and \"*\"");
  }
  void read(TomlReader& reader, std::string_view key, Nodes& out) const {
    std::vector<std::string> names;
    reader.texts(key, names);
    if (!names.empty()) out.clear();
    for (const std::string& name : names) add(name, out, reader, key);
  }

 private:
  const ClusterPlan& cluster_;
};

// ---- the tables --------------------------------------------------------------------------------------------------

void read_switches(TomlReader& in, StudySwitches& switches) {
  in.flag("sloppy", switches.sloppy);
  in.flag("hints", switches.hints);
  in.flag("read_repair", switches.read_repair);
  in.flag("anti_entropy", switches.anti_entropy);
  in.flag("hedging", switches.hedging);
  in.flag("ask_all", switches.ask_all);
  in.flag("own_legs", switches.own_legs);
}

void refuse_replies(TomlReader& in, std::int32_t r, std::int32_t w) {
  const std::string why = "means nothing in a strong bucket, where a majority of the owners decides: leave it out";
  if (r != 0) in.problem("r", why);
  if (w != 0) in.problem("w", why);
}

void read_bucket(const std::string& name, TomlReader& in, ClusterPlan& cluster) {
  Bucket bucket{.name = name};
  in.word("kind", bucket.kind, kKinds);
  in.integer("r", bucket.r, -1, static_cast<std::int32_t>(cluster.replicas));
  in.integer("w", bucket.w, -1, static_cast<std::int32_t>(cluster.replicas));
  if (bucket.kind == Kind::strong) refuse_replies(in, bucket.r, bucket.w);
  if (name.empty() || name.size() > kBucketBytesMax || name == "default")
    in.problem("a bucket needs a name of its own, not \"" + name + "\"");
  cluster.buckets.push_back(std::move(bucket));
}

void read_cluster(TomlReader& in, ClusterPlan& cluster) {
  in.count("nodes", cluster.nodes, 1, 1000);
  in.count("replicas", cluster.replicas, 1, 15);
  in.count("partitions", cluster.partitions, kPartitionsMin, 65'536);
  if ((cluster.partitions & (cluster.partitions - 1)) != 0) in.problem("partitions", "must be a power of two");
  in.texts("zones", cluster.zones);
  in.word("durability", cluster.sync, kDurabilities);
  in.number("repair_interval_s", cluster.repair_interval_s, 0.1, kSecondsMax);
  in.number("repair_mib_per_s", cluster.repair_mib_per_s, 0.001, 1e6);
  in.number("scrub_s", cluster.scrub_s, 1, kSecondsMax);
  in.number("handoff_mib_per_s", cluster.handoff_mib_per_s, 0.001, 1e6);
  in.number("hints_max_mib", cluster.hints_max_mib, 0, 1e6);
  in.flag("gossip_only", cluster.gossip_only);
  in.table("switches", [&](TomlReader& table) { read_switches(table, cluster.switches); });
  in.named_tables("buckets", [&](const std::string& name, TomlReader& table) { read_bucket(name, table, cluster); });
}

void read_quality(TomlReader& in, LinkQuality& quality) {
  Distribution all;
  in.distribution("delay", all);
  if (in.has("delay")) quality.delay.fill(all);
  // A client sits beside its node unless somebody says otherwise.
  if (in.has("delay")) quality.delay[static_cast<std::size_t>(Leg::client)] = Distribution();
  for (std::size_t leg = 0; leg < kLegs; ++leg) in.distribution(name_of(static_cast<Leg>(leg)), quality.delay[leg]);
  in.number("loss", quality.loss, 0, 1);
  in.number("duplicate", quality.duplicate, 0, 1);
  in.flag("in_order", quality.in_order);
}

void read_links(TomlReader& in, Scenario& scenario) {
  read_quality(in, scenario.links);
  in.tables("rule", [&](TomlReader& table) {
    LinkRule rule{.from = {}, .to = {}, .quality = scenario.links};
    const NodeNames names(scenario.cluster);
    names.read(table, "from", rule.from);
    names.read(table, "to", rule.to);
    if (rule.from.empty() || rule.to.empty())
      table.problem("a rule of links needs from and to: from = \"n1\", to = \"*\"");
    read_quality(table, rule.quality);
    scenario.link_rules.push_back(std::move(rule));
  });
}

void read_clock(TomlReader& in, Scenario& scenario) {
  Nodes nodes;
  ClockPlan plan;
  NodeNames(scenario.cluster).read(in, "node", nodes);
  in.number("offset_ms", plan.offset_ms, -1e12, 1e12);
  in.number("drift_ppm", plan.drift_ppm, -900'000, 1e6);
  if (nodes.empty()) in.problem("a clock needs its node: node = \"n1\"");
  for (const std::uint32_t node : nodes) {
    plan.node = node;
    scenario.clocks.push_back(plan);
  }
}

bool has_bucket(const ClusterPlan& cluster, const std::string& name) {
  return name == "default" || std::ranges::find(cluster.buckets, name, &Bucket::name) != cluster.buckets.end();
}

void read_mix(TomlReader& in, Workload& load) {
  in.count("get", load.get, 0, 1'000'000);
  in.count("put", load.put, 0, 1'000'000);
  in.count("del", load.del, 0, 1'000'000);
  in.count("cas", load.cas, 0, 1'000'000);
  if (load.get + load.put + load.del + load.cas == 0)
    in.problem("a workload needs a weight above 0 for get, put, del or cas");
  in.count("keys", load.keys, 1, 10'000'000);
  in.flag("fill", load.fill);
  in.word("distribution", load.choice, kChoices);
  in.number("zipf_theta", load.zipf_theta, 0.01, 0.999);
  in.number("hot_share", load.hot_share, 0, 1);
  in.number("hot_keys_share", load.hot_keys_share, 1e-9, 1);
  in.count("value_bytes", load.value_min, 8, static_cast<std::uint32_t>(kValueBytesMax));
  load.value_max = load.value_min;
  in.count("value_bytes_max", load.value_max, load.value_min, static_cast<std::uint32_t>(kValueBytesMax));
}

// What a strong bucket cannot do, and what only a strong one can.
void check_kind(TomlReader& in, const ClusterPlan& cluster, const Workload& load) {
  const Kind kind = kind_of(cluster, load.bucket);
  if (kind == Kind::strong) {
    refuse_replies(in, load.r, load.w);
    if (load.fill && in.has("fill"))
      in.problem("fill", "must be false: the keys of a strong bucket begin without a value");
    return;
  }
  const std::string why = "needs a bucket of kind strong, and \"" + load.bucket + "\" is of kind " +
                          std::string(name_of(kind)) +
                          ": say kind = \"strong\" in a [cluster.buckets.NAME] and bucket = \"NAME\" here";
  if (load.level == Level::strong) in.problem("level", "strong " + why);
  if (load.cas > 0) in.problem("cas", why);
}

void read_workload(TomlReader& in, Scenario& scenario) {
  Workload load;
  const auto replicas = static_cast<std::int32_t>(scenario.cluster.replicas);
  load.name = in.name();
  in.text("name", load.name);
  in.text("bucket", load.bucket);
  if (!has_bucket(scenario.cluster, load.bucket))
    in.problem("bucket", "is not among [cluster.buckets.NAME]: \"" + load.bucket + "\"");
  in.number("rate", load.rate, 0.001, 1e7);
  in.number("begin_s", load.begin_s, 0, kSecondsMax);
  in.number("end_s", load.end_s, load.begin_s, kSecondsMax);
  in.count("clients", load.clients, 1, 10'000);
  in.flag("sessions", load.sessions);
  read_mix(in, load);
  in.integer("r", load.r, -1, replicas);
  in.integer("w", load.w, -1, replicas);
  if (load.sessions) load.level = Level::session;
  in.word("level", load.level, kLevels);
  if ((load.level == Level::session) != load.sessions)
    in.problem("level", "session goes with sessions = true, and only so");
  check_kind(in, scenario.cluster, load);
  load.fill = load.fill && kind_of(scenario.cluster, load.bucket) != Kind::strong;
  in.word("contexts", load.contexts, kContexts);
  in.number("timeout_ms", load.timeout_ms, 1, 60'000);
  in.count("retries", load.retries, 0, 10);
  NodeNames(scenario.cluster).read(in, "near", load.near);
  in.numbers("probes_ms", load.probes_ms, 0, 1e6);
  scenario.workloads.push_back(std::move(load));
}

// ---- faults ------------------------------------------------------------------------------------------------------

void read_groups(TomlReader& in, const NodeNames& names, Fault& fault) {
  // ["n1,n2", "n3,n4,n5"]: groups of names, each a text.
  std::vector<std::string> groups;
  in.texts("groups", groups);
  for (const std::string& group : groups) {
    Nodes nodes;
    for (std::size_t at = 0; at <= group.size();) {
      const std::size_t comma = std::min(group.find(',', at), group.size());
      std::string name = group.substr(at, comma - at);
      std::erase(name, ' ');
      names.add(name, nodes, in, "groups");
      at = comma + 1;
    }
    fault.groups.push_back(std::move(nodes));
  }
  Nodes nodes;
  names.read(in, "node", nodes);
  if (!nodes.empty()) fault.groups = {nodes};
}

void check_fault(TomlReader& in, const Fault& fault, std::uint32_t nodes) {
  const std::string what(name_of(fault.word));
  const bool groups = fault.word == FaultWord::partition || fault.word == FaultWord::bridge;
  if (groups && fault.groups.size() < 2) return in.problem("a " + what + " needs groups = [\"n1,n2\", \"n3,n4,n5\"]");
  if (fault.word == FaultWord::bridge && nodes < 3) return in.problem("a bridge needs three nodes or more");
  if (fault.word == FaultWord::isolate && fault.groups.size() != 1)
    return in.problem("isolate needs its node: node = \"n1\"");
  if (!groups && !concerns_links(fault.word) && fault.groups.size() != 1)
    return in.problem("a " + what + " needs its node: node = \"n1\" or an array of names");
  const bool wants_share = fault.word == FaultWord::loss || fault.word == FaultWord::duplicate ||
                           fault.word == FaultWord::reorder || fault.word == FaultWord::corrupt;
  if (wants_share && fault.share <= 0) return in.problem(what + " needs the share of messages: share = 0.1");
  if (fault.word == FaultWord::slow && fault.factor <= 1) return in.problem("slow needs factor = 10, or any above 1");
  const bool wants_delay =
      fault.word == FaultWord::delay || fault.word == FaultWord::reorder || fault.word == FaultWord::disk_slow;
  if (wants_delay && !in.has("delay")) return in.problem(what + " needs delay = milliseconds, or a distribution");
}

bool concerns_gossip(FaultWord word) { return word <= FaultWord::pause; }

void read_fault(TomlReader& in, Scenario& scenario) {
  Fault fault;
  in.word("what", fault.word, kFaultWords);
  if (!in.has("what")) in.problem("a fault needs what = \"partition\", or another kind");
  in.number("at_s", fault.at_s, 0, kSecondsMax);
  in.number("for_s", fault.for_s, 0, kSecondsMax);
  const NodeNames names(scenario.cluster);
  read_groups(in, names, fault);
  names.read(in, "to", fault.to);
  in.flag("one_way", fault.one_way);
  in.number("share", fault.share, 0, 1);
  in.number("factor", fault.factor, 1, 1e6);
  in.number("offset_ms", fault.offset_ms, -1e12, 1e12);
  in.number("drift_ppm", fault.drift_ppm, -900'000, 1e6);
  in.count("amount", fault.amount, 1, 1'000'000'000);
  in.distribution("delay", fault.delay);
  check_fault(in, fault, scenario.cluster.nodes);
  if (fault.at_s >= scenario.seconds) in.problem("at_s", "is after the load has ended");
  if (scenario.cluster.gossip_only && !concerns_gossip(fault.word))
    in.problem("what", "concerns data, disks or clocks, and this study only gossips");
  scenario.faults.push_back(std::move(fault));
}

void read_random(TomlReader& in, RandomFaults& random) {
  std::vector<std::string> words;
  in.number("per_minute", random.per_minute, 0, 6000);
  in.texts("what", words);
  in.distribution("lasts", random.lasts);
  for (const std::string& word : words) {
    const auto found = std::ranges::find(kFaultWords, word);
    if (found == kFaultWords.end()) return in.problem("what", "names \"" + word + "\", which is no kind of fault");
    random.words.push_back(static_cast<FaultWord>(found - kFaultWords.begin()));
  }
  if (random.per_minute > 0 && !in.has("lasts"))
    in.problem("random faults need to know how long one lasts: lasts = 5000");
  if (random.per_minute > 0 && random.words.empty()) in.problem("random faults need what = [\"crash\", ...]");
}

// ---- the file ----------------------------------------------------------------------------------------------------

void check_scenario(TomlReader& in, const Scenario& scenario) {
  if (scenario.name.empty()) return in.problem("a study needs a name");
  if (scenario.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
    return in.problem("name", "is made of small letters, digits and hyphens");
  if (scenario.workloads.empty() && !scenario.cluster.gossip_only)
    return in.problem("a study needs a [[workload]], or gossip_only = true");
  if (scenario.cluster.replicas > scenario.cluster.nodes && !scenario.cluster.gossip_only)
    return in.problem("there are fewer nodes than replicas");
}

Scenario read_scenario(TomlReader& in) {
  Scenario scenario;
  scenario.links.delay.fill(Distribution({{1, Exponential{0.1}}}, 0.1));
  in.text("name", scenario.name);
  in.text("title", scenario.title);
  in.text("about", scenario.about);
  in.number("seconds", scenario.seconds, 0.1, kSecondsMax);
  in.number("settle_s", scenario.settle_s, 0, kSecondsMax);
  in.number("sample_ms", scenario.sample_ms, 1, 1e6);
  in.word("history", scenario.history, kKeeps);
  in.count("seeds", scenario.seeds, 1, 1'000'000);
  in.table("cluster", [&](TomlReader& table) { read_cluster(table, scenario.cluster); });
  in.table("links", [&](TomlReader& table) { read_links(table, scenario); });
  in.table("disk", [&](TomlReader& table) { table.distribution("sync", scenario.disk.sync); });
  in.tables("clock", [&](TomlReader& table) { read_clock(table, scenario); });
  in.tables("workload", [&](TomlReader& table) { read_workload(table, scenario); });
  in.tables("fault", [&](TomlReader& table) { read_fault(table, scenario); });
  in.table("random_faults", [&](TomlReader& table) { read_random(table, scenario.random); });
  in.skip("variants");
  check_scenario(in, scenario);
  in.finish();
  return scenario;
}

// Lays `over` on `base`, table into table. Moved, because copies of nodes forget where they stood.
void lay_over(toml::table& base, toml::table& over) {
  for (auto&& [key, node] : over) {
    const std::string name(key.str());
    toml::table* below = base[name].as_table();
    if (below != nullptr && node.is_table()) {
      lay_over(*below, *node.as_table());
    } else {
      node.visit([&](auto& value) { base.insert_or_assign(name, std::move(value)); });
    }
  }
}

std::vector<std::string> variant_names(const toml::table& table) {
  std::vector<std::pair<toml::source_position, std::string>> found;
  if (const toml::table* variants = table["variants"].as_table())
    for (const auto& [name, node] : *variants) found.emplace_back(name.source().begin, std::string(name.str()));
  std::ranges::sort(found, {}, [](const auto& item) { return std::pair(item.first.line, item.first.column); });
  std::vector<std::string> names;
  names.reserve(found.size());
  for (auto& [where, name] : found) names.push_back(std::move(name));
  return names;
}

Result<Scenario> read_variant(std::string_view text, const std::string& variant, const std::filesystem::path& folder) {
  toml::table table = toml::parse(text);
  TomlProblems problems{folder, std::nullopt};
  if (!variant.empty()) {
    toml::table* over = table["variants"][variant].as_table();
    if (over == nullptr) {
      problems.add(table.source(), "[variants." + variant + "] must be a table");
      return *problems.first;
    }
    toml::table moved = std::move(*over);
    lay_over(table, moved);
  }
  TomlReader reader(table, "", problems);
  Scenario scenario = read_scenario(reader);
  if (problems.first && !variant.empty()) problems.first->message += " (in variant " + variant + ")";
  if (problems.first) return *problems.first;
  return scenario;
}

}  // namespace

Result<StudyFile> parse_study(std::string_view text, const std::filesystem::path& folder) {
  StudyFile study{.text = std::string(text), .variants = {}};
  try {
    std::vector<std::string> names = variant_names(toml::parse(text));
    if (names.empty()) names.emplace_back();
    for (const std::string& name : names) {
      Result<Scenario> scenario = read_variant(text, name, folder);
      if (!scenario) return scenario.error();
      study.variants.push_back(Variant{name, *std::move(scenario)});
    }
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    return fail(Errc::invalid, "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " +
                                   std::string(error.description()));
  }
  return study;
}

Result<StudyFile> read_study(const std::filesystem::path& file) {
  std::error_code trouble;
  std::ifstream in(file);
  if (!in || !std::filesystem::is_regular_file(file, trouble))
    return fail(Errc::invalid, "cannot read the study " + file.string());
  const std::string text(std::istreambuf_iterator<char>(in), {});
  Result<StudyFile> study = parse_study(text, file.parent_path());
  if (!study) return fail(Errc::invalid, file.string() + ", " + study.error().message);
  return study;
}

}  // namespace shoal::study
