#include "vclock/context.h"

#include "node/base/bytes.h"
#include "node/base/limits.h"

namespace shoal {
namespace {

constexpr char kFormat = 1;
constexpr char kMayOverwrite = 1;
constexpr std::size_t kHeaderBytes = 34;
constexpr std::size_t kEntryBytes = 24;
constexpr std::size_t kMacBytes = 16;

std::string mac_of(const HashKey& cluster_key, std::string_view bytes) {
  const Hash128 hash = hash128(cluster_key, "shoal context:" + std::string(bytes));
  std::string mac;
  append_u64(mac, hash.hi);
  append_u64(mac, hash.lo);
  return mac;
}

Error bad(const char* why) {
  return fail(Errc::bad_context, std::string("the context ") + why + "; read the key again and use the new context");
}

}  // namespace

std::string encode_context(const CausalContext& context, const HashKey& cluster_key) {
  std::string out{kFormat, context.may_overwrite ? kMayOverwrite : '\0'};
  append_u64(out, context.slot.hi);
  append_u64(out, context.slot.lo);
  append_u64(out, context.hlc.value);
  append_u64(out, context.stamp);
  for (const VersionVector::Entry& entry : context.seen.entries()) {
    append_u64(out, entry.actor.incarnation.value);
    append_u64(out, entry.actor.epoch);
    append_u64(out, entry.counter);
  }
  return out + mac_of(cluster_key, out);
}

Result<CausalContext> decode_context(std::string_view bytes, const HashKey& cluster_key, Slot slot) {
  if (bytes.size() > kContextBytesMax) return bad("is too long");
  if (bytes.size() < kHeaderBytes + kMacBytes || (bytes.size() - kHeaderBytes - kMacBytes) % kEntryBytes != 0)
    return bad("is cut short or damaged");
  const std::string_view body = bytes.substr(0, bytes.size() - kMacBytes);
  if (bytes.substr(body.size()) != mac_of(cluster_key, body)) return bad("is damaged or of another cluster");
  if (body[0] != kFormat) return bad("has a format that this version does not know");

  CausalContext context;
  context.may_overwrite = (body[1] & kMayOverwrite) != 0;
  context.slot = {read_u64(body.substr(2)), read_u64(body.substr(10))};
  if (context.slot != slot) return bad("belongs to another key");
  context.hlc = {read_u64(body.substr(18))};
  context.stamp = read_u64(body.substr(26));
  std::vector<VersionVector::Entry> entries;
  for (std::size_t at = kHeaderBytes; at < body.size(); at += kEntryBytes)
    entries.push_back(VersionVector::Entry{{{read_u64(body.substr(at))}, read_u64(body.substr(at + 8))},
                                           read_u64(body.substr(at + 16))});
  context.seen = VersionVector(std::move(entries));
  return context;
}

}  // namespace shoal
