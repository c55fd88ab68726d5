// What the put loop drives: a store as a node's turn sees it.
#pragma once

#include <memory>
#include <optional>

#include "node/core/store.h"
#include "node/io/storage/disk_store.h"

namespace shoal {

class PutTarget {
 public:
  virtual ~PutTarget() = default;

  virtual Result<EntryPtr> read(const Place& place) = 0;
  virtual Status admit() = 0;
  virtual CommitId write(const Place& place, EntryPtr entry) = 0;
  virtual void flush() = 0;
  virtual std::optional<CommitId> collect() = 0;
  [[nodiscard]] virtual int event_fd() const = 0;
  // False: a put is answered at the end of its turn.
  [[nodiscard]] virtual bool waits_for_sync() const { return true; }
};

class DiskTarget final : public PutTarget {
 public:
  DiskTarget(std::unique_ptr<DiskStore> store, bool sync) : store_(std::move(store)), sync_(sync) {}

  Result<EntryPtr> read(const Place& place) override { return store_->read(place); }
  Status admit() override { return store_->admit(); }
  CommitId write(const Place& place, EntryPtr entry) override { return store_->write(place, std::move(entry)); }
  void flush() override { store_->flush(); }
  std::optional<CommitId> collect() override {
    const CommitId before = store_->checkpointed();
    std::optional<CommitId> durable = store_->collect();
    if (store_->checkpointed() > before) ++checkpoints_;
    return durable;
  }
  [[nodiscard]] int event_fd() const override { return store_->event_fd(); }
  [[nodiscard]] bool waits_for_sync() const override { return sync_; }

  // Generations moved into LMDB since the start.
  [[nodiscard]] std::uint64_t checkpoints() const { return checkpoints_; }
  [[nodiscard]] DiskStore& store() { return *store_; }

 private:
  std::unique_ptr<DiskStore> store_;
  const bool sync_;
  std::uint64_t checkpoints_ = 0;
};

}  // namespace shoal
