// The part of a study on real nodes that does harm, and heals.
#include <algorithm>
#include <csignal>

#include "bench/study/node_faults.h"
#include "bench/study/real_world.h"

namespace shoal::study {
namespace {

using client_detail::Reply;

constexpr Millis kOrderPatience{2000};
constexpr Millis kEndPatience{10'000};

}  // namespace

Errands::~Errands() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::future<Status> Errands::add(std::function<Status()> errand) {
  std::packaged_task<Status()> task(std::move(errand));
  std::future<Status> done = task.get_future();
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(task));
  }
  changed_.notify_one();
  return done;
}

void Errands::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return over_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::packaged_task<Status()> task = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    task();
    lock.lock();
  }
}

void RealWorld::begin_and_end_faults() {
  std::vector<std::uint32_t> over;
  for (const auto& [index, span] : active_)
    if (seconds_now() >= span.end) over.push_back(index);
  for (const std::uint32_t index : over) end_fault(index);
  for (std::uint32_t i = 0; i < scenario_.faults.size(); ++i)
    if (seconds_now() >= scenario_.faults[i].at_s && begun_.insert(i).second) begin_fault(i);
}

void RealWorld::begin_fault(std::uint32_t index) {
  const Fault& fault = scenario_.faults[index];
  active_[index] = FaultSpan{.what = std::string(name_of(fault.word)),
                             .where = where(fault),
                             .begin = seconds_now(),
                             .end = seconds_now() + fault.for_s,
                             .destroyed_copies = fault.word == FaultWord::disk_lost};
  for (auto& [node, rules] : rules_of(fault, scenario_.cluster.nodes)) order(node, std::move(rules));
  if (concerns_links(fault.word)) return;
  for (const std::uint32_t node : fault.groups.front()) {
    if (fault.word == FaultWord::disk_lost) lose_disk(node);
    if (fault.word == FaultWord::restart && !down_.contains(node) && !gone_.contains(node)) restart(node, true);
    put_right(node);
  }
}

void RealWorld::end_fault(std::uint32_t index) {
  FaultSpan span = std::move(active_.extract(index).mapped());
  span.end = seconds_now();
  recording_.faults.push_back(std::move(span));
  recording_.healed = seconds_now();
  const Fault& fault = scenario_.faults[index];
  if (concerns_links(fault.word)) return;
  for (const std::uint32_t node : fault.groups.front()) put_right(node);
}

// ---- processes -----------------------------------------------------------------------------------------------------

bool RealWorld::suffers(std::uint32_t node, FaultWord word) const {
  return std::ranges::any_of(active_, [&](const auto& active) {
    const Fault& fault = scenario_.faults[active.first];
    return fault.word == word && std::ranges::find(fault.groups.front(), node) != fault.groups.front().end();
  });
}

void RealWorld::put_right(std::uint32_t node) {
  if (restarts_.contains(node)) return;
  if (gone_.contains(node) || suffers(node, FaultWord::kill) || suffers(node, FaultWord::crash)) return kill(node);
  if (down_.contains(node)) return restart(node, false);
  const bool shall_stand_still = suffers(node, FaultWord::pause);
  if (shall_stand_still && !paused_.contains(node)) pause(node);
  if (!shall_stand_still && paused_.contains(node)) wake(node);
}

void RealWorld::pause(std::uint32_t node) {
  cluster_->process(static_cast<int>(node)).signal(SIGSTOP);
  const std::lock_guard lock(mutex_);
  paused_.insert(node);
}

void RealWorld::wake(std::uint32_t node) {
  cluster_->process(static_cast<int>(node)).signal(SIGCONT);
  {
    const std::lock_guard lock(mutex_);
    paused_.erase(node);
  }
  order_again(node);
}

void RealWorld::kill(std::uint32_t node) {
  cluster_->kill(static_cast<int>(node));
  mark_down(node);
  if (!gone_.contains(node)) return;
  std::error_code ignored;
  std::filesystem::remove_all(cluster_->data_dir(static_cast<int>(node)), ignored);
}

