#include "bench/study/real_world.h"

#include <algorithm>
#include <thread>

#include "bench/study/node_faults.h"

namespace shoal::study {
namespace {

using client_detail::Reply;
using client_detail::Request;

constexpr double kReportEvery = 0.5;  // seconds
constexpr double kOften = 0.02;       // how long to wait when nothing else is known, in seconds

}  // namespace

RealWorld::~RealWorld() {
  for (const auto& engine : engines_) engine->close();
  if (operator_) operator_->close();
}

Status RealWorld::run() {
  if (const Status started = start_nodes(); !started) return started;
  load_ = std::make_unique<Load>(scenario_, root_.fork("load"), recording_, ring_->document());
  connect_clients();
  if (const Status filled = fill(); !filled) return filled;
  begin_ = Clock::now();
  run_until(scenario_.seconds, [] { return false; });
  heal();
  recording_.seconds = scenario_.seconds;
  settle();
  read_finals();
  read_counters();
  return cluster_->stop();
}

// ---- time --------------------------------------------------------------------------------------------------------

void RealWorld::run_until(double end, const std::function<bool()>& done) {
  while (seconds_now() < end && !done()) {
    begin_and_end_faults();
    look_at_restarts(false);
    if (!look_ && seconds_now() >= next_sample_) begin_sample();
    end_sample();
    start_operations();
    report_progress();
    std::unique_lock lock(mutex_);
    const double next = std::min({end, next_event(), seconds_now() + kOften});
    changed_.wait_until(lock, begin_ + duration_of(next));
  }
}

double RealWorld::next_event() const {
  double next = look_ ? seconds_now() + kOften : next_sample_;
  for (std::uint32_t i = 0; i < scenario_.faults.size(); ++i)
    if (!begun_.contains(i)) next = std::min(next, scenario_.faults[i].at_s);
  for (const auto& [index, span] : active_) next = std::min(next, span.end);
  const Duration starts = load_->next_start();
  return starts == Load::kOver ? next : std::min(next, seconds_of(starts));
}

void RealWorld::start_operations() {
  std::vector<Load::Start> starts;
  {
    const std::lock_guard lock(mutex_);
    starts = load_->take_due(since_begin());
  }
  for (Load::Start& start : starts) {
    const auto ended = [this, operation = start.operation](const Result<Reply>& reply) {
      const Duration now = since_begin();
      const std::lock_guard lock(mutex_);
      load_->ended(operation, reply, now);
      changed_.notify_one();
    };
    const auto handed_over = [this, operation = start.operation] {
      const std::lock_guard lock(mutex_);
      load_->handed_over(operation);
    };
    engines_[start.connection]->submit(std::move(start.request), {}, std::chrono::ceil<Millis>(start.timeout), ended,
                                       client_detail::Room::exempt, handed_over);
  }
}

void RealWorld::report_progress() {
  if (!progress_ || seconds_now() < reported_ + kReportEvery) return;
  reported_ = seconds_now();
  progress_(std::clamp(reported_ / (scenario_.seconds + scenario_.settle_s), 0.0, 1.0),
            active_.empty() ? "" : active_.begin()->second.what);
}

void RealWorld::settle() {
  const auto at_rest = [&] {
    const std::lock_guard lock(mutex_);
    return load_->open() == 0 && !recording_.samples.empty() && recording_.samples.back().behind == 0 &&
           recording_.samples.back().at > scenario_.seconds;
  };
  settled_by_ = seconds_now() + scenario_.settle_s;
  run_until(settled_by_, at_rest);
  // What is still open ends by its own deadline.
  const auto all_ended = [&] {
    const std::lock_guard lock(mutex_);
    return load_->open() == 0;
  };
  double longest = 0;
  for (const Workload& load : scenario_.workloads) longest = std::max(longest, load.timeout_ms / 1000);
  run_until(seconds_now() + 2 * longest, all_ended);
  end_load();
  finish_sample();
  begin_sample();
  finish_sample();
}

// Afterwards no other thread touches what was recorded.
void RealWorld::end_load() {
  for (const auto& engine : engines_) engine->close();
  const std::lock_guard lock(mutex_);
  for (std::size_t place = 0; place < recording_.operations.size(); ++place)
    if (load_->is_open(place)) load_->ended(place, fail(Errc::indeterminate, "the study ended first"), since_begin());
}

// ---- asking ------------------------------------------------------------------------------------------------------

Result<Reply> RealWorld::ask(std::uint32_t node, Request request, Millis timeout) {
  std::promise<Result<Reply>> promise;
  std::future<Result<Reply>> answer = promise.get_future();
  operator_->submit(std::move(request), cluster_->address(static_cast<int>(node)), timeout,
                    [&promise](Result<Reply> reply) { promise.set_value(std::move(reply)); });
  return answer.get();
}

void RealWorld::note_trouble(std::string sentence) {
  const std::lock_guard lock(mutex_);
  recording_.trouble.push_back(std::move(sentence));
}

Result<Recording> run_on_nodes(const Variant& variant, std::uint64_t seed, const RealOptions& options,
                               const Progress& progress) {
  const Scenario scenario = with_faults_drawn(variant.scenario, seed);
  if (const Status possible = check_on_nodes(scenario); !possible) return possible.error();
  Recording recording = recording_for(variant, seed, "real");
  if (const Status ran = RealWorld(scenario, seed, options, recording, progress).run(); !ran) return ran.error();
  return recording;
}

}  // namespace shoal::study
