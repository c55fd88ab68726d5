#include "bench/study/causality.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace shoal::study {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();

// When it was over: what nobody knows may still happen later.
double ended(const Operation& write) { return write.outcome == Outcome::ok ? write.completed : kNever; }

}  // namespace

Causality::Causality(const Recording& recording) : recording_(recording), keys_(recording.keys.size()) {
  std::vector<const Operation*> writes;
  for (const Operation& operation : recording.operations)
    if (operation.is_write() && operation.key < keys_.size()) writes.push_back(&operation);
  std::ranges::stable_sort(writes, {}, &Operation::invoked);
  writes_.reserve(writes.size());
  for (const Operation* operation : writes) add(*operation);
  for (Key& key : keys_) {
    key.acknowledged = key.by_invocation;
    std::ranges::stable_sort(key.acknowledged, {}, &Operation::completed);
  }
  for (const Write& write : writes_)
    if (write.operation->outcome == Outcome::ok) mark_replaced(write);
  std::vector<std::uint32_t> marked(chains_.size(), 0);
  for (const Write& write : writes_)
    if (write.operation->function == Function::del && write.operation->outcome != Outcome::fail)
      mark_deleted(write, marked);
}

void Causality::add(const Operation& operation) {
  const auto number = static_cast<std::uint32_t>(writes_.size());
  if (!index_.emplace(operation.write, number).second) return;  // an id that is there already: the first counts
  Write write{.operation = &operation, .deleted_from = kNever};
  write.covers = cover_of(operation.replaces, operation.key);
  Key& key = keys_[operation.key];
  const auto end =
      std::ranges::find_if(write.covers, [&](const auto& part) { return part.second == chains_[part.first].size(); });
  if (end != write.covers.end()) {
    write.chain = end->first;
  } else {
    write.chain = static_cast<std::uint32_t>(chains_.size());
    chains_.emplace_back();
    key.chains.push_back(write.chain);
  }
  write.place = static_cast<std::uint32_t>(chains_[write.chain].size());
  chains_[write.chain].push_back(number);
  join(write.covers, {{write.chain, write.place + 1}});
  if (operation.outcome == Outcome::ok) key.by_invocation.push_back(&operation);
  if (operation.function == Function::del && operation.outcome != Outcome::fail) key.deletes.push_back(&operation);
  writes_.push_back(std::move(write));
}

void Causality::mark_replaced(const Write& by) {
  replaced_.resize(chains_.size());
  for (const auto& [chain, count] : by.covers)
    replaced_[chain] = std::max(replaced_[chain], chain == by.chain ? by.place : count);
}

bool Causality::replaced_by_acknowledged(WriteId id) const {
  const Write* known = write(id);
  return known != nullptr && known->chain < replaced_.size() && known->place < replaced_[known->chain];
}

// Deletes come in the order in which they began, so the first that covers a write is the one that counts.
void Causality::mark_deleted(const Write& deletion, std::vector<std::uint32_t>& marked) {
  for (const auto& [chain, count] : deletion.covers) {
    const std::uint32_t end = chain == deletion.chain ? deletion.place : count;
    for (; marked[chain] < end; ++marked[chain])
      writes_[chains_[chain][marked[chain]]].deleted_from = deletion.operation->invoked;
  }
}

const Causality::Write* Causality::write(WriteId id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? nullptr : &writes_[found->second];
}

const Operation* Causality::find(WriteId id) const {
  const Write* found = write(id);
  return found == nullptr ? nullptr : found->operation;
}

std::uint32_t Causality::covered(const Cover& cover, std::uint32_t chain) {
  const auto part = std::ranges::lower_bound(cover, chain, {}, &Cover::value_type::first);
  return part == cover.end() || part->first != chain ? 0 : part->second;
}

void Causality::join(Cover& into, const Cover& other) {
  Cover joined;
  joined.reserve(into.size() + other.size());
  auto a = into.begin();
  for (const auto& part : other) {
    for (; a != into.end() && a->first < part.first; ++a) joined.push_back(*a);
    const bool both = a != into.end() && a->first == part.first;
    joined.emplace_back(part.first, both ? std::max(a->second, part.second) : part.second);
    if (both) ++a;
  }
  joined.insert(joined.end(), a, into.end());
  into = std::move(joined);
}

