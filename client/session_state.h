// What a Session remembers: for each key the newest context, joined where two are concurrent.
//
// The token's bytes, all integers 8 bytes big-endian, the text URL-safe base64 of them:
//
//   format, 1 | cluster | number of keys
//   per key, ascending: length, bucket | length, name | length, context
//   SipHash-128 of all before, under a key of zeros: finds damage, not forgery (the contexts have their own MACs)
//
// Invariants:
//  (1) What remember() was given is covered by what seen() returns from then on.
//  (2) No more than Session::kKeysMax keys are held, those of operations on their way included.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "client/shoal/session.hpp"
#include "node/base/hash.h"
#include "node/base/ids.h"

namespace shoal::client_detail {

class SessionState {
 public:
  // An operation on the key begins: takes a place for it. Each success is ended by one `leave`.
  Status enter(const Key& key);
  void leave(const Key& key);

  // The first cluster it is used with is its own; Errc::bad_context for another one.
  Status bind(ClusterId cluster);
  // The context to read with; empty: nothing was seen of the key.
  [[nodiscard]] std::string seen(const Key& key) const;
  // Errc::corrupt when `context` is none of this key; then nothing is changed.
  Status remember(const Key& key, const std::string& context, const HashKey& cluster_key);

  [[nodiscard]] std::size_t keys() const;
  [[nodiscard]] std::string token() const;
  static Result<std::shared_ptr<SessionState>> parse(std::string_view token);

 private:
  struct Known {
    std::string context;  // empty: an operation on its way, the first of this key
    int on_their_way = 0;
  };
  [[nodiscard]] std::size_t count_seen() const;  // the mutex is held

  mutable std::mutex mutex_;
  ClusterId cluster_;  // 0 until it was used
  std::map<Key, Known> keys_;
};

}  // namespace shoal::client_detail
