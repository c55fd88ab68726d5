#include "bench/load/closed_loop.h"

#include <condition_variable>
#include <mutex>
#include <vector>

#include "node/base/rng.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

// One run: the callbacks come on the client's thread, the caller waits.
class ClosedLoop {
 public:
  ClosedLoop(Client& client, const LoadOptions& options)
      : async_(client.async()),
        options_(options),
        value_(options.value_bytes, 'v'),
        contexts_(options.kind == LoadKind::put ? options.keys : 0) {
    for (int lane = 0; lane < options.inflight; ++lane) chance_.push_back(Rng(options.seed).fork(std::to_string(lane)));
  }

  LoadResult run() {
    counted_from_ = Clock::now() + options_.warm_up;
    end_ = counted_from_ + options_.duration;
    open_ = options_.inflight;
    for (int lane = 0; lane < options_.inflight; ++lane) issue(lane);
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return open_ == 0; });
    result_.seconds = std::chrono::duration<double>(options_.duration).count();
    return std::move(result_);
  }

 private:
  // A lane has one request in flight; its keys are those congruent to it.
  std::uint64_t next_key(int lane) {
    const auto lanes = static_cast<std::uint64_t>(options_.inflight);
    return static_cast<std::uint64_t>(lane) +
           lanes * chance_[static_cast<std::size_t>(lane)].below(options_.keys / lanes);
  }

  void issue(int lane) {
    const std::uint64_t key = next_key(lane);
    const Clock::time_point sent = Clock::now();
    if (options_.kind == LoadKind::get) {
      async_.get(numbered_key(options_.prefix, key), {.bucket = options_.bucket})
          .on_ready([this, lane, sent](Result<Object> got) {
            if (got && !got->exists()) got = fail(Errc::not_found, "a key that was loaded is not there");
            done(lane, sent, got ? nullptr : &got.error());
          });
      return;
    }
    const WriteOptions write{.context = contexts_[key], .bucket = options_.bucket};
    async_.put(numbered_key(options_.prefix, key), value_, write)
        .on_ready([this, lane, sent, key](Result<Receipt> put) {
          contexts_[key] = put && put->siblings == 1 ? put->context : Context();
          done(lane, sent, put ? nullptr : &put.error());
        });
  }

  void done(int lane, Clock::time_point sent, const Error* error) {
    const Clock::time_point now = Clock::now();
    if (now < end_) {
      count(now, sent, error);
      return issue(lane);
    }
    const std::lock_guard lock(mutex_);
    if (--open_ == 0) idle_.notify_all();
  }

  void count(Clock::time_point now, Clock::time_point sent, const Error* error) {
    const std::lock_guard lock(mutex_);
    if (error != nullptr && result_.errors++ == 0) result_.first_error = error->message;
    if (error != nullptr || now < counted_from_) return;
    ++result_.operations;
    result_.latency.record(now - sent);
  }

  Async async_;
  const LoadOptions options_;
  const std::string value_;
  std::vector<Rng> chance_;        // one a lane
  std::vector<Context> contexts_;  // by key; a lane touches only its own
  Clock::time_point counted_from_, end_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable idle_;
  int open_ = 0;
  LoadResult result_;
};

}  // namespace

std::string numbered_key(const std::string& prefix, std::uint64_t index) {
  return prefix + std::to_string(1'000'000'000 + index);
}

LoadResult run_closed_loop(Client& client, const LoadOptions& options) { return ClosedLoop(client, options).run(); }

Status fill(Client& client, const LoadOptions& options) {
  constexpr std::size_t kWindow = 256;
  const std::string value(options.value_bytes, 'v');
  Async async = client.async();
  std::vector<Pending<Receipt>> window;
  for (std::uint64_t i = 0; i < options.keys; ++i) {
    window.push_back(async.put(numbered_key(options.prefix, i), value, {.bucket = options.bucket}));
    if (window.size() < kWindow && i + 1 < options.keys) continue;
    for (Pending<Receipt>& pending : window)
      if (const Result<Receipt> receipt = pending.get(); !receipt) return receipt.error();
    window.clear();
  }
  return Unit{};
}

}  // namespace shoal
