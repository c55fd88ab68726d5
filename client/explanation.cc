#include "client/explanation.h"

#include <algorithm>
#include <set>
#include <utility>

#include "client/access.h"
#include "node/base/bytes.h"
#include "node/base/limits.h"
#include "node/ring/lookup.h"

namespace shoal::client_detail {
namespace {

std::string text_of(const Actor& actor) { return to_string(actor.incarnation) + "/" + std::to_string(actor.epoch); }

std::string text_of(const Hash128& digest) {
  std::string bytes;
  append_u64(bytes, digest.hi);
  append_u64(bytes, digest.lo);
  return to_hex(bytes);
}

std::optional<Holding> holding_of(const Held& held) {
  if (held.state == nullptr) return std::nullopt;
  Holding holding = client_detail::holding_of(*held.state);
  holding.losers = held.losers;
  holding.digest = text_of(held.digest);
  for (std::size_t i = 0; i < std::min(holding.writes.size(), held.sizes.size()); ++i)
    holding.writes[i].bytes = held.sizes[i];
  return holding;
}

VersionVector clock_of(const Held& held) { return held.state != nullptr ? held.state->clock : VersionVector(); }

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + names[i];
  return text;
}

std::string quoted_for_shell(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.:/@%+=,";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

class Explainer {
 public:
  Explainer(const Membership& document, const Key& key, const ExplainReply& reply)
      : document_(document), key_(key), reply_(reply) {
    for (const ReplicaView& view : reply.replicas) {
      merge(reply.kind, all_, state_of(view.found.copy));
      merge(reply.kind, all_, state_of(view.found.hint));
    }
  }

  Explanation explain() {
    Explanation out{
        .kind = std::string(name_of(reply_.kind)), .partition = reply_.partition.value, .replicas = {}, .problems = {}};
    for (const ReplicaView& view : reply_.replicas) out.replicas.push_back(report(view));
    for (std::size_t i = 0; i < out.replicas.size(); ++i) add_problems(reply_.replicas[i], out.replicas[i]);
    add_conflict();
    out.problems = std::move(problems_);
    return out;
  }

 private:
  static Record state_of(const Held& held) { return held.state != nullptr ? *held.state : Record(); }

  ReplicaReport report(const ReplicaView& view) const {
    ReplicaReport report{.name = name_in(document_, view.node),
                         .id = to_string(view.node),
                         .liveness = to_string(view.liveness),
                         .owner = view.owner,
                         .answered = view.answered,
                         .trouble = view.answered && view.found.outcome != Errc::ok ? describe(view.found.outcome) : "",
                         .copy = holding_of(view.found.copy),
                         .hint = holding_of(view.found.hint),
                         .hints_for = {},
                         .behind = {},
                         .to_repair = to_repair(view.node)};
    for (const NodeId owner : view.found.hints_for) report.hints_for.push_back(name_in(document_, owner));
    if (view.answered && view.owner && report.trouble.empty()) report.behind = ahead_of(view);
    return report;
  }

  [[nodiscard]] bool to_repair(NodeId owner) const {
    return std::ranges::any_of(reply_.replicas, [&](const ReplicaView& view) {
      return std::ranges::find(view.found.to_repair, owner) != view.found.to_repair.end();
    });
  }

  // Who holds something, as a copy or as a hint, that this one's copy has not seen.
  std::vector<std::string> ahead_of(const ReplicaView& behind) const {
    const VersionVector own = clock_of(behind.found.copy);
    std::vector<std::string> names;
    for (const ReplicaView& other : reply_.replicas) {
      if (!own.descends(clock_of(other.found.copy)) || !own.descends(clock_of(other.found.hint)))
        names.push_back(name_in(document_, other.node));
    }
    return names;
  }

  // Who keeps a hint for this owner; `complete` when the hints have all that it lacks.
  std::vector<std::string> holders_for(const ReplicaView& owner, bool& complete) const {
    VersionVector with_hints = clock_of(owner.found.copy);
    std::vector<std::string> names;
    for (const ReplicaView& other : reply_.replicas) {
      if (std::ranges::find(other.found.hints_for, owner.node) == other.found.hints_for.end()) continue;
      names.push_back(name_in(document_, other.node));
      with_hints.join(clock_of(other.found.hint));
    }
    complete = !names.empty() && with_hints.descends(all_.clock);
    return names;
  }

  void add_problems(const ReplicaView& view, const ReplicaReport& report) {
    bool complete = false;
    const std::vector<std::string> holders = holders_for(view, complete);
    if (view.owner && !view.answered) {
      problems_.push_back(report.name + " is " + report.liveness + " and did not answer; " +
                          waiting_for(report, holders));
    } else if (!report.trouble.empty()) {
      problems_.push_back(report.name + " cannot read what it has (" + report.trouble +
                          "): its disk needs a look; the other replicas answer meanwhile");
    } else if (!report.behind.empty()) {
      problems_.push_back(report.name + " has not seen what " + listed(report.behind) + " " +
                          (report.behind.size() > 1 ? "hold" : "holds") + ": " + fix_of(report, holders, complete));
    }
    if (report.copy && report.copy->losers > 0)
      problems_.push_back(report.name + " dropped " + std::to_string(report.copy->losers) +
                          " concurrent writes, as a bucket of kind lww does: they are gone; a bucket of kind siblings "
                          "keeps them");
  }

  static std::string waiting_for(const ReplicaReport& report, const std::vector<std::string>& holders) {
    if (holders.empty()) return "what it holds is not known, and no hint waits for it";
    return "a hint waits for it at " + listed(holders) + " and is delivered when " + report.name + " is back";
  }

  [[nodiscard]] std::string fix_of(const ReplicaReport& report, const std::vector<std::string>& holders,
                                   bool complete) const {
    if (complete) return "the hint at " + listed(holders) + " brings it by itself, or now with: shoal hints deliver";
    const std::string read = "shoal get " + quoted_for_shell(key_.name) + bucket_flag() + " -r all";
    if (report.to_repair)
      return "nobody keeps it for " + report.name +
             ": comparing the nodes brings it, by itself or now with: shoal repair start; for this key a read does: " +
             read;
    return "a read repairs it: " + read;
  }

  void add_conflict() {
    const std::size_t values = live_siblings(all_).size();
    if (values > 1)
      problems_.push_back("the key holds " + std::to_string(values) +
                          " concurrent values: settle them with: shoal resolve " + quoted_for_shell(key_.name) +
                          bucket_flag());
  }

  [[nodiscard]] std::string bucket_flag() const {
    return key_.bucket == kDefaultBucket ? "" : " --bucket " + quoted_for_shell(key_.bucket);
  }

  const Membership& document_;
  const Key& key_;
  const ExplainReply& reply_;
  Record all_;
  std::vector<std::string> problems_;
};

}  // namespace

Holding holding_of(const Record& state) {
  Holding holding;
  for (const VersionVector::Entry& entry : state.clock.entries())
    holding.clock.push_back({text_of(entry.actor), entry.counter});
  for (const Sibling& sibling : state.siblings)
    holding.writes.push_back({.actor = text_of(sibling.dot.actor),
                              .counter = sibling.dot.counter,
                              .written = WallClock::time_point(Millis(sibling.hlc.wall_ms())),
                              .bytes = 0,
                              .deletion = sibling.tombstone});
  return holding;
}

Explanation explanation_of(const Membership& document, const Key& key, const ExplainReply& reply) {
  return Explainer(document, key, reply).explain();
}

namespace {

const char* difference_between(const RecordPtr& here, const RecordPtr& there) {
  if (there == nullptr) return "only_here";
  if (here == nullptr) return "only_there";
  const bool here_knows_all = here->clock.descends(there->clock);
  const bool there_knows_all = there->clock.descends(here->clock);
  if (here_knows_all && there_knows_all) return "different";
  return here_knows_all ? "there_behind" : there_knows_all ? "here_behind" : "concurrent";
}

std::optional<Holding> holding_if(const RecordPtr& state) {
  return state != nullptr ? std::optional(client_detail::holding_of(*state)) : std::nullopt;
}

}  // namespace

NodeDifference difference_of(std::string here, std::string there, const DiffReply& reply) {
  NodeDifference difference{.here = std::move(here),
                            .there = std::move(there),
                            .partitions = reply.partitions,
                            .differ = {},
                            .differences = reply.differences,
                            .keys = {}};
  for (const PartitionDiff& diff : reply.differ) difference.differ.push_back({diff.partition.value, diff.leaves});
  for (const KeyDiff& diff : reply.keys)
    difference.keys.push_back({.difference = difference_between(diff.here, diff.there),
                               .bucket = diff.key.bucket,
                               .key = diff.key.name,
                               .here = holding_if(diff.here),
                               .there = holding_if(diff.there)});
  return difference;
}

}  // namespace shoal::client_detail
