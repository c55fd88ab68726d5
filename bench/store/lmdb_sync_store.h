// LmdbSyncStore: the baseline. What a node's store was before it had a commit log: a batch of writes is one LMDB
// transaction with LMDB's own full sync, made by a thread of its own; while it runs, the next batch fills.
//
// Only what the put loop needs: it never fails softly, a disk that does not work ends the measurement.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "bench/store/put_target.h"
#include "node/io/storage/lmdb_env.h"
#include "node/io/unique_fd.h"

namespace shoal {

class LmdbSyncStore final : public PutTarget {
 public:
  static Result<std::unique_ptr<LmdbSyncStore>> open(const std::filesystem::path& dir, std::size_t map_bytes);
  ~LmdbSyncStore() override;

  Result<EntryPtr> read(const Place& place) override;
  Status admit() override { return Unit{}; }
  CommitId write(const Place& place, EntryPtr entry) override;
  void flush() override;
  std::optional<CommitId> collect() override;
  [[nodiscard]] int event_fd() const override { return event_.get(); }

 private:
  using Batch = std::map<Place, EntryPtr>;

  explicit LmdbSyncStore(LmdbEnv env);
  void run();
  void commit(const Batch& batch);
  void end_snapshot();

  LmdbEnv env_;
  UniqueFd event_;
  LmdbTxn reader_;
  bool reading_ = false;
  std::shared_ptr<Batch> filling_ = std::make_shared<Batch>();
  std::shared_ptr<const Batch> syncing_;
  CommitId filling_id_{1};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<const Batch> at_hand_;
  bool stopping_ = false;
  std::thread thread_;  // last: it starts when everything else is there
};

}  // namespace shoal
