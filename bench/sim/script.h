// Scripts: everything that a seed decides, as a file that can be replayed, changed by hand and kept.
//
// JSON: the options of a run with every fault. All other chance still comes from the seed in it, so a script that was
// saved from a seed is the same run as the seed, event by event. Durations are in nanoseconds, nodes are numbers from
// 0.
#pragma once

#include <string>
#include <string_view>

#include "bench/sim/options.h"
#include "node/base/result.h"

namespace shoal::sim {

std::string to_script(const Options& options);
// Errc::invalid: one sentence about the first field that is missing, unknown, of the wrong type or out of range.
Result<Options> parse_script(std::string_view text);

// Errc::io when the file cannot be written or read; sentences begin with its name.
Status save_script(const Options& options, const std::string& path);
Result<Options> read_script(const std::string& path);

}  // namespace shoal::sim
