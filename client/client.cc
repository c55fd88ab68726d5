#include "client/shoal/client.hpp"

#include <functional>
#include <optional>
#include <utility>

#include "client/access.h"
#include "client/engine.h"
#include "client/session_data.h"
#include "client/settings.h"
#include "node/base/limits.h"

namespace shoal {

using client_detail::Access;
using client_detail::ask_data;
using client_detail::check_copies;
using client_detail::Engine;
using client_detail::PendingState;
using client_detail::ready_with;
using client_detail::receipt_of;
using client_detail::Reply;
using client_detail::Room;
using client_detail::time_left;

namespace {

Status check_timeout(Millis timeout) {
  if (timeout > Millis{0}) return Unit{};
  return fail(Errc::invalid, "the timeout must be above zero");
}

// Level::session and a session come together.
Result<Level> level_of(const std::optional<Level>& asked, const Session* session, const Options& options) {
  if (session != nullptr && asked && *asked != Level::session)
    return fail(Errc::invalid,
                "a session works at the level session, not at the level " + std::string(name_of(*asked)));
  if (session == nullptr && asked == Level::session)
    return fail(Errc::invalid, "the level session needs a session: take one from Client::session()");
  return session != nullptr ? Level::session : asked.value_or(options.level);
}

// What reads and writes have in common.
template <class Asked>
Status check_request(const Asked& request) {
  if (const Status checked = check_key(request.key); !checked) return checked;
  return check_timeout(request.timeout);
}

Result<GetRequest> get_request(const Engine& engine, std::string_view key, const ReadOptions& options) {
  const Result<Level> level = level_of(options.level, options.session, engine.options());
  if (!level) return level.error();
  GetRequest request{.call = {},
                     .key = Key{std::string(options.bucket), std::string(key)},
                     .r = options.r.value_or(engine.options().r).n,
                     .timeout = options.timeout.value_or(engine.options().timeout),
                     .level = *level,
                     .pr = options.pr.n,
                     .session = {}};
  if (const Status checked = check_request(request); !checked) return checked.error();
  for (const std::int32_t copies : {request.r, request.pr})
    if (const Status checked = check_copies(copies); !checked) return checked.error();
  return request;
}

Result<PutRequest> put_request(const Engine& engine, std::string_view key, std::string_view value, bool tombstone,
                               const WriteOptions& options) {
  if (const Status checked = check_value_size(value.size()); !checked) return checked.error();
  const Result<Level> level = level_of(options.level, options.session, engine.options());
  if (!level) return level.error();
  PutRequest request{.call = {},
                     .request = {},
                     .key = Key{std::string(options.bucket), std::string(key)},
                     .tombstone = tombstone,
                     .value = Blob(std::string(value)),
                     .context = Access::bytes(options.context),
                     .w = options.w.value_or(engine.options().w).n,
                     .timeout = options.timeout.value_or(engine.options().timeout),
                     .level = *level,
                     .pw = options.pw.n};
  if (const Status checked = check_request(request); !checked) return checked.error();
  for (const std::int32_t copies : {request.w, request.pw})
    if (const Status checked = check_copies(copies); !checked) return checked.error();
  return request;
}

Result<Object> to_object(Reply reply) { return Access::object(std::get<GetReply>(std::move(reply))); }
Result<Receipt> to_receipt(Reply reply) { return receipt_of(std::get<PutReply>(std::move(reply))); }

std::function<void(Result<Reply>)> complete_with(std::shared_ptr<PendingState<Receipt>> state) {
  return [state = std::move(state)](Result<Reply> written) {
    state->complete(written ? to_receipt(*std::move(written)) : Result<Receipt>(written.error()));
  };
}

}  // namespace

Pending<Object> Async::get(std::string_view key, ReadOptions options) {
  Result<GetRequest> request = get_request(*engine_, key, options);
  if (!request) return ready_with<Object>(request.error());
  auto state = std::make_shared<PendingState<Object>>(engine_);
  ask_data(*engine_, Access::session(options.session), *request, request->timeout, Room::wait,
           [state](Result<Reply> reply) {
             state->complete(reply ? to_object(*std::move(reply)) : Result<Object>(reply.error()));
           });
  return Pending<Object>(std::move(state));
}

Pending<Receipt> Async::put(std::string_view key, std::string_view value, const WriteOptions& options) {
  Result<PutRequest> request = put_request(*engine_, key, value, false, options);
  if (!request) return ready_with<Receipt>(request.error());
  auto state = std::make_shared<PendingState<Receipt>>(engine_);
  const Millis timeout = request->timeout;
  ask_data(*engine_, Access::session(options.session), *std::move(request), timeout, Room::wait, complete_with(state));
  return Pending<Receipt>(std::move(state));
}

// A tombstone that replaces nothing would stand beside the value and delete nothing: so it reads first.
Pending<Receipt> Async::del(std::string_view key, const WriteOptions& options) {
  Result<PutRequest> tombstone = put_request(*engine_, key, {}, true, options);
  if (!tombstone) return ready_with<Receipt>(tombstone.error());
  auto state = std::make_shared<PendingState<Receipt>>(engine_);
  const auto session = Access::session(options.session);
  const Millis timeout = tombstone->timeout;
  if (!tombstone->context.empty()) {
    ask_data(*engine_, session, *std::move(tombstone), timeout, Room::wait, complete_with(state));
    return Pending<Receipt>(std::move(state));
  }
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  GetRequest read{.call = {}, .key = tombstone->key, .r = engine_->options().r.n, .timeout = timeout};
  read.level = tombstone->level;
  const auto write = [state, session, deadline, engine = engine_.get(),
                      request = *tombstone](Result<Reply> reply) mutable {
    if (!reply) return state->complete(reply.error());
    auto& seen = std::get<GetReply>(*reply);
    if (seen.values.empty()) return state->complete(fail(Errc::not_found, "there is no such key; nothing to delete"));
    request.context = std::move(seen.context);
    ask_data(*engine, session, std::move(request), time_left(deadline), Room::exempt, complete_with(state));
  };
  ask_data(*engine_, session, std::move(read), timeout, Room::wait, write);
  return Pending<Receipt>(std::move(state));
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

}  // namespace shoal
