// Asking one member, by whatever name people have for it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "client/engine.h"
#include "client/session_data.h"
#include "node/ring/lookup.h"

namespace shoal::client_detail {

inline Error no_such_member(const Membership& document, std::string_view wanted) {
  std::string names;
  for (const Member& member : document.members)
    if (member.state != MemberState::removed) names += (names.empty() ? "" : ", ") + member.name;
  return fail(Errc::invalid, "there is no member \"" + std::string(wanted.substr(0, 80)) + "\"; there are " + names);
}

// What to ask when the members are known.
using Build = std::function<Result<Request>(const Membership&)>;

// Asks the member with this name, id or address. `convert` sees the document that named it.
template <class T>
Pending<T> ask_member(const std::shared_ptr<Engine>& owner, Build build, std::string_view node, Millis timeout,
                      std::function<Result<T>(const Membership&, Reply)> convert) {
  auto state = std::make_shared<PendingState<T>>(owner);
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto ask = [state, deadline, engine = owner.get(), wanted = std::string(node), build = std::move(build),
                    convert = std::move(convert)](Result<Reply> reply) mutable {
    if (!reply) return state->complete(reply.error());
    const Ring ring = std::get<Ring>(*reply);
    const Member* member = find_member(ring->document(), wanted);
    if (member == nullptr) return state->complete(no_such_member(ring->document(), wanted));
    Result<Request> request = build(ring->document());
    if (!request) return state->complete(request.error());
    engine->submit(
        *std::move(request), member->address, time_left(deadline),
        [state, ring, convert = std::move(convert)](Result<Reply> answer) {
          state->complete(answer ? convert(ring->document(), *std::move(answer)) : Result<T>(answer.error()));
        },
        Room::exempt);
  };
  owner->submit(AskRing{}, {}, timeout, ask);
  return Pending<T>(std::move(state));
}

template <class T>
Pending<T> ask_member(const std::shared_ptr<Engine>& owner, Request request, std::string_view node,
                      std::function<Result<T>(const Membership&, Reply)> convert) {
  return ask_member<T>(
      owner, [request = std::move(request)](const Membership&) -> Result<Request> { return request; }, node,
      owner->options().timeout, std::move(convert));
}

}  // namespace shoal::client_detail
