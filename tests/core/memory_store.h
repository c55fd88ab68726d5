// A disk for tests: a map that forgets on a crash what was not synced, and spoils records on request.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "node/core/store.h"

namespace shoal {

class MemoryStore final : public Store {
 public:
  Result<EntryPtr> read(const Slot& slot) override {
    if (unreadable_.contains(slot)) return fail(Errc::corrupt, "a record fails its checksum");
    return held(slot);
  }

  Result<std::vector<SlotEntry>> scan(const Slot& begin, const Slot& end, std::optional<Slot> after,
                                      std::size_t limit) override {
    std::vector<SlotEntry> found;
    for (auto it = after ? now_.upper_bound(*after) : now_.lower_bound(begin);
         it != now_.end() && it->first < end && found.size() < limit; ++it) {
      if (unreadable_.contains(it->first)) return fail(Errc::corrupt, "a record fails its checksum");
      found.push_back(SlotEntry{it->first, it->second});
    }
    return found;
  }

  Status admit() override { return trouble_ ? Status(*trouble_) : Status(Unit{}); }

  CommitId write(const Slot& slot, EntryPtr entry) override {
    now_[slot] = std::move(entry);
    dirty_ = true;
    return filling_;
  }

  CommitId save_document(const Membership& document) override {
    document_ = document;
    dirty_ = true;
    return filling_;
  }

  std::uint64_t records() override { return now_.size(); }

  // What follows is for the test.
  [[nodiscard]] bool dirty() const { return dirty_; }
  CommitId sync() {
    on_disk_ = now_;
    document_on_disk_ = document_;
    dirty_ = false;
    return std::exchange(filling_, CommitId{filling_.value + 1});
  }
  void crash() {
    now_ = on_disk_;
    document_ = document_on_disk_;
    dirty_ = false;
  }
  void forget(const Slot& slot) {
    now_.erase(slot);
    on_disk_.erase(slot);
  }
  void spoil(const Slot& slot) { unreadable_.insert(slot); }
  void set_trouble(std::optional<Error> trouble) { trouble_ = std::move(trouble); }
  [[nodiscard]] EntryPtr held(const Slot& slot) const {
    const auto it = now_.find(slot);
    return it != now_.end() ? it->second : nullptr;
  }
  [[nodiscard]] const std::optional<Membership>& document() const { return document_; }

 private:
  std::map<Slot, EntryPtr> now_;
  std::map<Slot, EntryPtr> on_disk_;
  std::optional<Membership> document_;
  std::optional<Membership> document_on_disk_;
  std::set<Slot> unreadable_;
  std::optional<Error> trouble_;
  CommitId filling_{1};
  bool dirty_ = false;
};

}  // namespace shoal
