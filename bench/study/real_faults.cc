// The part of a study on real nodes that does harm, and heals.
#include <csignal>

#include "bench/study/node_faults.h"
#include "bench/study/real_world.h"

namespace shoal::study {
namespace {

using client_detail::Reply;

constexpr Millis kOrderPatience{2000};

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
  for (auto& [node, rules] : rules_of(fault, scenario_.cluster.nodes))
    order(node, FaultsRequest{.call = {}, .token = token_, .op = FaultsOp::add, .rules = std::move(rules), .ids = {}});
  if (!concerns_links(fault.word))
    for (const std::uint32_t node : fault.groups.front()) begin_at_node(fault, node);
}

void RealWorld::order(std::uint32_t node, FaultsRequest request) {
  if (!answers(node)) return;
  operator_->submit(std::move(request), cluster_->address(static_cast<int>(node)), kOrderPatience,
                    [this, node](const Result<Reply>& reply) {
                      if (!reply) note_trouble(node_name(node) + " did not obey: " + reply.error().message);
                    });
}

void RealWorld::mark_down(std::uint32_t node) {
  down_.insert(node);
  const std::lock_guard lock(mutex_);
  Copies& copies = copies_[node];
  copies.before_death += copies.traffic;
  copies.traffic = {};
}

void RealWorld::begin_at_node(const Fault& fault, std::uint32_t node) {
  if (gone_.contains(node) || down_.contains(node)) return;
  switch (fault.word) {
    case FaultWord::crash:
    case FaultWord::kill: cluster_->kill(static_cast<int>(node)); return mark_down(node);
    case FaultWord::restart: mark_down(node); return restart(node, true);
    case FaultWord::pause:
      cluster_->process(static_cast<int>(node)).signal(SIGSTOP);
      paused_.insert(node);
      return;
    case FaultWord::disk_lost: {
      cluster_->kill(static_cast<int>(node));
      mark_down(node);
      gone_.insert(node);
      std::error_code ignored;
      std::filesystem::remove_all(cluster_->data_dir(static_cast<int>(node)), ignored);
      return;
    }
    default: return;
  }
}

void RealWorld::end_fault(std::uint32_t index) {
  FaultSpan span = std::move(active_.extract(index).mapped());
  span.end = seconds_now();
  recording_.faults.push_back(std::move(span));
  recording_.healed = seconds_now();
  const Fault& fault = scenario_.faults[index];
  if (!concerns_links(fault.word))
    for (const std::uint32_t node : fault.groups.front()) end_at_node(fault, node);
}

void RealWorld::end_at_node(const Fault& fault, std::uint32_t node) {
  if (fault.word == FaultWord::pause && paused_.erase(node) > 0)
    cluster_->process(static_cast<int>(node)).signal(SIGCONT);
  const bool died = fault.word == FaultWord::crash || fault.word == FaultWord::kill;
  if (died && down_.contains(node) && !gone_.contains(node)) restart(node, false);
}

// Starting takes a moment; the load does not wait for it.
void RealWorld::restart(std::uint32_t node, bool end_first) {
  restarts_[node] = errands_.add([this, node, end_first]() -> Status {
    if (end_first) cluster_->process(static_cast<int>(node)).end(SIGTERM);
    return cluster_->restart(static_cast<int>(node));
  });
}

void RealWorld::look_at_restarts(bool wait) {
  for (auto restart = restarts_.begin(); restart != restarts_.end();) {
    const bool there = wait || restart->second.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    if (!there) {
      ++restart;
      continue;
    }
    const Status started = restart->second.get();
    if (!started) note_trouble(node_name(restart->first) + " did not start again: " + started.error().message);
    if (started) down_.erase(restart->first);
    restart = restarts_.erase(restart);
  }
}

// Whatever is still wrong when the load ends, ends with it.
void RealWorld::heal() {
  std::vector<std::uint32_t> left;
  for (const auto& [index, span] : active_) left.push_back(index);
  for (const std::uint32_t index : left) end_fault(index);
  for (std::uint32_t i = 0; i < scenario_.faults.size(); ++i) begun_.insert(i);
  look_at_restarts(true);
  for (std::uint32_t node = 0; node < scenario_.cluster.nodes; ++node)
    order(node, FaultsRequest{.call = {}, .token = token_, .op = FaultsOp::clear, .rules = {}, .ids = {}});
}

}  // namespace shoal::study
