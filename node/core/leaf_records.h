// A leaf of this node's own tree, read record by record.
#pragma once

#include <cstdint>
#include <vector>

#include "merkle/tree.h"
#include "node/core/message.h"
#include "node/core/store.h"
#include "node/core/trace.h"

namespace shoal {

struct LeafRecords {
  std::vector<Element> elements;  // what can be read, ascending
  std::vector<Slot> damaged;      // what cannot
  bool corrected = false;         // the tree was wrong about the leaf, and is right now
};

// Reads all of it in one snapshot, and compares it with the tree. While something in it is damaged the tree is left as
// it is: it counts what was written. Errc::corrupt or Errc::io: the leaf cannot be read through.
Result<LeafRecords> read_leaf(Store& store, const TreeNode& leaf, Trace& trace);

// The node of the tree is empty, and there is nothing where its records would lie. False when that cannot be told.
bool is_empty(Store& store, const TreeNode& node);

// A digest as it travels in an Element; never 0.
std::uint64_t cut(const Hash128& digest);

}  // namespace shoal