// What it held counts no more; its process ends as soon as nobody is starting it.
void RealWorld::lose_disk(std::uint32_t node) {
  const std::lock_guard lock(mutex_);
  gone_.insert(node);
  copies_[node].of.clear();
  copies_[node].hints = 0;
  copies_[node].hint_bytes = 0;
}

void RealWorld::mark_down(std::uint32_t node) {
  const std::lock_guard lock(mutex_);
  down_.insert(node);
  paused_.erase(node);
  Copies& copies = copies_[node];
  copies.before_death += copies.traffic;
  copies.traffic = {};
}

void RealWorld::mark_up(std::uint32_t node) {
  const std::lock_guard lock(mutex_);
  down_.erase(node);
}

// Starting takes a moment; the load does not wait for it.
void RealWorld::restart(std::uint32_t node, bool end_first) {
  mark_down(node);
  restarts_[node] = errands_.add([this, node, end_first]() -> Status {
    if (end_first) cluster_->process(static_cast<int>(node)).end(SIGTERM, kEndPatience);
    return cluster_->restart(static_cast<int>(node));
  });
}

void RealWorld::look_at_restarts(bool wait) {
  std::map<std::uint32_t, Status> done;
  for (auto& [node, restart] : restarts_)
    if (wait || restart.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
      done.emplace(node, restart.get());
  for (const auto& [node, started] : done) {
    restarts_.erase(node);
    if (!started) {
      note_trouble(node_name(node) + " did not start again: " + started.error().message);
      continue;
    }
    mark_up(node);
    order_again(node);
    put_right(node);
  }
}

// ---- rules ---------------------------------------------------------------------------------------------------------

void RealWorld::order_again(std::uint32_t node) {
  clear_rules(node);
  for (const auto& [index, span] : active_) {
    auto rules = rules_of(scenario_.faults[index], scenario_.cluster.nodes);
    const Millis left = std::chrono::floor<Millis>(duration_of(span.end - seconds_now()));
    if (!rules.contains(node) || left <= Millis(0)) continue;
    for (FaultRule& rule : rules.at(node)) rule.lasts = left;
    order(node, std::move(rules.at(node)));
  }
}

void RealWorld::order(std::uint32_t node, std::vector<FaultRule> rules) {
  ask_for_obedience(
      node, FaultsRequest{.call = {}, .token = token_, .op = FaultsOp::add, .rules = std::move(rules), .ids = {}});
}

void RealWorld::clear_rules(std::uint32_t node) {
  ask_for_obedience(node, FaultsRequest{.call = {}, .token = token_, .op = FaultsOp::clear, .rules = {}, .ids = {}});
}

// Who does not hear it now is told all when it is up again.
void RealWorld::ask_for_obedience(std::uint32_t node, FaultsRequest request) {
  if (!answers(node)) return;
  operator_->submit(
      std::move(request), cluster_->address(static_cast<int>(node)), kOrderPatience,
      [this, node](const Result<Reply>& reply) {
        const std::lock_guard lock(mutex_);
        if (!reply && answers(node))
          recording_.trouble.push_back(node_name(node) + " did not obey: " + reply.error().message);
      },
      client_detail::Room::exempt);
}

// Whatever is still wrong when the load ends, ends with it.
void RealWorld::heal() {
  std::vector<std::uint32_t> left;
  for (const auto& [index, span] : active_) left.push_back(index);
  for (const std::uint32_t index : left) end_fault(index);
  for (std::uint32_t i = 0; i < scenario_.faults.size(); ++i) begun_.insert(i);
  while (!restarts_.empty()) look_at_restarts(true);
  for (std::uint32_t node = 0; node < scenario_.cluster.nodes; ++node) clear_rules(node);
}

}  // namespace shoal::study