Causality::Cover Causality::cover_of(const std::vector<WriteId>& ids, std::uint32_t key) const {
  Cover cover;
  for (const WriteId id : ids)
    if (const Write* known = write(id); known != nullptr && known->operation->key == key) join(cover, known->covers);
  return cover;
}

bool Causality::covers(WriteId later, WriteId earlier) const {
  const Write* a = write(later);
  const Write* b = write(earlier);
  return a != nullptr && b != nullptr && covered(a->covers, b->chain) > b->place;
}

bool Causality::any_covers(const std::vector<WriteId>& later, WriteId earlier) const {
  return std::ranges::any_of(later, [&](WriteId id) { return covers(id, earlier); });
}

bool Causality::may_be_deleted(WriteId id, double until) const {
  const Write* known = write(id);
  return known != nullptr && may_be_deleted(*known, until);
}

bool Causality::may_be_deleted(const Write& deleted, double until) const {
  const Operation& operation = *deleted.operation;
  if (deleted.deleted_from < kNever && deleted.deleted_from <= until) return true;
  return keeps_one(operation.key) && std::ranges::any_of(keys_[operation.key].deletes, [&](const Operation* deletion) {
           return deletion != &operation && deletion->invoked <= until && ended(*deletion) >= operation.invoked;
         });
}

bool Causality::keeps_one(std::uint32_t key) const {
  return key < recording_.kinds.size() && recording_.kinds[key] != Kind::siblings;
}

bool Causality::shows(const Operation& read, WriteId id) const {
  if (any_covers(read.returned, id) || may_be_deleted(id, read.completed)) return true;
  const Operation* looked_for = find(id);
  if (looked_for == nullptr || !keeps_one(looked_for->key)) return false;
  return std::ranges::any_of(read.returned, [&](WriteId other) {
    const Operation* winner = find(other);
    return winner != nullptr && ended(*winner) >= looked_for->invoked;
  });
}

const std::vector<const Operation*>& Causality::acknowledged(std::uint32_t key) const {
  static const std::vector<const Operation*> kNone;
  return key < keys_.size() ? keys_[key].acknowledged : kNone;
}

std::uint64_t Causality::versions_behind(const Operation& read) const {
  if (read.key >= keys_.size()) return 0;
  const Key& key = keys_[read.key];
  return keeps_one(read.key) && !read.returned.empty() ? behind_in_order(read, key) : behind_in_chains(read, key);
}

// Where one value is kept, writes that began after the returned one had ended are newer.
std::uint64_t Causality::behind_in_order(const Operation& read, const Key& key) const {
  double newest = -kNever;
  for (const WriteId id : read.returned)
    if (const Operation* returned = find(id); returned != nullptr) newest = std::max(newest, ended(*returned));
  std::uint64_t behind = 0;
  for (auto it = std::ranges::upper_bound(key.by_invocation, newest, {}, &Operation::invoked);
       it != key.by_invocation.end() && (*it)->invoked < read.invoked; ++it)
    if ((*it)->completed <= read.invoked && lacks(read, *write((*it)->write))) ++behind;
  return behind;
}

std::uint64_t Causality::behind_in_chains(const Operation& read, const Key& key) const {
  const Cover seen = cover_of(read.returned, read.key);
  std::uint64_t behind = 0;
  for (const std::uint32_t chain : key.chains) {
    const auto& writes = chains_[chain];
    for (std::size_t place = covered(seen, chain); place < writes.size(); ++place) {
      const Write& candidate = writes_[writes[place]];
      if (candidate.operation->invoked >= read.invoked) break;  // and all after it in the chain
      if (lacks(read, candidate)) ++behind;
    }
  }
  return behind;
}

// Of a write that what was returned does not cover.
bool Causality::lacks(const Operation& read, const Write& candidate) const {
  const Operation& operation = *candidate.operation;
  if (operation.outcome != Outcome::ok || operation.completed > read.invoked) return false;
  if (may_be_deleted(candidate, read.completed)) return false;
  if (operation.has_value()) return true;
  return std::ranges::any_of(read.returned, [&](WriteId id) { return covers(operation.write, id); });
}

}  // namespace shoal::study
