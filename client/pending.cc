#include "client/pending.h"

#include <utility>

#include "client/engine.h"

namespace shoal {
namespace {

Error taken_already() { return fail(Errc::invalid, "this result was taken already; get it once"); }

}  // namespace

template <class T>
Result<T> Pending<T>::get() {
  std::unique_lock lock(state_->mutex);
  if (state_->taken) return taken_already();
  if (!state_->result) {
    const auto engine = state_->engine.lock();
    if (engine && engine->on_own_thread())
      return fail(Errc::invalid, "waiting on the client's own thread would never end; use then() or co_await");
  }
  state_->arrived.wait(lock, [&] { return state_->result.has_value(); });
  state_->taken = true;
  return *std::move(state_->result);
}

template <class T>
void Pending<T>::on_ready(std::function<void(Result<T>)> callback) {
  std::unique_lock lock(state_->mutex);
  if (state_->taken) {
    lock.unlock();
    return callback(taken_already());
  }
  state_->taken = true;
  if (!state_->result) {
    state_->callback = std::move(callback);
    return;
  }
  Result<T> result = *std::move(state_->result);
  lock.unlock();
  callback(std::move(result));
}

template <class T>
bool Pending<T>::ready() const {
  const std::lock_guard lock(state_->mutex);
  return state_->result.has_value() || state_->taken;
}

template <class T>
bool Pending<T>::await_suspend(std::coroutine_handle<> waiting) {
  const std::lock_guard lock(state_->mutex);
  if (state_->result || state_->taken) return false;
  state_->callback = [state = state_, waiting](Result<T> result) {
    {
      const std::lock_guard inner(state->mutex);
      state->result.emplace(std::move(result));
    }
    waiting.resume();
  };
  return true;
}

template class Pending<Object>;
template class Pending<Receipt>;
template class Pending<NodeStatus>;
template class Pending<Ring>;
template class Pending<ListReply>;
template class Pending<StatusReply>;
template class Pending<HintStatus>;
template class Pending<NodeEvents>;
template class Pending<NodeSnapshots>;
template class Pending<RepairStatus>;
template class Pending<NodeDifference>;
template class Pending<ExplainReply>;
template class Pending<BucketReply>;
template class Pending<VotersReply>;
template class Pending<std::uint64_t>;
template class Pending<FaultsReply>;
template class Pending<ObserveReply>;

}  // namespace shoal
