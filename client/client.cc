#include "client/shoal/client.hpp"

#include <algorithm>
#include <utility>

#include "client/access.h"
#include "client/engine.h"
#include "client/settings.h"
#include "node/base/bytes.h"
#include "node/base/limits.h"

namespace shoal {

using client_detail::Access;
using client_detail::AskRing;
using client_detail::check_copies;
using client_detail::Engine;
using client_detail::member_status;
using client_detail::PendingState;
using client_detail::ready_with;
using client_detail::receipt_of;
using client_detail::Reply;
using client_detail::Request;
using client_detail::Room;
using client_detail::status_of;

namespace {

Status check_timeout(Millis timeout) {
  if (timeout > Millis{0}) return Unit{};
  return fail(Errc::invalid, "the timeout must be above zero");
}

Result<GetRequest> get_request(const Engine& engine, std::string_view key, const ReadOptions& options) {
  GetRequest request{.call = {},
                     .key = Key{std::string(options.bucket), std::string(key)},
                     .r = options.r.value_or(engine.options().r).n,
                     .timeout = options.timeout.value_or(engine.options().timeout)};
  if (const Status checked = check_key(request.key); !checked) return checked.error();
  if (const Status checked = check_copies(request.r); !checked) return checked.error();
  if (const Status checked = check_timeout(request.timeout); !checked) return checked.error();
  return request;
}

Result<PutRequest> put_request(const Engine& engine, std::string_view key, std::string_view value, bool tombstone,
                               const WriteOptions& options) {
  if (const Status checked = check_value_size(value.size()); !checked) return checked.error();
  PutRequest request{.call = {},
                     .request = {},
                     .key = Key{std::string(options.bucket), std::string(key)},
                     .tombstone = tombstone,
                     .value = Blob(std::string(value)),
                     .context = Access::bytes(options.context),
                     .w = options.w.value_or(engine.options().w).n,
                     .timeout = options.timeout.value_or(engine.options().timeout)};
  if (const Status checked = check_key(request.key); !checked) return checked.error();
  if (const Status checked = check_copies(request.w); !checked) return checked.error();
  if (const Status checked = check_timeout(request.timeout); !checked) return checked.error();
  return request;
}

Result<Object> to_object(Reply reply) { return Access::object(std::get<GetReply>(std::move(reply))); }
Result<Receipt> to_receipt(Reply reply) { return receipt_of(std::get<PutReply>(std::move(reply))); }
Result<NodeStatus> to_status(Reply reply) { return status_of(std::get<StatusReply>(reply)); }

Pending<Receipt> send_put(Engine& engine, Result<PutRequest> request) {
  if (!request) return ready_with<Receipt>(request.error());
  const Millis timeout = request->timeout;
  return engine.ask<Receipt>(*std::move(request), timeout, to_receipt);
}

const Member* find_member(const Membership& document, std::string_view wanted) {
  const auto it = std::ranges::find_if(document.members, [&](const Member& member) {
    return member.state != MemberState::removed &&
           (member.name == wanted || member.address == wanted || to_string(member.id) == wanted);
  });
  return it != document.members.end() ? &*it : nullptr;
}

Error no_such_member(const Membership& document, std::string_view wanted) {
  std::string names;
  for (const Member& member : document.members)
    if (member.state != MemberState::removed) names += (names.empty() ? "" : ", ") + member.name;
  return fail(Errc::invalid, "there is no member \"" + std::string(wanted.substr(0, 80)) + "\"; there are " + names);
}

}  // namespace

Pending<Object> Async::get(std::string_view key, ReadOptions options) {
  Result<GetRequest> request = get_request(*engine_, key, options);
  if (!request) return ready_with<Object>(request.error());
  const Millis timeout = request->timeout;
  return engine_->ask<Object>(*std::move(request), timeout, to_object);
}

Pending<Receipt> Async::put(std::string_view key, std::string_view value, const WriteOptions& options) {
  return send_put(*engine_, put_request(*engine_, key, value, false, options));
}

// A tombstone that replaces nothing would stand beside the value and delete nothing: so it reads first.
Pending<Receipt> Async::del(std::string_view key, const WriteOptions& options) {
  Result<PutRequest> tombstone = put_request(*engine_, key, {}, true, options);
  if (!tombstone || !tombstone->context.empty()) return send_put(*engine_, std::move(tombstone));
  auto state = std::make_shared<PendingState<Receipt>>(engine_);
  const Millis timeout = tombstone->timeout;
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const GetRequest read{.call = {}, .key = tombstone->key, .r = engine_->options().r.n, .timeout = timeout};
  const auto write = [state, deadline, engine = engine_.get(), request = *tombstone](Result<Reply> reply) mutable {
    if (!reply) return state->complete(reply.error());
    auto& seen = std::get<GetReply>(*reply);
    if (seen.values.empty()) return state->complete(fail(Errc::not_found, "there is no such key; nothing to delete"));
    request.context = std::move(seen.context);
    const auto left = std::chrono::duration_cast<Millis>(deadline - std::chrono::steady_clock::now());
    engine->submit(
        std::move(request), {}, std::max(left, Millis{1}),
        [state](Result<Reply> written) {
          state->complete(written ? to_receipt(*std::move(written)) : Result<Receipt>(written.error()));
        },
        Room::exempt);
  };
  engine_->submit(read, {}, timeout, write);
  return Pending<Receipt>(std::move(state));
}

Pending<NodeStatus> Async::status(std::string_view node) {
  const Millis timeout = engine_->options().timeout;
  if (node.empty()) return engine_->ask<NodeStatus>(StatusRequest{}, timeout, to_status);
  auto state = std::make_shared<PendingState<NodeStatus>>(engine_);
  const auto ask = [state, timeout, engine = engine_.get(), wanted = std::string(node)](Result<Reply> reply) {
    if (!reply) return state->complete(reply.error());
    const Membership& document = std::get<Ring>(*reply)->document();
    const Member* member = find_member(document, wanted);
    if (member == nullptr) return state->complete(no_such_member(document, wanted));
    engine->submit(
        StatusRequest{}, member->address, timeout,
        [state](Result<Reply> answer) {
          state->complete(answer ? to_status(*std::move(answer)) : Result<NodeStatus>(answer.error()));
        },
        Room::exempt);
  };
  engine_->submit(AskRing{}, {}, timeout, ask);
  return Pending<NodeStatus>(std::move(state));
}

Client::Client(std::string_view uri) : engine_(std::make_shared<Engine>(Options::parse(uri))) {}
Client::Client(Options options) : engine_(std::make_shared<Engine>(std::move(options))) {}
Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  std::swap(engine_, other.engine_);
  return *this;
}

