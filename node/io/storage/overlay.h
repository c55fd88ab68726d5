// Overlay: what was written and is not in LMDB yet, newest state per place, in order.
//
// Two generations: the active one takes the writes; a frozen one is being moved into LMDB and is never changed, so
// that the checkpointer's thread reads it without a lock. A key that is written a thousand times between two
// checkpoints costs one page.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "node/base/ids.h"
#include "node/core/store.h"
#include "node/io/storage/place_map.h"

namespace shoal {

struct Generation {
  PlaceMap entries;                             // null: erased; own copies, hints, acceptors
  std::optional<std::string> document;          // sealed
  std::size_t bytes = 0;                        // about what it holds in memory
  CommitId through;                             // when frozen: it holds all up to this commit, and nothing newer
  std::uint32_t partitions = 0;                 // when frozen: of the tree; 0: no digests are kept
  std::map<std::uint32_t, Digest> corrections;  // of leaves' sums, beside what the entries change in them

  [[nodiscard]] bool empty() const { return entries.empty() && !document; }
};
using GenerationPtr = std::shared_ptr<const Generation>;

// About what an entry holds in memory, with its place in a generation.
std::size_t memory_of(const EntryPtr& entry);

class Overlay {
 public:
  void put(const Place& place, EntryPtr entry);  // null: erased
  void put_document(std::string sealed) { active_->document = std::move(sealed); }
  // Goes with the active generation, and is no reason to move it.
  void correct(std::uint32_t leaf, const Digest& delta) { active_->corrections[leaf] += delta; }
  // The leaves have other numbers now.
  void forget_corrections() { active_->corrections.clear(); }

  // Absent: LMDB knows. Null: erased.
  [[nodiscard]] std::optional<EntryPtr> find(const Place& place) const;

  [[nodiscard]] const Generation& active() const { return *active_; }
  [[nodiscard]] const GenerationPtr& frozen() const { return frozen_; }
  [[nodiscard]] std::size_t bytes() const { return active_->bytes + (frozen_ ? frozen_->bytes : 0); }

  // Precondition: nothing is frozen.
  void freeze(CommitId through, std::uint32_t partitions);
  // LMDB has the frozen generation. Whoever takes it frees it, which takes a while.
  GenerationPtr drop_frozen() { return std::move(frozen_); }

 private:
  std::shared_ptr<Generation> active_ = std::make_shared<Generation>();
  GenerationPtr frozen_;
};

// Both generations in order; where both hold a place, the newer one counts.
class OverlayCursor {
 public:
  OverlayCursor(const Overlay& overlay, const Place& from);

  [[nodiscard]] std::optional<Place> place() const;
  // Null: erased.
  [[nodiscard]] const EntryPtr& entry() const;
  void next();

 private:
  using Iterator = PlaceMap::const_iterator;
  [[nodiscard]] bool has_newer() const { return newer_ != newer_end_; }

  Iterator newer_;
  Iterator newer_end_;
  Iterator older_;
  Iterator older_end_;
  bool has_older_ = false;
};

}  // namespace shoal
