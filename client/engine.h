// Engine: the client's thread, and the door to it for all others. Callers put operations into an inbox; the thread
// hands them to the dispatcher and moves messages between it and the sockets. Everything that came in during one turn
// leaves in one frame per node.
//
// At most max_inflight operations are open; whoever brings one more waits for room.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "client/dispatcher.h"
#include "client/pending.h"
#include "client/shoal/client.hpp"

namespace shoal::client_detail {

enum class Room : std::uint8_t {
  wait,    // for one of the max_inflight places
  exempt,  // the continuation of an operation that had one
};

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  // An error in `options` becomes the answer to everything.
  explicit Engine(Result<Options> options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // `done` is called exactly once: on the engine's thread, or here and now when it cannot be taken. `handed_over` is
  // called there each time an attempt is handed to a connection.
  void submit(Request request, std::string only, Millis timeout, std::function<void(Result<Reply>)> done,
              Room room = Room::wait, std::function<void()> handed_over = {});

  // The same, as a promise of the reply's alternative `Wanted`, seen through `convert`.
  template <class T>
  Pending<T> ask(Request&& request, Millis timeout, std::function<Result<T>(Reply)> convert) {
    auto state = std::make_shared<PendingState<T>>(weak_from_this());
    submit(std::move(request), {}, timeout, [state, convert = std::move(convert)](Result<Reply> reply) {
      state->complete(reply ? convert(*std::move(reply)) : Result<T>(reply.error()));
    });
    return Pending<T>(std::move(state));
  }

  // Ends what is open and waits for the thread. Later operations get Errc::closed.
  void close();

  // What a call without options of its own uses.
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] bool on_own_thread() const;

 private:
  std::optional<Error> take_place(std::unique_lock<std::mutex>& lock, Instant deadline);
  void give_back_place();
  void wake();
  void run();
  void work();
  std::deque<Operation> take_inbox();

  Options options_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::deque<Operation> inbox_;
  std::optional<Error> refusal_;  // why nothing is taken (any more)
  int open_ = 0;
  int wake_fd_ = -1;
  std::thread thread_;
  std::thread::id thread_id_;
};

// A Pending that is there already.
template <class T>
Pending<T> ready_with(Result<T> result) {
  auto state = std::make_shared<PendingState<T>>(std::weak_ptr<Engine>());
  state->complete(std::move(result));
  return Pending<T>(std::move(state));
}

}  // namespace shoal::client_detail
