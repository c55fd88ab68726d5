#include "client/engine.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <random>
#include <utility>

#include "client/connections.h"
#include "client/settings.h"
#include "node/base/check.h"

namespace shoal::client_detail {
namespace {

std::uint64_t random_bits() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

std::chrono::steady_clock::time_point on_steady_clock(Instant instant) {
  return std::chrono::steady_clock::time_point(instant.time_since_epoch());
}

}  // namespace

Engine::Engine(Result<Options> options) : options_(options ? *options : Options{}) {
  if (!options) {
    refusal_ = options.error();
  } else if (const Status checked = check_options(options_); !checked) {
    refusal_ = checked.error();
  }
}

Engine::~Engine() {
  if (thread_.joinable()) thread_.detach();  // the last one to let go was the thread itself
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

bool Engine::on_own_thread() const { return thread_id_ == std::this_thread::get_id(); }

void Engine::submit(Request request, std::string only, Millis timeout, std::function<void(Result<Reply>)> done,
                    Room room, std::function<void()> handed_over) {
  const Instant now = steady_now();
  Operation operation{.request = std::move(request),
                      .only = std::move(only),
                      .started = now,
                      .deadline = now + timeout,
                      .done = {},
                      .handed_over = std::move(handed_over)};
  std::unique_lock lock(mutex_);
  std::optional<Error> refused = refusal_;
  if (!refused && room == Room::wait) refused = take_place(lock, operation.deadline);
  if (refused) {
    lock.unlock();
    return done(*std::move(refused));
  }
  if (room == Room::exempt) ++open_;
  operation.done = [this, inner = std::move(done)](Result<Reply> reply) {
    give_back_place();
    inner(std::move(reply));
  };
  const bool was_empty = inbox_.empty();
  inbox_.push_back(std::move(operation));
  if (!thread_.joinable()) {
    wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    SHOAL_CHECK(wake_fd_ >= 0);
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
    thread_id_ = thread_.get_id();
  } else if (was_empty) {
    wake();
  }
}

// Takes one of the places, waiting for it; why there is none otherwise.
std::optional<Error> Engine::take_place(std::unique_lock<std::mutex>& lock, Instant deadline) {
  const auto free_or_closed = [&] { return open_ < options_.max_inflight || refusal_.has_value(); };
  const bool may_wait = thread_id_ != std::this_thread::get_id();
  if (may_wait) room_.wait_until(lock, on_steady_clock(deadline), free_or_closed);
  if (refusal_) return refusal_;
  if (open_ < options_.max_inflight) {
    ++open_;
    return std::nullopt;
  }
  return fail(Errc::overloaded,
              std::to_string(options_.max_inflight) + " requests of this client are open already; nothing was sent");
}

void Engine::give_back_place() {
  const std::lock_guard lock(mutex_);
  --open_;
  room_.notify_one();
}

void Engine::wake() {
  const std::uint64_t one = 1;
  // Can only fail when the counter is full: then the thread is awake anyway.
  [[maybe_unused]] const auto written = ::write(wake_fd_, &one, sizeof one);
}

std::deque<Operation> Engine::take_inbox() {
  const std::lock_guard lock(mutex_);
  return std::exchange(inbox_, {});
}

void Engine::run() {
  std::string trouble;
  try {
    work();
  } catch (const std::exception& problem) {  // the sockets' library throws when the machine gives it no resources
    trouble = problem.what();
  }
  {
    const std::lock_guard lock(mutex_);
    if (!trouble.empty()) refusal_ = fail(Errc::io, "the client's network thread failed: " + trouble);
    room_.notify_all();
  }
  for (Operation& operation : take_inbox()) operation.done(*refusal_);
}

void Engine::work() {
  const Rng rng(random_bits());
  Dispatcher dispatcher({.seeds = options_.seeds,
                         .seeds_only = options_.seeds_only,
                         .retries = options_.retries,
                         .backoff = options_.backoff,
                         .client = random_bits()},
                        rng);
  struct Closer {  // also when a socket throws: everybody gets an answer
    Dispatcher& dispatcher;
    ~Closer() { dispatcher.close(); }
  };
  Connections connections(dispatcher, wake_fd_);
  const Closer closer{dispatcher};
  for (;;) {
    {
      const std::lock_guard lock(mutex_);
      if (refusal_) return;
    }
    for (Operation& operation : take_inbox()) dispatcher.submit(std::move(operation), steady_now());
    dispatcher.tick(steady_now());
    connections.flush();
    connections.wait(dispatcher.next_deadline());
  }
}

void Engine::close() {
  std::unique_lock lock(mutex_);
  if (!refusal_) refusal_ = fail(Errc::closed, "the client was closed");
  room_.notify_all();
  if (!thread_.joinable()) return;
  wake();
  std::thread thread = std::move(thread_);
  lock.unlock();
  if (on_own_thread()) {
    thread.detach();
  } else {
    thread.join();
  }
}

}  // namespace shoal::client_detail
