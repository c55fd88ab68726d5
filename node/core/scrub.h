// Scrub: reads every own record again and again, slowly, and compares what it finds with the digests that were kept as
// they were written. Finds bytes that have changed on the disk before anybody needs them.
//
// It goes through the tree branch by branch, at a pace that takes it through all of them in one cycle; when somebody
// asks, as fast as the node's other work leaves room.
#pragma once

#include <cstdint>

#include "node/base/time.h"
#include "node/core/message.h"
#include "node/core/quarantine.h"
#include "node/core/services.h"

namespace shoal {

class Scrub {
 public:
  static constexpr std::size_t kRecordsAtOnce = 256;                 // about: a branch is read as a whole
  static constexpr std::uint32_t kBranchesAtOnce = 64;               // that are empty or nearly so
  static constexpr Duration kPause = std::chrono::milliseconds(2);   // when somebody waits
  static constexpr Duration kYield = std::chrono::milliseconds(20);  // to work that others wait for

  // Of all records, within `cycle`. `services` and `quarantine` outlive it.
  Scrub(Services& services, Quarantine& quarantine, Duration cycle)
      : services_(services), quarantine_(quarantine), cycle_(cycle) {}

  // A whole cycle, now.
  void start(Now now);
  void tick(Now now);
  [[nodiscard]] Instant next_deadline() const { return due_; }
  [[nodiscard]] ScrubReport report() const;

 private:
  [[nodiscard]] std::uint32_t branches() const;
  std::size_t check_branch(std::uint32_t branch, Now now);
  void end_cycle(Now now);

  Services& services_;
  Quarantine& quarantine_;
  const Duration cycle_;
  Instant due_{};
  std::uint32_t next_ = 0;  // branch
  bool hurried_ = false;
  bool begun_ = false;
  ScrubReport counts_;
};

}  // namespace shoal
