#include "node/core/scrub.h"

#include "node/core/leaf_records.h"

namespace shoal {

std::uint32_t Scrub::branches() const { return services_.store.tree().partitions() * kFanout; }

void Scrub::start(Now now) {
  next_ = 0;
  hurried_ = begun_ = true;
  due_ = now.mono;
}

void Scrub::tick(Now now) {
  if (now.mono < due_) return;
  if (!begun_) {  // not in the turn in which the node starts
    begun_ = true;
    due_ = now.mono + cycle_ / branches();
    return;
  }
  if (hurried_ && services_.busy()) {
    due_ = now.mono + kYield;
    return;
  }
  std::size_t records = 0;
  std::uint32_t done = 0;
  do {
    records += check_branch(next_, now);
    ++done;
    if (++next_ >= branches()) end_cycle(now);
  } while (hurried_ && done < kBranchesAtOnce && records < kRecordsAtOnce);
  due_ = now.mono + (hurried_ ? kPause : cycle_ / branches());
}

std::size_t Scrub::check_branch(std::uint32_t branch, Now now) {
  if (is_empty(services_.store,
               {TreeNode::Level::branch, {branch / kFanout}, static_cast<std::uint8_t>(branch % kFanout)}))
    return 0;
  std::size_t read = 0;
  for (unsigned i = 0; i < kFanout; ++i) {
    const TreeNode leaf{
        TreeNode::Level::leaf, {branch / kFanout}, static_cast<std::uint8_t>(branch % kFanout * kFanout + i)};
    const Result<LeafRecords> records = read_leaf(services_.store, leaf, services_.trace);
    if (!records) {
      ++counts_.unreadable;
      continue;
    }
    read += records->elements.size() + records->damaged.size();
    counts_.corrected += records->corrected ? 1 : 0;
    for (const Slot& slot : records->damaged) quarantine_.add(slot, now);
  }
  counts_.records += read;
  return read;
}

void Scrub::end_cycle(Now now) {
  next_ = 0;
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
  report.done = next_;
  report.damaged = quarantine_.found();
  report.restored = quarantine_.restored();
  report.given_up = quarantine_.given_up();
  report.quarantined = quarantine_.size();
  return report;
}

}  // namespace shoal
