// SimStore: a disk that can be slow, full, forgetful and broken, as a map.
//
// Writes are visible at once and gather in a commit. One commit is synced at a time, while the next one fills. A crash
// keeps or loses each unsynced write on its own, in any combination.
//
// Invariants: those of Store. In particular a sync that fails is tried again with all bytes, and nothing is taken back
// from a running node (but by `lose_record` and the like, which is the disk's doing and which the node must survive).
//
// What the node remembers as an acceptor is nobody's copy: the tree and the witness do not hear of it. Nothing but the
// loss of the whole disk makes it vanish unseen, since a voter that forgets silently is beyond what Paxos survives: a
// lost one cannot be read any more, and a disk that lies about its syncs does sync these.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "bench/sim/store_witness.h"
#include "node/base/rng.h"
#include "node/base/time.h"
#include "node/core/store.h"

namespace shoal::sim {

struct DiskOptions {
  Duration sync{};                          // an ordinary sync takes this to twice this
  std::uint32_t slow_sync_per_million = 0;  // a sync that takes up to two seconds
  std::size_t unsynced_max = 256;           // more waiting writes: clients' are refused as overload
  std::size_t peers_unsynced_max = 40;      // peers' are refused; so low that full disks reach it in some seeds
  std::function<Duration(Rng&)> draw_sync;  // instead of `sync` and `slow_sync_per_million`, if there is one
};

class SimStore final : public Store {
 public:
  SimStore(std::uint32_t node, DiskOptions options, Rng rng, StoreWitness& witness)
      : node_(node), options_(std::move(options)), rng_(rng), witness_(witness) {}

  Result<EntryPtr> read(const Place& place) override;
  Result<std::vector<PlacedEntry>> scan(const Place& begin, const Place& end, std::optional<Place> after,
                                        std::size_t limit) override;
  Result<std::vector<PlacedDigest>> scan_digests(const Place& begin, const Place& end) override;
  Status admit() override;
  Status admit_peers() override;
  CommitId write(const Place& place, EntryPtr entry) override;
  CommitId erase(const Place& place) override;
  CommitId save_document(const Membership& document) override;
  // Every sync of this disk begins as soon as the last one has ended.
  void hurry(CommitId) override {}
  std::uint64_t records() override;
  [[nodiscard]] const Tree& tree() const override { return tree_; }
  void correct(const TreeNode& leaf, const Digest& digest) override { tree_.set_leaf(leaf, digest); }

  // ---- the driver's side ----

  // Starts and ends syncs. To be called after every turn of the node and at next_event().
  void pump(Instant now);
  [[nodiscard]] Instant next_event() const;
  // The newest commit that the disk reports as durable, once each.
  std::optional<CommitId> take_report();

  // Each unsynced write is lost or not.
  void crash(Rng& chance);
  // The process died and the machine goes on: all that was written is there.
  void survive_kill();
  // Syncs are reported and not done. What was written since it began is lost by the next crash.
  void set_lying(bool lying);
  void lose_everything();
  void lose_record(const Place& place);  // of an acceptor: it cannot be read any more
  void set_unreadable(const Place& place, bool unreadable);
  // The digest of its leaf is another than that of the leaf's records.
  void spoil_digest(const Slot& slot);
  void set_full(bool full, Instant now);
  void set_extra_sync(Duration extra) { extra_sync_ = extra; }

  // A record that was always there.
  void install(const Slot& slot, const EntryPtr& entry);

  [[nodiscard]] std::vector<Slot> slots() const;  // of own records
  [[nodiscard]] std::vector<Place> hints() const;
  [[nodiscard]] bool is_unreadable(const Slot& slot) const;
  [[nodiscard]] bool keeps_hint_of(const Slot& slot) const;
  // As the node sees it, whether or not it can be read.
  [[nodiscard]] EntryPtr peek(const Place& place) const;
  [[nodiscard]] const std::optional<Membership>& durable_document() const { return durable_document_; }
  void install_document(const Membership& document);

 private:
  struct Cell {
    EntryPtr current;  // null: erased, while something of it is still on the disk
    EntryPtr durable;
    bool unreadable = false;
  };
  // One change of the disk. What was lost by the disk while it waited is neither.
  struct Unsynced {
    std::optional<Place> place;
    EntryPtr entry;  // null: erases
    std::optional<Membership> document;
  };

  enum class Layer : std::uint8_t { current, durable };
  // All that is held of a slot, own copy and hints together.
  [[nodiscard]] std::optional<Record> union_of(const Slot& slot, Layer layer) const;
  void forget_if_empty(const Place& place);
  void fit_tree(std::uint32_t partitions);
  // The tree hears of every change of an own copy, but not of what the disk loses by itself.
  void note_change(const Place& place, const EntryPtr& before, const EntryPtr& after);
  void begin_sync(Instant now);
  void end_sync();
  void settle(const Unsynced& write);
  void forget_unsynced();
  void drop_waiting(const Place& place);
  void lose_if_unreadable(const Place& place);
  Duration draw_sync();

  std::uint32_t node_;
  DiskOptions options_;
  Rng rng_;
  StoreWitness& witness_;
  std::map<Place, Cell> cells_;
  Tree tree_{1};
  std::set<NodeId> hinted_;  // owners for which there may be hints
  std::optional<Membership> durable_document_;
  std::vector<Unsynced> filling_;
  std::vector<Unsynced> syncing_;
  CommitId filling_id_{1};
  CommitId syncing_id_;
  std::optional<CommitId> report_;
  Instant synced_at_ = kNever;
  Instant reported_at_ = kNever;
  Duration extra_sync_{};
  bool full_ = false;
  bool lying_ = false;
  std::vector<Unsynced> lied_about_;
};

}  // namespace shoal::sim
