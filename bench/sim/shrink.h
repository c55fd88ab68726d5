// Shrinking: the least that still fails, so that somebody can read it.
//
// A smaller candidate is a run of its own, and it is kept when it violates the same invariant: a sentence with the same
// leading word. Faults go first, in halves, quarters and at last one by one (Zeller and Hildebrandt, "Simplifying and
// isolating failure-inducing input", 2002), then what a seed has beside its faults, then clients, operations, keys and
// nodes; and again from the start until nothing can be left out or the runs are used up. Streams of chance go by names,
// so what is left out does not shift the rest.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "bench/sim/options.h"

namespace shoal::sim {

struct ShrinkLimits {
  std::size_t runs = 300;
  std::function<bool()> time_left = [] { return true; };
};

struct Shrunken {
  Options options;
  std::string sentence;  // what it violates
  std::size_t runs = 0;
  bool complete = false;  // nothing more can be left out; false: a limit was reached before
};

// What the options violate when they are run.
using ViolationsOf = std::function<std::vector<std::string>(const Options&)>;

// nullopt: they violate nothing as they are.
std::optional<Shrunken> shrink(const Options& options, const ViolationsOf& violations_of, const ShrinkLimits& limits);

}  // namespace shoal::sim
