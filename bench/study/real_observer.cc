// What real nodes hold, and how far from each other that is.
#include <algorithm>
#include <set>

#include "bench/study/real_world.h"

namespace shoal::study {
namespace {

using client_detail::Reply;

constexpr Millis kObservePatience{500};
constexpr Millis kReadPatience{3000};

}  // namespace

// Of keys that are known when it is asked: fresh ones come while the load runs.
std::vector<std::uint32_t> RealWorld::keys_of(std::uint32_t node) const {
  std::vector<std::uint32_t> keys;
  const HashKey& cluster_key = ring_->document().cluster_key;
  for (std::uint32_t key = 0; key < load_->keys() && keys.size() < ObserveRequest::kKeysMax; ++key)
    for (const NodeId owner : ring_->owners(ring_->partition_of(slot_of(cluster_key, load_->key(key)))))
      if (index_of_.at(owner) == node) keys.push_back(key);
  return keys;
}

void RealWorld::begin_sample() {
  look_ = Look{.at = seconds_now()};
  next_sample_ = std::max(next_sample_ + scenario_.sample_ms / 1000, seconds_now());
  for (std::uint32_t node = 0; node < scenario_.cluster.nodes; ++node) {
    if (!answers(node)) continue;
    ObserveRequest request{.call = {}, .token = token_, .keys = {}};
    std::vector<std::uint32_t> keys;
    {
      const std::lock_guard lock(mutex_);
      keys = keys_of(node);
      for (const std::uint32_t key : keys) request.keys.push_back(load_->key(key));
      ++look_->unanswered;
    }
    operator_->submit(std::move(request), cluster_->address(static_cast<int>(node)), kObservePatience,
                      [this, node, keys = std::move(keys)](const Result<Reply>& reply) {
                        const std::lock_guard lock(mutex_);
                        if (reply) note_observed(node, keys, std::get<ObserveReply>(*reply));
                        --look_->unanswered;
                        changed_.notify_one();
                      });
  }
}

void RealWorld::note_observed(std::uint32_t node, const std::vector<std::uint32_t>& keys, ObserveReply reply) {
  if (gone_.contains(node)) return;
  Copies& copies = copies_[node];
  for (std::size_t i = 0; i < std::min(keys.size(), reply.copies.size()); ++i)
    copies.of[keys[i]] = std::move(reply.copies[i]);
  copies.hints = reply.hints;
  copies.hint_bytes = reply.hint_bytes;
  copies.traffic = reply.traffic;
}

std::uint64_t RealWorld::behind(std::uint32_t key, std::vector<std::uint32_t>& by_node) const {
  std::vector<std::pair<std::uint32_t, const ObservedCopy*>> owners;
  VersionVector join;
  static const ObservedCopy kNothing;
  for (std::uint32_t node = 0; node < copies_.size(); ++node) {
    const auto copy = copies_[node].of.find(key);
    if (copy == copies_[node].of.end()) continue;
    owners.emplace_back(node, copy->second.outcome == Errc::ok ? &copy->second : &kNothing);
    join.join(owners.back().second->clock);
  }
  std::uint64_t count = 0;
  for (const auto& [node, copy] : owners) {
    if (copy->clock == join) continue;
    ++by_node[node];
    ++count;
  }
  return count;
}

// Once all nodes that answer have answered.
void RealWorld::end_sample() {
  const std::lock_guard lock(mutex_);
  if (!look_ || look_->unanswered > 0) return;
  Sample sample{.at = look_->at};
  look_.reset();
  sample.behind_by_node.assign(copies_.size(), 0);
  for (std::uint32_t key = 0; key < load_->keys(); ++key) {
    const std::uint64_t owners = behind(key, sample.behind_by_node);
    sample.behind += owners;
    sample.keys_apart += owners > 0 ? 1 : 0;
  }
  RepairTraffic spent;
  for (const Copies& copies : copies_) {
    spent += copies.traffic;
    spent += copies.before_death;
    sample.hints += copies.hints;
    sample.hint_bytes += copies.hint_bytes;
    for (const auto& [key, copy] : copies.of) {
      sample.siblings_max = std::max<std::uint64_t>(sample.siblings_max, copy.siblings);
      sample.siblings_all += copy.siblings;
      sample.clock_entries += copy.clock.entries().size();
    }
  }
  sample.handoff_bytes = spent.handoff_bytes;
  sample.read_repair_bytes = spent.read_repair_bytes;
  sample.anti_entropy_bytes = spent.anti_entropy_bytes;
  recording_.samples.push_back(std::move(sample));
}

// A read of all owners of each key that the load touched.
void RealWorld::read_finals() {
  std::set<std::uint32_t> keys;
  for (const Operation& operation : recording_.operations)
    if (operation.phase == Phase::load) keys.insert(operation.key);
  std::vector<std::uint32_t> by_node(copies_.size(), 0);
  for (const std::uint32_t key : keys) {
    LastState last{.key = key, .equal = behind(key, by_node) == 0, .values = {}, .known = false};
    const auto owners = ring_->owners(ring_->partition_of(slot_of(ring_->document().cluster_key, load_->key(key))));
    const auto left = std::ranges::count_if(owners, [&](NodeId owner) { return !gone_.contains(index_of_.at(owner)); });
    const std::uint32_t first = index_of_.at(
        *std::ranges::find_if(owners, [&](NodeId owner) { return left == 0 || !gone_.contains(index_of_.at(owner)); }));
    const auto r = static_cast<std::int32_t>(left);
    const Result<Reply> reply =
        ask(first, GetRequest{.call = {}, .key = load_->key(key), .r = r, .timeout = kReadPatience, .pr = r},
            kReadPatience);
    if (reply) {
      last.known = true;
      for (const Value& value : std::get<GetReply>(*reply).values)
        if (const WriteId writer = writer_of(value.bytes.view()); writer != 0) last.values.push_back(writer);
      std::ranges::sort(last.values);
    }
    recording_.finals.push_back(std::move(last));
  }
}

void RealWorld::read_counters() {
  for (std::uint32_t node = 0; node < scenario_.cluster.nodes; ++node) {
    if (!answers(node)) continue;
    const Result<Reply> status = ask(node, StatusRequest{}, kReadPatience);
    if (!status) continue;
    for (const Counter& counter : std::get<StatusReply>(*status).counters)
      recording_.counters[counter.name] += counter.count;
  }
}

}  // namespace shoal::study
