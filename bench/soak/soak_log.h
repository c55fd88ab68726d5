// Soak log: what was run for how long, one JSON object per line, so that a later call goes on after the last seed.
//
// Every line has at least {"commit", "first_seed", "last_seed", ..., "seconds"}; the rest is the program's.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "node/base/result.h"

namespace CLI {
class App;
}

namespace shoal {

struct SoakOptions {
  double minutes = 0;
  std::uint64_t first_seed = 0;  // 0: after the last one of the log
  std::string log;               // empty: printed only
  std::string commit = "unknown";
};

// --minutes, --log and --commit; how a program is told its first seed is its own business.
void declare(CLI::App& app, SoakOptions& options);

class SoakLog {
 public:
  using Clock = std::chrono::steady_clock;

  explicit SoakLog(SoakOptions options);

  // Errc::corrupt with a sentence when the log's last line is not one of ours; nothing is run or written then.
  [[nodiscard]] Result<std::uint64_t> first_seed() const;
  [[nodiscard]] bool time_left() const { return Clock::now() < until_; }

  // Prints `facts` with the commit and the seconds since the line before, and appends it to the log.
  Status append(const nlohmann::ordered_json& facts);

 private:
  SoakOptions options_;
  Clock::time_point until_;
  Clock::time_point line_began_ = Clock::now();
};

}  // namespace shoal
