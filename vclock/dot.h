// A dot names one write, for ever.
//
// The actor that mints it is one process start of one node (incarnation) *and* one uninterrupted possession of the
// record (epoch): a node that forgot a record continues it under a new actor, so that its new dots never claim to
// cover writes that it forgot. (Preguica et al., "Dotted Version Vectors", arXiv:1011.5808; the epoch is Riak's
// per-key epoch, riak_kv#679, made automatic.)
#pragma once

#include <compare>
#include <cstdint>

#include "node/base/ids.h"

namespace shoal {

struct Actor {
  Incarnation incarnation;
  std::uint64_t epoch = 0;
  auto operator<=>(const Actor&) const = default;
};

struct Dot {
  Actor actor;
  std::uint64_t counter = 0;
  auto operator<=>(const Dot&) const = default;
};

}  // namespace shoal
