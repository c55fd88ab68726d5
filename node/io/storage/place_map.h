// PlaceMap: entries by place, in order. What std::map does, with a fraction of the cache misses.
//
// The idea: sorted blocks of a few dozen items, and beside them a sorted array of each block's first place. A look-up
// is two binary searches in memory that lies together; a full block is split in halves. The array is rewritten from
// there on at each split: some hundred kilobytes for a million items, once in thirty insertions.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "node/core/store.h"

namespace shoal {

class PlaceMap {
 public:
  using Item = std::pair<Place, EntryPtr>;
  class const_iterator;

  // The entry there, which may be null; nullptr: nothing is there.
  [[nodiscard]] const EntryPtr* find(const Place& place) const;
  // Puts it there; what was there before is exchanged into `entry`. True: nothing was.
  bool exchange(const Place& place, EntryPtr& entry);

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Iterators are good until the next change. They stand in ascending order.
  [[nodiscard]] const_iterator begin() const;
  [[nodiscard]] const_iterator end() const;
  [[nodiscard]] const_iterator lower_bound(const Place& place) const;

 private:
  using Block = std::vector<Item>;  // never empty
  [[nodiscard]] std::size_t block_of(const Place& place) const;
  void split(std::size_t which);

  std::vector<Place> firsts_;  // firsts_[i] <= every place of blocks_[i], > every place of blocks_[i - 1]
  std::vector<Block> blocks_;
  std::size_t size_ = 0;
};

class PlaceMap::const_iterator {
 public:
  const_iterator() = default;
  const Item& operator*() const { return (*blocks_)[block_][item_]; }
  const Item* operator->() const { return &**this; }
  const_iterator& operator++() {
    if (++item_ == (*blocks_)[block_].size()) ++block_, item_ = 0;
    return *this;
  }
  bool operator==(const const_iterator&) const = default;

 private:
  friend class PlaceMap;
  const_iterator(const std::vector<Block>& blocks, std::size_t block, std::size_t item)
      : blocks_(&blocks), block_(block), item_(item) {}

  const std::vector<Block>* blocks_ = nullptr;
  std::size_t block_ = 0;
  std::size_t item_ = 0;
};

inline PlaceMap::const_iterator PlaceMap::begin() const { return {blocks_, 0, 0}; }
inline PlaceMap::const_iterator PlaceMap::end() const { return {blocks_, blocks_.size(), 0}; }

}  // namespace shoal
