#include "bench/load/open_loop.h"

#include <utility>

#include "bench/load/closed_loop.h"

namespace shoal {

OpenLoop::OpenLoop(Client& client, OpenLoopOptions options, std::string phase)
    : async_(client.async()),
      options_(std::move(options)),
      value_(options_.value_bytes, 'v'),
      contexts_(options_.keys) {
  begin(std::move(phase));
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

OpenLoop::~OpenLoop() { finish(); }

void OpenLoop::begin(std::string phase) {
  const std::lock_guard lock(mutex_);
  phases_.emplace_back().phase = std::move(phase);  // others keep their place: a deque
}

std::deque<OpenLoopResult> OpenLoop::finish() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return open_ == 0; });
  return std::exchange(phases_, {});
}

void OpenLoop::run(const std::stop_token& stop) {
  const Clock::time_point start = Clock::now();
  for (std::uint64_t number = 0; !stop.stop_requested(); ++number) {
    const std::chrono::duration<double> since(static_cast<double>(number) / options_.per_second);
    const Clock::time_point intended = start + std::chrono::duration_cast<Clock::duration>(since);
    std::this_thread::sleep_until(intended);
    issue(number, intended);
  }
}

void OpenLoop::issue(std::uint64_t number, Clock::time_point intended) {
  OpenLoopResult* phase = admit();
  if (phase == nullptr) return;
  const std::uint64_t key = number / 2 % options_.keys;
  if (number % 2 == 0) return put(key, *phase, intended);
  get(key, *phase, intended);
}

OpenLoopResult* OpenLoop::admit() {
  const std::lock_guard lock(mutex_);
  OpenLoopResult& phase = phases_.back();
  if (open_ >= options_.open_max) {
    if (phase.errors++ == 0) phase.first_error = "too many requests are in flight: not sent";
    return nullptr;
  }
  ++open_;
  return &phase;
}

void OpenLoop::put(std::uint64_t key, OpenLoopResult& phase, Clock::time_point intended) {
  WriteOptions write;
  {
    const std::lock_guard lock(mutex_);
    write.context = contexts_[key];
  }
  async_.put(numbered_key(options_.put_prefix, key), value_, write)
      .on_ready([this, key, &phase, intended](Result<Receipt> receipt) {
        if (receipt) {
          const std::lock_guard lock(mutex_);
          contexts_[key] = receipt->siblings == 1 ? receipt->context : Context();
        }
        done(phase, phase.puts, intended, receipt ? nullptr : &receipt.error());
      });
}

void OpenLoop::get(std::uint64_t key, OpenLoopResult& phase, Clock::time_point intended) {
  async_.get(numbered_key(options_.get_prefix, key)).on_ready([this, &phase, intended](Result<Object> got) {
    if (got && !got->exists()) got = fail(Errc::not_found, "a key that was loaded is not there");
    done(phase, phase.gets, intended, got ? nullptr : &got.error());
  });
}

void OpenLoop::done(OpenLoopResult& phase, Histogram& latency, Clock::time_point intended, const Error* error) {
  const Clock::time_point now = Clock::now();
  const std::lock_guard lock(mutex_);
  if (error != nullptr && phase.errors++ == 0) phase.first_error = error->message;
  latency.record(now - intended);  // a request that failed has kept its user waiting, too
  if (--open_ == 0) idle_.notify_all();
}

}  // namespace shoal
