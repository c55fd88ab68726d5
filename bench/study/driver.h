// The two drivers of a scenario. Both run the same Node and the same client; the simulator makes up time, links, disks
// and crashes, the other one starts shoald processes on this machine and does to them what faults say.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "bench/study/recording.h"
#include "bench/study/scenario.h"
#include "node/base/result.h"

namespace shoal::study {

// How far a run is: its share that is done, 0 to 1, and what is going on.
using Progress = std::function<void(double share, std::string_view what)>;

// An empty one, with what is known beforehand.
Recording recording_for(const Variant& variant, std::uint64_t seed, const std::string& driver);

// A pure function of the variant and the seed.
Recording simulate(const Variant& variant, std::uint64_t seed, const Progress& progress);

struct RealOptions {
  std::filesystem::path shoald;  // the program
  std::filesystem::path dir;     // of the nodes' data and logs; made when missing
};
// Errc::invalid for what no real node can do, found before anything is started; Errc::io when nodes do not start.
Result<Recording> run_on_nodes(const Variant& variant, std::uint64_t seed, const RealOptions& options,
                               const Progress& progress);

}  // namespace shoal::study
