#include "node/core/observe.h"

#include <algorithm>
#include <string>

namespace shoal {
namespace {

ObservedCopy copy_of(const Result<EntryPtr>& held) {
  ObservedCopy copy;
  if (!held) copy.outcome = held.error().code;
  if (!held || *held == nullptr) return copy;
  const Record& record = (*held)->record;
  const auto live = std::ranges::count(record.siblings, false, &Sibling::tombstone);
  copy.clock = record.clock;
  copy.siblings = static_cast<std::uint32_t>(live);
  copy.digest = (*held)->digest;
  return copy;
}

}  // namespace

ObserveReply observe(Store& store, const HashKey& cluster_key, const ObserveRequest& request) {
  ObserveReply reply;
  reply.call = request.call;
  if (request.keys.size() > ObserveRequest::kKeysMax) {
    reply.outcome = fail(Errc::invalid, "at most " + std::to_string(ObserveRequest::kKeysMax) +
                                            " keys are observed at once, not " + std::to_string(request.keys.size()));
    return reply;
  }
  reply.outcome.code = Errc::ok;
  reply.copies.reserve(request.keys.size());
  for (const Key& key : request.keys) reply.copies.push_back(copy_of(store.read(slot_of(cluster_key, key))));
  return reply;
}

}  // namespace shoal
