// The opaque context: what a client has seen of one key, to be handed back with its next write or read.
//
// Authenticated with the cluster's key: a forged {a: 10^18} would cover writes of the future.
//
//   byte   0        format, 1
//   byte   1        flags: bit 0 = may overwrite
//   bytes  2..17    slot of the key
//   bytes 18..25    highest hybrid time seen
//   bytes 26..33    stamp (reserved, 0)
//   then n x 24     version vector entries: incarnation, epoch, counter
//   last 16         SipHash-128 of all before, under the cluster's key
//
// All integers big-endian. The textual form is URL-safe base64 of these bytes.
#pragma once

#include <string>
#include <string_view>

#include "node/base/hash.h"
#include "node/base/result.h"
#include "vclock/record.h"

namespace shoal {

struct CausalContext {
  Slot slot;
  VersionVector seen;
  Hlc hlc;
  // A read's context may overwrite what it saw. A put's token may only if the record then held nothing but the new
  // value; else it would cover siblings that its client never saw.
  bool may_overwrite = true;
  std::uint64_t stamp = 0;
  friend bool operator==(const CausalContext&, const CausalContext&) = default;
};

std::string encode_context(const CausalContext& context, const HashKey& cluster_key);

// Errc::bad_context with a sentence when malformed, forged, or issued for another slot than `slot`.
Result<CausalContext> decode_context(std::string_view bytes, const HashKey& cluster_key, Slot slot);

}  // namespace shoal
