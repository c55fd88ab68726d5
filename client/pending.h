// What a Pending<T> shares with the thread that completes it.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "client/shoal/client.hpp"

namespace shoal::client_detail {

template <class T>
struct PendingState {
  explicit PendingState(std::weak_ptr<Engine> owner) : engine(std::move(owner)) {}

  // Once.
  void complete(Result<T> outcome) {
    std::function<void(Result<T>)> listener;
    {
      const std::lock_guard lock(mutex);
      if (!callback) {
        result.emplace(std::move(outcome));
        arrived.notify_all();
        return;
      }
      listener = std::move(callback);
    }
    listener(std::move(outcome));
  }

  std::weak_ptr<Engine> engine;
  std::mutex mutex;
  std::condition_variable arrived;
  std::optional<Result<T>> result;
  std::function<void(Result<T>)> callback;
  bool taken = false;
};

}  // namespace shoal::client_detail
