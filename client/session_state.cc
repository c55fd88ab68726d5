#include "client/session_state.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "node/base/bytes.h"
#include "node/base/limits.h"
#include "vclock/context.h"

namespace shoal {

namespace client_detail {
namespace {

constexpr std::uint64_t kFormat = 1;
constexpr std::size_t kChecksumBytes = 16;
constexpr std::size_t kTokenBytesMax = std::size_t{64} << 20;

std::string checksum_of(std::string_view bytes) {
  const Hash128 hash = hash128(HashKey{}, bytes);
  std::string out;
  append_u64(out, hash.hi);
  append_u64(out, hash.lo);
  return out;
}

void append_text(std::string& out, const std::string& text) {
  append_u64(out, text.size());
  out += text;
}

// Takes pieces off the front; nothing where they are not all there.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  std::optional<std::uint64_t> number() {
    if (rest_.size() < 8) return std::nullopt;
    const std::uint64_t value = read_u64(rest_);
    rest_.remove_prefix(8);
    return value;
  }
  std::optional<std::string> text(std::size_t bytes_max) {
    const auto size = number();
    if (!size || *size > bytes_max || *size > rest_.size()) return std::nullopt;
    std::string out(rest_.substr(0, *size));
    rest_.remove_prefix(*size);
    return out;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

Error no_token(const char* why) {
  return fail(Errc::bad_context,
              std::string("this is not a session's token: it ") + why + "; pass on exactly what a session returned");
}

// Knows all that both know.
CausalContext joined(CausalContext a, const CausalContext& b) {
  a.seen.join(b.seen);
  a.hlc = std::max(a.hlc, b.hlc);
  a.stamp = std::min(a.stamp, b.stamp);
  a.may_overwrite = false;
  return a;
}

}  // namespace

Status SessionState::enter(const Key& key) {
  const std::lock_guard lock(mutex_);
  if (!keys_.contains(key) && keys_.size() >= Session::kKeysMax)
    return fail(Errc::too_large, "this session remembers " + std::to_string(Session::kKeysMax) +
                                     " keys, the most that one can; nothing was sent: go on with a new session");
  ++keys_[key].on_their_way;
  return Unit{};
}

void SessionState::leave(const Key& key) {
  const std::lock_guard lock(mutex_);
  const auto known = keys_.find(key);
  if (--known->second.on_their_way == 0 && known->second.context.empty()) keys_.erase(known);
}

Status SessionState::bind(ClusterId cluster) {
  const std::lock_guard lock(mutex_);
  if (cluster_ == ClusterId{}) cluster_ = cluster;
  if (cluster_ == cluster) return Unit{};
  return fail(Errc::bad_context, "this session is of cluster " + to_string(cluster_) + ", and this is cluster " +
                                     to_string(cluster) + "; nothing was sent: use a session of its own for each");
}

std::string SessionState::seen(const Key& key) const {
  const std::lock_guard lock(mutex_);
  const auto known = keys_.find(key);
  return known != keys_.end() ? known->second.context : std::string();
}

Status SessionState::remember(const Key& key, const std::string& context, const HashKey& cluster_key) {
  if (context.empty()) return Unit{};
  const std::lock_guard lock(mutex_);
  std::string& known = keys_[key].context;
  if (known == context) return Unit{};
  const Slot slot = slot_of(cluster_key, key);
  const Result<CausalContext> news = decode_context(context, cluster_key, slot);
  if (!news) return fail(Errc::corrupt, "a node answered with a context that cannot be read: " + news.error().message);
  const Result<CausalContext> before = decode_context(known, cluster_key, slot);
  if (!before || news->seen.descends(before->seen)) {
    known = context;
  } else if (!before->seen.descends(news->seen)) {
    known = encode_context(joined(*before, *news), cluster_key);
  }
  return Unit{};
}

std::size_t SessionState::count_seen() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(keys_, [](const auto& item) { return !item.second.context.empty(); }));
}

std::size_t SessionState::keys() const {
  const std::lock_guard lock(mutex_);
  return count_seen();
}

// One lock for the count and the keys that follow: an answer may come in at any time.
std::string SessionState::token() const {
  const std::lock_guard lock(mutex_);
  std::string bytes;
  append_u64(bytes, kFormat);
  append_u64(bytes, cluster_.value);
  append_u64(bytes, count_seen());
  for (const auto& [key, known] : keys_) {
    if (known.context.empty()) continue;
    append_text(bytes, key.bucket);
    append_text(bytes, key.name);
    append_text(bytes, known.context);
  }
  return to_base64url(bytes + checksum_of(bytes));
}

Result<std::shared_ptr<SessionState>> SessionState::parse(std::string_view token) {
  if (token.size() > kTokenBytesMax) return no_token("is too long");
  const Result<std::string> decoded = from_base64url(token);
  if (!decoded) return no_token("has characters that tokens do not have");
  if (decoded->size() < 24 + kChecksumBytes) return no_token("is cut short");
  const std::string_view body = std::string_view(*decoded).substr(0, decoded->size() - kChecksumBytes);
  if (std::string_view(*decoded).substr(body.size()) != checksum_of(body)) return no_token("is cut short or damaged");
  Reader reader(body);
  if (*reader.number() != kFormat) return no_token("has a format that this version does not know");
  auto state = std::make_shared<SessionState>();
  state->cluster_ = {*reader.number()};
  const std::uint64_t count = *reader.number();
  if (count > Session::kKeysMax) return no_token("names more keys than a session can hold");
  for (std::uint64_t i = 0; i < count; ++i) {
    auto bucket = reader.text(kBucketBytesMax);
    auto name = reader.text(kKeyBytesMax);
    auto context = reader.text(kContextBytesMax);
    if (!bucket || !name || !context || context->empty()) return no_token("is malformed");
    state->keys_[Key{*std::move(bucket), *std::move(name)}].context = *std::move(context);
  }
  if (!reader.at_end() || state->keys_.size() != count) return no_token("is malformed");
  return state;
}

}  // namespace client_detail

Session::Session() : state_(std::make_shared<client_detail::SessionState>()) {}

std::string Session::token() const { return state_->token(); }

std::size_t Session::keys() const { return state_->keys(); }

Result<Session> Session::parse(std::string_view token) {
  auto state = client_detail::SessionState::parse(token);
  if (!state) return state.error();
  return Session(*std::move(state));
}

}  // namespace shoal
