#include "client/session_data.h"

#include <utility>

namespace shoal::client_detail {
namespace {

using Done = std::function<void(Result<Reply>)>;

Key key_of(const Request& request) {
  if (const auto* get = std::get_if<GetRequest>(&request)) return get->key;
  return std::get<PutRequest>(request).key;
}

const std::string& context_of(const Reply& reply) {
  if (const auto* get = std::get_if<GetReply>(&reply)) return get->context;
  return std::get<PutReply>(reply).context;
}

// Remembers what came back, then tells.
Done remembering(std::shared_ptr<SessionState> session, Key key, Ring ring, Done done) {
  return [session = std::move(session), key = std::move(key), ring = std::move(ring),
          done = std::move(done)](Result<Reply> reply) {
    if (reply) {
      const Status kept = session->remember(key, context_of(*reply), ring->document().cluster_key);
      if (!kept) reply = kept.error();
    }
    session->leave(key);
    done(std::move(reply));
  };
}

}  // namespace

// The placement is asked for first, which costs nothing once it is known: it says which cluster this is, and has the
// key that contexts are joined under.
void ask_data(Engine& engine, const std::shared_ptr<SessionState>& session, Request request, Millis timeout, Room room,
              Done done) {
  if (session == nullptr) return engine.submit(std::move(request), {}, timeout, std::move(done), room);
  const Key key = key_of(request);
  if (const Status entered = session->enter(key); !entered) return done(entered.error());
  const Deadline deadline = std::chrono::steady_clock::now() + timeout;
  const auto ask = [&engine, session, key, deadline, request = std::move(request),
                    done = std::move(done)](Result<Reply> reply) mutable {
    const Status bound = reply ? session->bind(std::get<Ring>(*reply)->document().cluster) : Status(reply.error());
    if (!bound) {
      session->leave(key);
      return done(bound.error());
    }
    if (auto* get = std::get_if<GetRequest>(&request)) get->session = session->seen(key);
    engine.submit(std::move(request), {}, time_left(deadline),
                  remembering(session, key, std::get<Ring>(*reply), std::move(done)), Room::exempt);
  };
  engine.submit(AskRing{}, {}, timeout, ask, room);
}

}  // namespace shoal::client_detail
