// A disk for tests: a map that forgets on a crash what was not synced, and spoils records on request.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "node/core/store.h"

namespace shoal {

class MemoryStore final : public Store {
 public:
  Result<EntryPtr> read(const Place& place) override {
    if (unreadable_.contains(place)) return fail(Errc::corrupt, "a record fails its checksum");
    EntryPtr entry = held(place);
    if (entry == nullptr && restored_ && place.is_acceptor()) return fail(Errc::corrupt, "no vote is in a backup");
    return entry;
  }

  Result<std::vector<PlacedEntry>> scan(const Place& begin, const Place& end, std::optional<Place> after,
                                        std::size_t limit) override {
    std::vector<PlacedEntry> found;
    for (auto it = after ? now_.upper_bound(*after) : now_.lower_bound(begin);
         it != now_.end() && it->first < end && found.size() < limit; ++it)
      found.push_back(PlacedEntry{it->first, unreadable_.contains(it->first) ? nullptr : it->second});
    return found;
  }

  Result<std::vector<PlacedDigest>> scan_digests(const Place& begin, const Place& end) override {
    std::vector<PlacedDigest> found;
    for (auto it = now_.lower_bound(begin); it != now_.end() && it->first < end; ++it)
      found.push_back({it->first.slot, it->second->digest});
    return found;
  }

  Status admit() override { return trouble_ ? Status(*trouble_) : Status(Unit{}); }

  Status admit_peers() override {
    return peers_refused_ ? Status(fail(Errc::overloaded, "too much waits")) : Status(Unit{});
  }

  CommitId write(const Place& place, EntryPtr entry) override {
    note_change(place, held(place), entry);
    unreadable_.erase(place);
    now_[place] = std::move(entry);
    dirty_ = true;
    return filling_;
  }

  CommitId erase(const Place& place) override {
    note_change(place, held(place), nullptr);
    unreadable_.erase(place);
    now_.erase(place);
    dirty_ = true;
    return filling_;
  }

  CommitId save_document(const Membership& document) override {
    fit_tree(document.partitions);
    document_ = document;
    dirty_ = true;
    return filling_;
  }

  void hurry(CommitId commit) override { hurried_ = std::max(hurried_, commit); }

  std::uint64_t records() override {
    const auto own = [](const auto& item) { return item.first.is_own(); };
    return static_cast<std::uint64_t>(std::ranges::count_if(now_, own));
  }

  [[nodiscard]] const Tree& tree() const override { return tree_; }
  void correct(const TreeNode& leaf, const Digest& digest) override { tree_.set_leaf(leaf, digest); }

  // What follows is for the test.
  [[nodiscard]] bool dirty() const { return dirty_; }
  // What waits now, or has waited, must not wait for an interval.
  [[nodiscard]] bool hurried() const { return hurried_ >= filling_; }
  CommitId sync() {
    on_disk_ = now_;
    document_on_disk_ = document_;
    dirty_ = false;
    return std::exchange(filling_, CommitId{filling_.value + 1});
  }
  void crash() {
    now_ = on_disk_;
    count_anew(tree_.partitions());
    document_ = document_on_disk_;
    dirty_ = false;
  }
  // What is on the disk, to come back to; without votes, as the real store's snapshots.
  struct Backup {
    std::map<Place, EntryPtr> entries;
    std::optional<Membership> document;
  };
  [[nodiscard]] Backup backup() const {
    Backup backup{on_disk_, document_on_disk_};
    std::erase_if(backup.entries, [](const auto& item) { return item.first.is_acceptor(); });
    return backup;
  }
  void restore(const Backup& backup) {
    on_disk_ = backup.entries;
    document_on_disk_ = backup.document;
    restored_ = true;
    crash();
  }
  void forget(const Place& place) {
    now_.erase(place);
    on_disk_.erase(place);
  }
  void spoil(const Place& place) { unreadable_.insert(place); }
  void refuse_peers(bool refused) { peers_refused_ = refused; }
  void set_trouble(std::optional<Error> trouble) { trouble_ = std::move(trouble); }
  [[nodiscard]] EntryPtr held(const Place& place) const {
    const auto it = now_.find(place);
    return it != now_.end() ? it->second : nullptr;
  }
  [[nodiscard]] const std::optional<Membership>& document() const { return document_; }

  // The tree of so many partitions, over what is held now.
  void fit_tree(std::uint32_t partitions) {
    if (partitions != tree_.partitions()) count_anew(partitions);
  }

 private:
  void note_change(const Place& place, const EntryPtr& before, const EntryPtr& after) {
    const auto digest = [](const EntryPtr& entry) { return entry ? std::optional(entry->digest) : std::nullopt; };
    if (place.is_own()) tree_.change(place.slot, digest(before), digest(after));
  }
  void count_anew(std::uint32_t partitions) {
    tree_ = Tree(partitions);
    for (const auto& [place, entry] : now_) note_change(place, nullptr, entry);
  }

  Tree tree_{1};
  std::map<Place, EntryPtr> now_;
  std::map<Place, EntryPtr> on_disk_;
  std::optional<Membership> document_;
  std::optional<Membership> document_on_disk_;
  std::set<Place> unreadable_;
  bool restored_ = false;
  std::optional<Error> trouble_;
  CommitId filling_{1};
  CommitId hurried_;
  bool peers_refused_ = false;
  bool dirty_ = false;
};

}  // namespace shoal
