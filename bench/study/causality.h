// Causality: which writes of a run had seen which, by what clients knew.
//
// A write covers another when its context came with the other's value, or with the value of a write that covers it.
// That is a partial order for each key; it is kept as chains: each write extends a chain whose end it covers, if there
// is one, and knows for each chain how far it covers it. A key has about as many chains as it ever had concurrent
// writes, so asking is quick even when a key was written a hundred thousand times.
//
// A context can only have come with writes that began before: others that a forged history names are passed over.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bench/study/recording.h"

namespace shoal::study {

class Causality {
 public:
  // Keeps a reference: the recording must live longer.
  explicit Causality(const Recording& recording);

  // nullptr: no put or delete of this run has that id.
  [[nodiscard]] const Operation* find(WriteId id) const;
  // Whether they are the same, or `later` had seen `earlier`. False when either is unknown.
  [[nodiscard]] bool covers(WriteId later, WriteId earlier) const;
  // The same for any of several.
  [[nodiscard]] bool any_covers(const std::vector<WriteId>& later, WriteId earlier) const;
  // An acknowledged write (other than itself) covers it.
  [[nodiscard]] bool replaced_by_acknowledged(WriteId id) const;
  // A delete that may have happened and began until then covers it (other than itself); in a bucket that
  // keeps one value also one that did not end before it began.
  [[nodiscard]] bool may_be_deleted(WriteId id, double until) const;

  // Whether the read shows that this write had reached it: it returned the write, or one that covers it, or the write
  // may have been deleted meanwhile; in a bucket that keeps one value also any write that did not end before this one
  // began.
  [[nodiscard]] bool shows(const Operation& read, WriteId id) const;
  // How many writes of the key, acknowledged before the read began, it does not show. A delete counts when something
  // that it had seen was returned.
  [[nodiscard]] std::uint64_t versions_behind(const Operation& read) const;

  // Of each key the writes that were acknowledged, by the time they were.
  [[nodiscard]] const std::vector<const Operation*>& acknowledged(std::uint32_t key) const;
  // Whether a write of the key takes the place of others that its client had not seen: the last writer wins, or the
  // bucket is strong.
  [[nodiscard]] bool keeps_one(std::uint32_t key) const;

 private:
  // For each chain, ascending, how many of its writes are covered.
  using Cover = std::vector<std::pair<std::uint32_t, std::uint32_t>>;
  struct Write {
    const Operation* operation = nullptr;
    std::uint32_t chain = 0;
    std::uint32_t place = 0;  // in it
    double deleted_from = 0;  // when the first delete that covers it began
    Cover covers;             // itself too
  };
  struct Key {
    std::vector<std::uint32_t> chains;
    std::vector<const Operation*> acknowledged;   // by completion
    std::vector<const Operation*> deletes;        // that may have happened
    std::vector<const Operation*> by_invocation;  // the same
  };

  void add(const Operation& operation);
  void mark_replaced(const Write& by);
  void mark_deleted(const Write& deletion, std::vector<std::uint32_t>& marked);
  [[nodiscard]] const Write* write(WriteId id) const;
  // Of those that are writes of the key.
  [[nodiscard]] Cover cover_of(const std::vector<WriteId>& ids, std::uint32_t key) const;
  [[nodiscard]] std::uint64_t behind_in_order(const Operation& read, const Key& key) const;
  [[nodiscard]] std::uint64_t behind_in_chains(const Operation& read, const Key& key) const;
  [[nodiscard]] bool may_be_deleted(const Write& deleted, double until) const;
  [[nodiscard]] bool lacks(const Operation& read, const Write& candidate) const;
  static std::uint32_t covered(const Cover& cover, std::uint32_t chain);
  static void join(Cover& into, const Cover& other);

  const Recording& recording_;
  std::vector<Write> writes_;
  std::unordered_map<WriteId, std::uint32_t> index_;
  std::vector<std::vector<std::uint32_t>> chains_;  // of indices of writes
  std::vector<std::uint32_t> replaced_;             // by chain, how many of its writes
  std::vector<Key> keys_;
};

}  // namespace shoal::study
