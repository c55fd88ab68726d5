#include "node/io/storage/place_map.h"

#include <algorithm>
#include <iterator>

namespace shoal {
namespace {

constexpr std::size_t kBlockItemsMax = 64;

constexpr auto kBefore = [](const PlaceMap::Item& item, const Place& place) { return item.first < place; };

}  // namespace

// The only block that may hold the place. Precondition: there is a block.
std::size_t PlaceMap::block_of(const Place& place) const {
  const auto behind = std::upper_bound(firsts_.begin(), firsts_.end(), place);
  return behind == firsts_.begin() ? 0 : static_cast<std::size_t>(behind - firsts_.begin()) - 1;
}

const EntryPtr* PlaceMap::find(const Place& place) const {
  if (blocks_.empty()) return nullptr;
  const Block& block = blocks_[block_of(place)];
  const auto at = std::lower_bound(block.begin(), block.end(), place, kBefore);
  return at != block.end() && at->first == place ? &at->second : nullptr;
}

bool PlaceMap::exchange(const Place& place, EntryPtr& entry) {
  if (blocks_.empty()) {
    firsts_.push_back(place);
    blocks_.emplace_back().reserve(kBlockItemsMax);
  }
  const std::size_t which = block_of(place);
  Block& block = blocks_[which];
  const auto at = std::lower_bound(block.begin(), block.end(), place, kBefore);
  if (at != block.end() && at->first == place) return at->second.swap(entry), false;
  block.insert(at, {place, std::exchange(entry, nullptr)});
  ++size_;
  firsts_[which] = std::min(firsts_[which], place);
  if (block.size() == kBlockItemsMax) split(which);
  return true;
}

void PlaceMap::split(std::size_t which) {
  Block upper;
  upper.reserve(kBlockItemsMax);
  Block& lower = blocks_[which];
  const auto middle = lower.begin() + kBlockItemsMax / 2;
  std::move(middle, lower.end(), std::back_inserter(upper));
  lower.erase(middle, lower.end());
  const auto next = static_cast<std::ptrdiff_t>(which) + 1;
  firsts_.insert(firsts_.begin() + next, upper.front().first);
  blocks_.insert(blocks_.begin() + next, std::move(upper));
}

PlaceMap::const_iterator PlaceMap::lower_bound(const Place& place) const {
  if (blocks_.empty()) return end();
  const std::size_t which = block_of(place);
  const Block& block = blocks_[which];
  const auto at = std::lower_bound(block.begin(), block.end(), place, kBefore);
  if (at == block.end()) return {blocks_, which + 1, 0};
  return {blocks_, which, static_cast<std::size_t>(at - block.begin())};
}

}  // namespace shoal
