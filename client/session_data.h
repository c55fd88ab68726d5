// Reads and writes, in a session or without one.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "client/engine.h"
#include "client/session_state.h"

namespace shoal::client_detail {

using Deadline = std::chrono::steady_clock::time_point;

inline Millis time_left(Deadline deadline) {
  return std::max(std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now()), Millis{1});
}

// Asks for a key (a GetRequest or a PutRequest). With a session: a read is told what the session has seen, and what
// comes back is remembered before `done` hears of it.
void ask_data(Engine& engine, const std::shared_ptr<SessionState>& session, Request request, Millis timeout, Room room,
              std::function<void(Result<Reply>)> done);

}  // namespace shoal::client_detail
