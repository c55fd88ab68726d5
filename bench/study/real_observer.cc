// What real nodes hold, and how far from each other that is.
#include <algorithm>
#include <set>

#include "bench/study/real_world.h"

namespace shoal::study {
namespace {

using client_detail::Reply;

constexpr Millis kObservePatience{500};
constexpr Millis kReadPatience{3000};
constexpr Millis kReadAgain{50};
constexpr std::size_t kKeysAtOnce = 500;

}  // namespace

void RealWorld::learn_owners() {
  const std::lock_guard lock(mutex_);
  for (auto key = static_cast<std::uint32_t>(owners_.size()); key < load_->keys(); ++key) {
    const Slot slot = slot_of(ring_->document().cluster_key, load_->key(key));
    owners_.emplace_back();
    for (const NodeId owner : ring_->owners(ring_->partition_of(slot))) {
      owners_.back().push_back(index_of_.at(owner));
      std::vector<std::uint32_t>& keys = keys_of_[owners_.back().back()];
      if (keys.size() < ObserveRequest::kKeysMax) keys.push_back(key);
    }
  }
}

// In pieces, so that no node is busy with it for long.
void RealWorld::begin_sample() {
  learn_owners();
  look_ = Look{.at = seconds_now()};
  next_sample_ = std::max(next_sample_ + scenario_.sample_ms / 1000, seconds_now());
  for (std::uint32_t node = 0; node < scenario_.cluster.nodes; ++node) {
    if (!answers(node)) continue;
    const std::vector<std::uint32_t>& keys = keys_of_[node];
    for (std::size_t from = 0; from == 0 || from < keys.size(); from += kKeysAtOnce) {
      const auto first = keys.begin() + static_cast<std::ptrdiff_t>(from);
      observe(node, {first, first + static_cast<std::ptrdiff_t>(std::min(kKeysAtOnce, keys.size() - from))});
    }
  }
}

void RealWorld::observe(std::uint32_t node, std::vector<std::uint32_t> keys) {
  ObserveRequest request{.call = {}, .token = token_, .keys = {}};
  {
    const std::lock_guard lock(mutex_);
    for (const std::uint32_t key : keys) request.keys.push_back(load_->key(key));
    ++look_->unanswered;
  }
  operator_->submit(
      std::move(request), cluster_->address(static_cast<int>(node)), kObservePatience,
      [this, node, keys = std::move(keys)](const Result<Reply>& reply) {
        const std::lock_guard lock(mutex_);
        if (reply) note_observed(node, keys, std::get<ObserveReply>(*reply));
        --look_->unanswered;
        changed_.notify_one();
      },
      client_detail::Room::exempt);
}

// Every question has an answer within the patience.
void RealWorld::finish_sample() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !look_ || look_->unanswered == 0; });
  }
  end_sample();
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
  for (const std::uint32_t node : owners_[key]) {
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

// Once all nodes that answer have answered. What they hold stands still then: only looks change it.
void RealWorld::end_sample() {
  {
    const std::lock_guard lock(mutex_);
    if (!look_ || look_->unanswered > 0) return;
  }
  Sample sample{.at = look_->at};
  look_.reset();
  sample.behind_by_node.assign(copies_.size(), 0);
  for (std::uint32_t key = 0; key < owners_.size(); ++key) {
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

// A read of all owners of each key that the load touched, as often as it takes while there is time to settle.
void RealWorld::read_finals() {
  learn_owners();
  std::set<std::uint32_t> keys;
  for (const Operation& operation : recording_.operations)
    if (operation.phase == Phase::load) keys.insert(operation.key);
  std::vector<std::uint32_t> by_node(copies_.size(), 0);
  bool out_of_time = false;
  for (const std::uint32_t key : keys) {
    LastState last{.key = key, .equal = behind(key, by_node) == 0, .values = {}, .known = false};
    const bool has_owner = std::ranges::any_of(owners_[key], [&](auto owner) { return !gone_.contains(owner); });
    while (has_owner && !last.known && !out_of_time) {
      last.known = read_final(last);
      out_of_time = !last.known && seconds_now() >= settled_by_;
      if (!last.known && !out_of_time) std::this_thread::sleep_for(kReadAgain);
    }
    recording_.finals.push_back(std::move(last));
  }
}

bool RealWorld::read_final(LastState& last) {
  std::vector<std::uint32_t> left = owners_[last.key];
  std::erase_if(left, [&](std::uint32_t owner) { return gone_.contains(owner); });
  const auto r = static_cast<std::int32_t>(left.size());
  const Result<Reply> reply =
      ask(left.front(), GetRequest{.call = {}, .key = load_->key(last.key), .r = r, .timeout = kReadPatience, .pr = r},
          kReadPatience);
  if (!reply) return false;
  for (const Value& value : std::get<GetReply>(*reply).values)
    if (const WriteId writer = writer_of(value.bytes.view()); writer != 0) last.values.push_back(writer);
  std::ranges::sort(last.values);
  return true;
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
