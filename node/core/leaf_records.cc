#include "node/core/leaf_records.h"

#include <bit>
#include <optional>

namespace shoal {
namespace {

constexpr std::size_t kPage = 512;

Place end_of(const Tree& tree, const TreeNode& node) {
  const std::optional<Slot> end = tree.end_of(node);
  return end ? Place(*end) : Place(NodeId{1}, Slot{});
}

bool correct_if_wrong(Store& store, const TreeNode& leaf, const Digest& sum, Trace& trace) {
  if (sum == store.tree().at(leaf)) return false;
  store.correct(leaf, sum);
  trace.mark(Mark::digest_corrected);
  return true;
}

}  // namespace

std::uint64_t cut(const Hash128& digest) {
  const std::uint64_t half = digest.hi ^ std::rotl(digest.lo, 32);
  return half != 0 ? half : 1;
}

bool is_empty(Store& store, const TreeNode& node) {
  const Tree& tree = store.tree();
  if (tree.at(node) != Digest{}) return false;
  const auto first = store.scan(tree.begin_of(node), end_of(tree, node), std::nullopt, 1);
  return first && first->empty();
}

Result<std::vector<Element>> leaf_elements(Store& store, const TreeNode& leaf, Trace& trace) {
  const auto held = store.scan_digests(store.tree().begin_of(leaf), end_of(store.tree(), leaf));
  if (!held) return held.error();
  std::vector<Element> elements;
  elements.reserve(held->size());
  Digest sum;
  for (const PlacedDigest& item : *held) {
    sum.add(item.digest);
    elements.push_back({item.slot, cut(item.digest)});
  }
  correct_if_wrong(store, leaf, sum, trace);
  return elements;
}

Result<LeafRecords> check_leaf(Store& store, const TreeNode& leaf, Trace& trace) {
  LeafRecords found;
  Digest sum;
  std::optional<Place> after;
  for (std::size_t read = kPage; read == kPage;) {
    const auto page = store.scan(store.tree().begin_of(leaf), end_of(store.tree(), leaf), after, kPage);
    if (!page) return page.error();
    for (const PlacedEntry& item : *page) {
      ++found.records;
      if (item.entry == nullptr) {
        found.damaged.push_back(item.place.slot);
        continue;
      }
      sum.add(item.entry->digest);
      for (const Sibling& sibling : item.entry->record.siblings) found.bytes += sibling.value.size();
    }
    read = page->size();
    if (read > 0) after = page->back().place;
  }
  if (found.damaged.empty()) found.corrected = correct_if_wrong(store, leaf, sum, trace);
  return found;
}

}  // namespace shoal
