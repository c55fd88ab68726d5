// Scrub: reads every own record again and again, slowly, and compares what it finds with the digests that were kept as
// they were written. Finds bytes that have changed on the disk before anybody needs them.
//
// It goes through the tree branch by branch, at a pace that takes it through all of them in one cycle; when somebody
// asks, as fast as the node's other work leaves room. Large records are read a few at a time.
#pragma once

#include <cstdint>

#include "node/base/time.h"
#include "node/core/message.h"
#include "node/core/quarantine.h"
#include "node/core/services.h"

namespace shoal {

class Scrub {
 public:
  static constexpr std::uint64_t kRecordsAtOnce = 256;                   // about: a leaf is read as a whole
  static constexpr std::uint64_t kBytesAtOnce = std::uint64_t{4} << 20;  // the same
  static constexpr std::uint32_t kBranchesAtOnce = 64;               // that are empty or nearly so, when somebody waits
  static constexpr Duration kPause = std::chrono::milliseconds(2);   // when somebody waits, or a branch is not read yet
  static constexpr Duration kYield = std::chrono::milliseconds(20);  // to work that others wait for

  // Of all records, within `cycle`. `services` and `quarantine` outlive it.
  // It begins anywhere, so that a node which is restarted often checks all of them sometime, too.
  Scrub(Services& services, Quarantine& quarantine, Duration cycle, std::uint64_t chance)
      : services_(services), quarantine_(quarantine), cycle_(cycle), chance_(chance) {}

  // A whole cycle, now.
  void start(Now now);
  void tick(Now now);
  [[nodiscard]] Instant next_deadline() const { return due_; }
  [[nodiscard]] ScrubReport report() const;

 private:
  [[nodiscard]] std::uint32_t branches() const;
  [[nodiscard]] TreeNode branch() const;
  void read_some(Now now);
  void check(const TreeNode& leaf, Now now);
  void end_cycle(Now now);

  Services& services_;
  Quarantine& quarantine_;
  const Duration cycle_;
  const std::uint64_t chance_;
  Instant due_{};
  std::uint32_t next_ = 0;  // branch
  unsigned next_leaf_ = 0;  // of it
  std::uint64_t read_ = 0;  // records, in this slice
  std::uint64_t read_bytes_ = 0;
  std::uint32_t done_ = 0;  // branches of this cycle
  bool hurried_ = false;
  bool begun_ = false;
  ScrubReport counts_;
};

}  // namespace shoal
