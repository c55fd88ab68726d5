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
using client_detail::SessionState;
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

// Level::strong makes every node refuse it in a bucket that could not keep the condition.
Result<PutRequest> only_if(Result<PutRequest> request, PutIf condition, std::string_view expected) {
  if (!request) return request;
  if (const Status checked = check_value_size(expected.size()); !checked) return checked.error();
  request->level = Level::strong;
  request->context.clear();
  request->condition = condition;
  request->expected = Blob(std::string(expected));
  return request;
}

// Who has seen nothing, not even a deletion, has no context.
Result<PutRequest> only_as_seen(Result<PutRequest> request, const Context& seen) {
  request = only_if(std::move(request), seen.empty() ? PutIf::absent : PutIf::always, {});
  if (request) request->context = Access::bytes(seen);
  return request;
}

Pending<Receipt> write(const std::shared_ptr<Engine>& engine, const std::shared_ptr<SessionState>& session,
                       Result<PutRequest> request) {
  if (!request) return ready_with<Receipt>(request.error());
  auto state = std::make_shared<PendingState<Receipt>>(engine);
  const Millis timeout = request->timeout;
  ask_data(*engine, session, *std::move(request), timeout, Room::wait, complete_with(state));
  return Pending<Receipt>(std::move(state));
}

// Deletes what a read just before it has seen; reads again where a strong bucket says that the key has changed since.
class Deletion : public std::enable_shared_from_this<Deletion> {
 public:
  Deletion(Engine& engine, std::shared_ptr<SessionState> session, PutRequest tombstone,
           std::shared_ptr<PendingState<Receipt>> state)
      : engine_(engine),
        session_(std::move(session)),
        tombstone_(std::move(tombstone)),
        state_(std::move(state)),
        deadline_(std::chrono::steady_clock::now() + tombstone_.timeout) {}

  void begin() { read(tombstone_.level, Room::wait); }

 private:
  void read(Level level, Room room) {
    const Millis left = time_left(deadline_);
    GetRequest read{.call = {}, .key = tombstone_.key, .r = engine_.options().r.n, .timeout = left, .level = level};
    ask_data(engine_, session_, std::move(read), left, room,
             [self = shared_from_this()](Result<Reply> reply) { self->remove(std::move(reply)); });
  }

  void remove(Result<Reply> reply) {
    if (!reply) return state_->complete(reply.error());
    auto& seen = std::get<GetReply>(*reply);
    if (seen.values.empty()) return state_->complete(fail(Errc::not_found, "there is no such key; nothing to delete"));
    tombstone_.context = std::move(seen.context);
    ask_data(engine_, session_, tombstone_, time_left(deadline_), Room::exempt,
             [self = shared_from_this()](Result<Reply> written) { self->end(std::move(written)); });
  }

  void end(Result<Reply> written) {
    const bool changed = !written && written.error().code == Errc::conflict;
    // A stale read is followed by one that is not.
    if (changed && std::chrono::steady_clock::now() < deadline_) return read(Level::quorum, Room::exempt);
    complete_with(state_)(std::move(written));
  }

  Engine& engine_;
  std::shared_ptr<SessionState> session_;
  PutRequest tombstone_;
  std::shared_ptr<PendingState<Receipt>> state_;
  client_detail::Deadline deadline_;
};

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
  return write(engine_, Access::session(options.session), put_request(*engine_, key, value, false, options));
}

// A tombstone that replaces nothing would stand beside the value and delete nothing: so it reads first.
Pending<Receipt> Async::del(std::string_view key, const WriteOptions& options) {
  const auto session = Access::session(options.session);
  const Result<PutRequest> tombstone = put_request(*engine_, key, {}, true, options);
  if (!tombstone || !tombstone->context.empty()) return write(engine_, session, tombstone);
  auto state = std::make_shared<PendingState<Receipt>>(engine_);
  std::make_shared<Deletion>(*engine_, session, *tombstone, state)->begin();
  return Pending<Receipt>(std::move(state));
}

Pending<Receipt> Async::put_if_absent(std::string_view key, std::string_view value, const WriteOptions& options) {
  return write(engine_, Access::session(options.session),
               only_if(put_request(*engine_, key, value, false, options), PutIf::absent, {}));
}

Pending<Receipt> Async::cas(std::string_view key, std::string_view expected, std::string_view desired,
                            const WriteOptions& options) {
  return write(engine_, Access::session(options.session),
               only_if(put_request(*engine_, key, desired, false, options), PutIf::value_is, expected));
}

Pending<Receipt> Async::cas(std::string_view key, const Context& seen, std::string_view desired,
                            const WriteOptions& options) {
  return write(engine_, Access::session(options.session),
               only_as_seen(put_request(*engine_, key, desired, false, options), seen));
}

Pending<Receipt> Async::del_if(std::string_view key, std::string_view expected, const WriteOptions& options) {
  return write(engine_, Access::session(options.session),
               only_if(put_request(*engine_, key, {}, true, options), PutIf::value_is, expected));
}

Pending<Receipt> Async::del_if(std::string_view key, const Context& seen, const WriteOptions& options) {
  return write(engine_, Access::session(options.session),
               only_as_seen(put_request(*engine_, key, {}, true, options), seen));
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

Result<Receipt> Client::put_if_absent(std::string_view key, std::string_view value, const WriteOptions& options) {
  return async().put_if_absent(key, value, options).get();
}

Result<Receipt> Client::cas(std::string_view key, std::string_view expected, std::string_view desired,
                            const WriteOptions& options) {
  return async().cas(key, expected, desired, options).get();
}

Result<Receipt> Client::cas(std::string_view key, const Context& seen, std::string_view desired,
                            const WriteOptions& options) {
  return async().cas(key, seen, desired, options).get();
}

Result<Receipt> Client::del_if(std::string_view key, std::string_view expected, const WriteOptions& options) {
  return async().del_if(key, expected, options).get();
}

Result<Receipt> Client::del_if(std::string_view key, const Context& seen, const WriteOptions& options) {
  return async().del_if(key, seen, options).get();
}

}  // namespace shoal
