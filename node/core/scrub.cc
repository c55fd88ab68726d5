#include "node/core/scrub.h"

#include "node/core/leaf_records.h"

namespace shoal {

std::uint32_t Scrub::branches() const { return services_.store.tree().partitions() * kFanout; }

void Scrub::start(Now now) {
  if (hurried_) return;  // the cycle under way is as good
  next_leaf_ = 0;
  done_ = 0;
  hurried_ = begun_ = true;
  due_ = now.mono;
}

void Scrub::tick(Now now) {
  if (now.mono < due_) return;
  if (!begun_) {  // not in the turn in which the node starts
    begun_ = true;
    next_ = static_cast<std::uint32_t>(chance_ % branches());
    due_ = now.mono + cycle_ / branches();
    return;
  }
  if (hurried_ && services_.busy()) {
    due_ = now.mono + kYield;
    return;
  }
  read_ = read_bytes_ = 0;
  std::uint32_t done = 0;
  do {
    read_some(now);
    ++done;
  } while (hurried_ && next_leaf_ == 0 && done < kBranchesAtOnce && read_ < kRecordsAtOnce);
  due_ = now.mono + (hurried_ || next_leaf_ > 0 ? kPause : cycle_ / branches());
}

TreeNode Scrub::branch() const {
  return {TreeNode::Level::branch, {next_ / kFanout}, static_cast<std::uint8_t>(next_ % kFanout)};
}

// Of the branch at hand, to its end or until enough was read.
void Scrub::read_some(Now now) {
  next_ %= branches();  // the document may have come with other partitions
  const TreeNode at = branch();
  const bool nothing = next_leaf_ == 0 && is_empty(services_.store, at);
  while (!nothing && next_leaf_ < kFanout && read_ < kRecordsAtOnce && read_bytes_ < kBytesAtOnce) {
    check({TreeNode::Level::leaf, at.partition, static_cast<std::uint8_t>(at.index * kFanout + next_leaf_)}, now);
    ++next_leaf_;
  }
  if (!nothing && next_leaf_ < kFanout) return;
  next_leaf_ = 0;
  next_ = (next_ + 1) % branches();
  if (++done_ >= branches()) end_cycle(now);
}

void Scrub::check(const TreeNode& leaf, Now now) {
  const Result<LeafRecords> found = check_leaf(services_.store, leaf, services_.trace);
  if (!found) {
    ++counts_.unreadable;
    return;
  }
  read_ += found->records;
  read_bytes_ += found->bytes;
  counts_.records += found->records;
  counts_.corrected += found->corrected ? 1 : 0;
  for (const Slot& slot : found->damaged) quarantine_.add(slot, now);
}

void Scrub::end_cycle(Now now) {
  done_ = 0;
  ++counts_.cycles;
  if (hurried_)
    services_.events.add(now.wall, EventKind::scrub_ended, {},
                         "all records were read: " + std::to_string(quarantine_.size()) + " of them are damaged");
  hurried_ = false;
}

ScrubReport Scrub::report() const {
  ScrubReport report = counts_;
  report.running = hurried_;
  report.branches = branches();
  report.done = done_;
  report.damaged = quarantine_.found();
  report.restored = quarantine_.restored();
  report.given_up = quarantine_.given_up();
  report.quarantined = quarantine_.size();
  return report;
}

}  // namespace shoal
