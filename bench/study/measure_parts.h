// The parts of measure(), each in a file or two of its own.
#pragma once

#include "bench/study/causality.h"
#include "bench/study/measures.h"

namespace shoal::study {

Convergence measure_convergence(const Recording& recording, double round_s);
Staleness measure_staleness(const Recording& recording, const Causality& causality, const MeasureSettings& settings);
// Adds the trials of `other`; both have the same r, w and planned distances.
void add(Staleness& sum, const Staleness& other);
LostUpdates measure_losses(const Recording& recording, const Causality& causality);
Siblings measure_siblings(const Recording& recording);
Repair measure_repair(const Recording& recording);
// Of reads, or of writes.
Traffic measure_traffic(const Recording& recording, bool reads);

Lines state_lines(const Recording& recording);
Lines node_lines(const Recording& recording);
Lines second_lines(const Recording& recording);

}  // namespace shoal::study
