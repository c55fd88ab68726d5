// Divergence: watches the disks of a simulated cluster and says how far its replicas are from being equal.
//
// A pair of key and owner is behind when the owner's clock is not the join of all owners' clocks. Only keys that
// changed since all their owners were equal are looked at, so that a million quiet keys cost nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <vector>

#include "bench/sim/process.h"
#include "bench/sim/store_witness.h"
#include "bench/study/recording.h"
#include "node/ring/preference_list.h"

namespace shoal::study {

class Divergence final : public sim::StoreWitness {
 public:
  // `owners` by partition, as indexes of nodes. Both outlive it; `machines` may be filled later.
  Divergence(const PreferenceLists& ring, const std::vector<std::vector<std::uint32_t>>& owners,
             const std::vector<std::unique_ptr<sim::Process>>& machines)
      : ring_(ring), owners_(owners), machines_(machines) {}

  // Fills in what the disks say.
  void measure(Sample& sample);
  [[nodiscard]] bool all_equal();

  void named(std::uint32_t, NodeId) override {}
  void born(std::uint32_t, Incarnation) override {}
  void wrote(std::uint32_t node, const Place& place, const Record* before, const Record& after) override;
  void synced(std::uint32_t, const Slot&, const Record&) override {}
  void dropped_hint(std::uint32_t node, NodeId owner, const Slot& slot, const Record& hint) override;
  void erased(std::uint32_t, const Slot& slot, const Record*) override { lost(slot); }
  void survived_crash(std::uint32_t, const Slot& slot, const Record*) override { lost(slot); }
  void destroyed(std::uint32_t, const Slot& slot, const Record&, const Record*) override { lost(slot); }
  // A copy changed by itself: it is looked at again.
  void changed(const Slot& slot) { unequal_.insert(slot); }
  // Of a record that was there from the start.
  void installed(const Record& record) { count(&record, 1); }

 private:
  // How many owners of the slot are behind; adds to `by_node`.
  std::uint32_t behind(const Slot& slot, std::vector<std::uint32_t>& by_node) const;
  void lost(const Slot& slot);
  void count(const Record* record, std::int64_t sign);
  void count_hint(const Record* record, std::int64_t sign);
  void count_again();

  const PreferenceLists& ring_;
  const std::vector<std::vector<std::uint32_t>>& owners_;
  const std::vector<std::unique_ptr<sim::Process>>& machines_;
  std::set<Slot> unequal_;               // perhaps
  std::vector<std::int64_t> by_values_;  // own copies with so many live values
  std::int64_t clock_entries_ = 0;
  std::int64_t hints_ = 0;
  std::int64_t hint_bytes_ = 0;
  bool counts_are_off_ = false;  // something vanished from a disk
};

}  // namespace shoal::study
