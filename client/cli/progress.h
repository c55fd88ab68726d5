// How far a long command has come: one line on standard error, ten times a second, only where somebody watches.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "client/cli/session.h"

namespace shoal::cli {

class Progress {
 public:
  // `unit` in the plural: "keys".
  Progress(const Session& session, std::string unit);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::uint64_t count = 1);
  // For what knows its end: the share that is done, 0 to 1, and what is going on. Says when it will be over.
  void reach(double share, const std::string& what);
  [[nodiscard]] std::uint64_t done() const { return done_; }
  [[nodiscard]] double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  [[nodiscard]] bool is_due() const { return (line_ || json_) && Clock::now() >= next_; }
  void draw();

  bool line_ = false;
  bool json_ = false;
  bool drawn_ = false;
  std::string unit_;
  std::uint64_t done_ = 0;
  Clock::time_point begun_ = Clock::now();
  Clock::time_point next_;
};

}  // namespace shoal::cli