Client::~Client() {
  if (engine_) engine_->close();
}

Async Client::async() const { return Async(engine_); }

Result<Object> Client::get(std::string_view key, ReadOptions options) { return async().get(key, options).get(); }

Result<Receipt> Client::put(std::string_view key, std::string_view value, const WriteOptions& options) {
  return async().put(key, value, options).get();
}

Result<Receipt> Client::del(std::string_view key, const WriteOptions& options) {
  return async().del(key, options).get();
}

Result<NodeStatus> Client::status(std::string_view node) { return async().status(node).get(); }

Result<Placement> Client::where(std::string_view key, ReadOptions options) {
  const Result<GetRequest> request = get_request(*engine_, key, options);
  if (!request) return request.error();
  const auto answer = engine_
                          ->ask<StatusReply>(StatusRequest{}, request->timeout,
                                             [](Reply reply) { return std::get<StatusReply>(std::move(reply)); })
                          .get();
  if (!answer) return answer.error();
  const PreferenceLists ring(answer->document);
  const Slot slot = slot_of(answer->document.cluster_key, request->key);
  std::string slot_bytes;
  append_u64(slot_bytes, slot.hi);
  append_u64(slot_bytes, slot.lo);
  const PartitionId partition = ring.partition_of(slot);
  Placement placement{.slot = to_hex(slot_bytes), .partition = partition.value, .owners = {}, .fallbacks = {}};
  for (const NodeId id : ring.owners(partition))
    placement.owners.push_back(member_status(*answer->document.find(id), answer->members));
  for (const NodeId id : ring.fallbacks(partition))
    placement.fallbacks.push_back(member_status(*answer->document.find(id), answer->members));
  return placement;
}

}  // namespace shoal
