#include "node/io/storage/overlay.h"

#include <algorithm>
#include <utility>

#include "node/base/check.h"

namespace shoal {
namespace {

std::size_t memory_of(const paxos::RegisterPtr& value) {
  return value == nullptr ? 0 : sizeof *value + value->value.size() + value->served.size() * sizeof(paxos::Served);
}

std::size_t memory_of(const Membership& document) {
  constexpr std::size_t kNames = 128;  // of a member or a bucket, about
  return sizeof document + (document.members.size() + document.buckets.size()) * kNames;
}

}  // namespace

std::size_t memory_of(const EntryPtr& entry) {
  if (entry == nullptr) return 128;
  std::size_t bytes = 256 + entry->key.bucket.size() + entry->key.name.size();
  if (entry->acceptor) bytes += sizeof *entry->acceptor + memory_of(entry->acceptor->value);
  if (entry->vote) bytes += sizeof *entry->vote;
  if (entry->vote && entry->vote->acceptor.value) bytes += memory_of(*entry->vote->acceptor.value);
  bytes += entry->record.clock.entries().size() * sizeof(VersionVector::Entry);
  for (const Sibling& sibling : entry->record.siblings) bytes += sizeof(Sibling) + sibling.value.size();
  return bytes;
}

void Overlay::put(const Place& place, EntryPtr entry) {
  active_->bytes += memory_of(entry);
  if (!active_->entries.exchange(place, entry)) active_->bytes -= memory_of(entry);
}

std::optional<EntryPtr> Overlay::find(const Place& place) const {
  if (const EntryPtr* found = active_->entries.find(place)) return *found;
  const EntryPtr* found = frozen_ ? frozen_->entries.find(place) : nullptr;
  return found != nullptr ? std::optional(*found) : std::nullopt;
}

void Overlay::freeze(CommitId through, std::uint32_t partitions) {
  SHOAL_CHECK(frozen_ == nullptr);
  active_->through = through;
  active_->partitions = partitions;
  frozen_ = std::exchange(active_, std::make_shared<Generation>());
}

OverlayCursor::OverlayCursor(const Overlay& overlay, const Place& from)
    : newer_(overlay.active().entries.lower_bound(from)), newer_end_(overlay.active().entries.end()) {
  if (overlay.frozen() == nullptr) return;
  older_ = overlay.frozen()->entries.lower_bound(from);
  older_end_ = overlay.frozen()->entries.end();
  has_older_ = older_ != older_end_;
}

std::optional<Place> OverlayCursor::place() const {
  if (!has_newer()) return has_older_ ? std::optional(older_->first) : std::nullopt;
  return has_older_ ? std::min(newer_->first, older_->first) : newer_->first;
}

const EntryPtr& OverlayCursor::entry() const {
  return has_newer() && newer_->first == *place() ? newer_->second : older_->second;
}

void OverlayCursor::next() {
  const Place past = *place();
  if (has_newer() && newer_->first == past) ++newer_;
  if (has_older_ && older_->first == past) has_older_ = ++older_ != older_end_;
}

}  // namespace shoal
