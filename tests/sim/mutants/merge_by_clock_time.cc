// Mutant: the newest wall clock wins, concurrent values are dropped. Everything else of record.cc is as built.
#include <algorithm>
#include <tuple>
#include <utility>

#include "vclock/record.h"

namespace shoal {
std::size_t merge_as_built(Kind kind, Record& record, const Record& other);
}  // namespace shoal

#define merge merge_as_built
#include "vclock/record.cc"
#undef merge

namespace shoal {

std::size_t merge(Kind kind, Record& record, const Record& other) {
  const std::size_t losers = merge_as_built(kind, record, other);
  const auto newest = std::ranges::max_element(record.siblings, {}, &Sibling::hlc);
  if (newest != record.siblings.end()) record.siblings = {Sibling(*newest)};
  return losers;
}

std::size_t merge(Kind kind, Record& record, Ownership& ownership, const Record& other) {
  renounce_if_behind(ownership, record.clock, other.clock);
  return merge(kind, record, other);
}

}  // namespace shoal
