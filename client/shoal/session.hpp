// Session: what one user has seen and written, so that no later read of theirs is older.
//
//     shoal::Session session = db.session();
//     db.put("cart", "tea", {.session = &session}).value();
//     db.get("cart", {.session = &session}).value();          // has the tea, whichever nodes answer
//     send_to_browser(session.token());                       // and in another process:
//     auto session = shoal::Session::parse(token).value();
//
// Guarantees, per key, for operations that begin after the earlier one has returned:
//  * read your writes: a read shows every acknowledged write of the session, or something that replaced it;
//  * monotonic reads: a read never shows less than an earlier one of the session.
// A read for which no replica that answers in time is new enough ends with Errc::session_not_satisfied; it is never
// silently stale. A write that was not acknowledged (Errc::indeterminate) is not remembered. Nothing is promised across
// keys, and a session gives a write no context: what a write replaces, its `context` says. Where nodes acknowledge
// before their disk has it (`relaxed`), a power cut can take away what a session has seen; it then says so.
//
// A session remembers the newest context of each key that it touched; of two that are concurrent, both. It belongs to
// one cluster. Limit: kKeysMax keys; an operation on one more is refused with Errc::too_large, and nothing is
// forgotten.
//
// Thread-safe. Copies share what they remember.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "node/base/result.h"

namespace shoal {

namespace client_detail {
class SessionState;
struct Access;
}  // namespace client_detail

class Session {
 public:
  static constexpr std::size_t kKeysMax = 10'000;

  // Has seen nothing yet.
  Session();

  // Text for another process: a file, a cookie. Versioned, with a checksum; about 200 bytes for each key. The contexts
  // in it are authenticated by the cluster, the token as a whole is not secret.
  [[nodiscard]] std::string token() const;
  // Errc::bad_context when this is not, or not all of, a session's token. One of another cluster is found by the first
  // operation.
  static Result<Session> parse(std::string_view token);

  // Keys that it remembers.
  [[nodiscard]] std::size_t keys() const;

 private:
  friend struct client_detail::Access;
  explicit Session(std::shared_ptr<client_detail::SessionState> state) : state_(std::move(state)) {}
  std::shared_ptr<client_detail::SessionState> state_;
};

}  // namespace shoal
