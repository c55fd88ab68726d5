// update: read, merge, change, write back; again while others race. In a bucket of kind strong each round is a
// compare-and-set, made only if the key is still as it was read.
//
// Invariants:
//  (1) `change` is in the store at most once: it is applied again only after a write that was certainly not applied.
//  (2) What update writes replaces only what it read, so nothing that it never saw is lost.
//  (3) Success means: when this write was acknowledged, the coordinator held it alone; or a later read found the
//      siblings merged. In a strong bucket: `change` was applied to the value that this write replaced.
#include <algorithm>
#include <chrono>
#include <utility>

#include "client/engine.h"
#include "client/shoal/client.hpp"
#include "node/base/kind.h"

namespace shoal {
namespace {

using Clock = std::chrono::steady_clock;

class Update {
 public:
  Update(Client& client, std::string_view key, const Resolver& resolver, WriteOptions options, Millis timeout)
      : client_(client),
        key_(key),
        resolver_(resolver),
        options_(std::move(options)),
        deadline_(Clock::now() + timeout) {}

  Result<std::string> run(const std::function<std::string(std::optional<std::string>)>& change) {
    const Result<BucketStatus> bucket = client_.bucket(options_.bucket, at_least_one(left()));
    if (!bucket) return bucket.error();
    strong_ = bucket->kind == name_of(Kind::strong);
    bool changed = false;  // our change is among the siblings already
    for (;;) {
      if (changed && left() <= Millis{0}) return out_of_time();
      const Result<Object> seen = read();
      if (!seen) return changed ? unmerged(seen.error()) : seen.error();
      if (changed && !seen->conflicted()) return seen->exists() ? seen->value() : written_;
      if (seen->conflicted() && !resolver_) return conflict(changed, seen->siblings().size());
      written_ = changed ? resolver_(seen->siblings()) : change(merged(*seen));
      const Result<Receipt> receipt = write(seen->context());
      if (receipt && receipt->siblings <= 1) return written_;
      if (!receipt && receipt.error().code != Errc::conflict)
        return changed ? unmerged(receipt.error()) : receipt.error();
      if (receipt) changed = true;
      if (!changed && left() <= Millis{0}) return receipt.error();
    }
  }

 private:
  // Of a strong bucket the newest value: what a session has seen may be older.
  Result<Object> read() {
    ReadOptions reading{.timeout = at_least_one(left()), .bucket = options_.bucket, .level = Level::strong};
    if (!strong_) {
      reading.level = options_.level;
      reading.session = options_.session;
    }
    return client_.get(key_, reading);
  }

  Result<Receipt> write(const Context& seen) {
    options_.timeout = at_least_one(left());
    if (strong_) return client_.cas(key_, seen, written_, options_);
    options_.context = seen;
    return client_.put(key_, written_, options_);
  }

  std::optional<std::string> merged(const Object& seen) const {
    if (!seen.exists()) return std::nullopt;
    return seen.conflicted() ? resolver_(seen.siblings()) : seen.value();
  }

  static Error conflict(bool changed, std::size_t values) {
    return fail(Errc::conflict, (changed ? "the change was written, but beside others: the key holds "
                                         : "nothing was changed: the key holds ") +
                                    std::to_string(values) +
                                    " concurrent values and there is no resolver to merge them");
  }

  // The change is in the store, but stands beside other values.
  static Error unmerged(const Error& error) {
    return Error{.code = Errc::indeterminate,
                 .message = "the change was written, but not merged with concurrent values: " + error.message,
                 .acks = error.acks,
                 .needed = error.needed};
  }
  static Error out_of_time() { return unmerged(fail(Errc::timeout, "the deadline passed while others kept writing")); }

  [[nodiscard]] Millis left() const { return std::chrono::duration_cast<Millis>(deadline_ - Clock::now()); }
  static Millis at_least_one(Millis span) { return std::max(span, Millis{1}); }

  Client& client_;
  std::string_view key_;
  const Resolver& resolver_;
  WriteOptions options_;
  Clock::time_point deadline_;
  std::string written_;
  bool strong_ = false;
};

}  // namespace

Result<std::string> Client::update(std::string_view key,
                                   const std::function<std::string(std::optional<std::string>)>& change,
                                   const Resolver& resolver, WriteOptions options) {
  const Millis timeout = options.timeout.value_or(engine_->options().timeout);
  return Update(*this, key, resolver, std::move(options), timeout).run(change);
}

}  // namespace shoal
