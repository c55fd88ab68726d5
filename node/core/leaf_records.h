// A leaf of this node's own tree, read record by record.
#pragma once

#include <cstdint>
#include <vector>

#include "merkle/tree.h"
#include "node/core/message.h"
#include "node/core/store.h"
#include "node/core/trace.h"

namespace shoal {

// The elements of a leaf, as they were written; damaged records among them. When the tree says otherwise it is
// corrected: a record is gone, or the digest was wrong. Errc::corrupt or Errc::io: the leaf cannot be read through.
Result<std::vector<Element>> leaf_elements(Store& store, const TreeNode& leaf, Trace& trace);

struct LeafRecords {
  std::vector<Slot> damaged;  // what cannot be read
  std::uint64_t records = 0;  // damaged ones included
  std::uint64_t bytes = 0;    // of values
  bool corrected = false;     // the tree was wrong about the leaf, and is right now
};

// Reads the records themselves, and compares what they add up to with the tree. While one of them is damaged the tree
// is left as it is: it counts what was written. Errc::corrupt or Errc::io: the leaf cannot be read through.
Result<LeafRecords> check_leaf(Store& store, const TreeNode& leaf, Trace& trace);

// The node of the tree is empty, and there is nothing where its records would lie. False when that cannot be told.
bool is_empty(Store& store, const TreeNode& node);

// A digest as it travels in an Element; never 0.
std::uint64_t cut(const Hash128& digest);

}  // namespace shoal
