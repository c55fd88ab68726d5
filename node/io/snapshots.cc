#include "node/io/snapshots.h"

#include <spdlog/spdlog.h>

#include <system_error>
#include <utility>

#include "node/io/storage/quiet_thread.h"
#include "node/io/storage/sync_file.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::uintmax_t kDiskReserveBytes = std::uintmax_t{64} << 20;  // a copy must not stop the node itself

std::string mib(std::uintmax_t bytes) { return std::to_string((bytes >> 20) + 1) + " MiB"; }

Status make_folder(const fs::path& dir) {
  std::error_code error;
  if (!fs::create_directory(dir, error) && !error) return Unit{};
  if (error) return fail(Errc::io, "cannot create " + dir.string() + ": " + error.message());
  return sync_directory(dir.parent_path());
}

}  // namespace

Snapshots::Snapshots(const DataFolder& folder, DiskStore& store)
    : folder_(folder), store_(store), dir_(folder.snapshots_dir()) {
  if (std::error_code error; fs::exists(dir_, error)) begin_sweep();
}

Snapshots::~Snapshots() {
  progress_.stop = true;
  if (thread_.joinable()) thread_.join();
}

SnapshotReply Snapshots::answer(const SnapshotRequest& request, WallTime now) {
  turn();
  Status done = Unit{};
  if (request.verb == SnapshotVerb::create) done = create(request.name, now);
  if (request.verb == SnapshotVerb::remove) done = remove(request.name);
  SnapshotReply reply{.call = request.call,
                      .node = folder_.identity().node,
                      .outcome = done ? Error{.code = Errc::ok, .message = {}} : done.error(),
                      .folder = fs::absolute(dir_).string(),
                      .snapshots = {}};
  for (const auto& [manifest, bytes] : find_snapshots(dir_)) {
    const std::uint64_t entries = manifest.records + manifest.hints;
    reply.snapshots.push_back(
        {manifest.name, SnapshotState::complete, manifest.created.ms, entries, entries, bytes, ""});
  }
  if (job_) reply.snapshots.push_back(describe_job());
  return reply;
}

SnapshotInfo Snapshots::describe_job() const {
  return {.name = job_->manifest.name,
          .state = job_->trouble.empty() ? SnapshotState::being_made : SnapshotState::failed,
          .created_ms = job_->manifest.created.ms,
          .entries = progress_.entries,
          .entries_expected = job_->entries_expected,
          .bytes = 0,
          .trouble = job_->trouble};
}

// Asked again, because the answer was lost, it says the same again.
Status Snapshots::create(const std::string& name, WallTime now) {
  if (const Status named = check_snapshot_name(name); !named) return named;
  if (job_ && job_->trouble.empty() && job_->manifest.name == name) return Unit{};
  if (is_busy()) return fail(Errc::refused, "another snapshot is being made or removed: try again when it is done");
  if (std::error_code error; fs::exists(dir_ / name, error))
    return fail(Errc::invalid, "there is a snapshot " + name + " already: choose another name, or remove that one");
  if (const Status healthy = store_.admit(); !healthy) return healthy;
  if (const Status room = check_room(); !room) return room;
  if (const Status made = make_folder(dir_); !made) return made;
  progress_.entries = 0;
  SnapshotJob& job = job_.emplace();
  job.manifest.name = name;
  job.manifest.created = now;
  job.wanted = store_.checkpoint_now();
  job.entries_expected = store_.records();
  spdlog::info("snapshot {}: begun", name);
  return Unit{};
}

Status Snapshots::remove(const std::string& name) {
  if (const Status named = check_snapshot_name(name); !named) return named;
  if (is_busy()) return fail(Errc::refused, "a snapshot is being made or removed: try again when it is done");
  if (job_ && job_->manifest.name == name) {
    job_.reset();  // it failed: this is all that is left of it
    return Unit{};
  }
  if (const Status removed = remove_snapshot(dir_, name); !removed) return removed;
  begin_sweep();
  return Unit{};
}

// The folder may be on another disk than the node's.
Status Snapshots::check_room() const {
  std::error_code error;
  const fs::path where = fs::exists(dir_, error) ? dir_ : dir_.parent_path();
  const std::uintmax_t needed = fs::file_size(store_.env().dir / "data.mdb", error) + kDiskReserveBytes;
  if (error) return Unit{};
  const fs::space_info disk = fs::space(where, error);
  if (error || disk.available > needed) return Unit{};
  return fail(Errc::no_space, "a snapshot needs up to " + mib(needed) + " of free disk, a reserve included, and " +
                                  mib(disk.available) + " are free in " + where.string());
}

bool Snapshots::is_busy() { return !ended_ || (job_ && job_->trouble.empty()); }

void Snapshots::turn() {
  if (ended_ && thread_.joinable()) thread_.join();
  if (!job_ || !job_->trouble.empty()) return;
  if (!job_->copying) {
    if (store_.checkpointed() >= job_->wanted && !store_.checkpointing()) return begin_copy();
    const Status healthy = store_.admit();
    if (!healthy && healthy.error().code != Errc::overloaded) job_->trouble = healthy.error().message;
  } else if (ended_) {
    job_->trouble = outcome_;
    if (outcome_.empty()) job_.reset();
  }
}

void Snapshots::begin_copy() {
  Result<LmdbTxn> reader = store_.read_checkpoint();
  if (!reader) {
    job_->trouble = reader.error().message;
    return;
  }
  job_->copying = true;
  ended_ = false;
  thread_ = quiet_thread([this, reader = *std::move(reader), manifest = job_->manifest]() mutable {
    const Result<Manifest> written =
        write_snapshot({store_.env(), folder_.identity()}, std::move(reader), manifest, dir_, progress_);
    outcome_ = written ? "" : written.error().message;
    if (written)
      spdlog::info("snapshot {}: {} records, {} hints", manifest.name, written->records, written->hints);
    else
      spdlog::warn("snapshot {} failed: {}", manifest.name, outcome_);
    ended_ = true;
  });
}

void Snapshots::begin_sweep() {
  if (thread_.joinable()) thread_.join();
  ended_ = false;
  thread_ = quiet_thread([this] {
    sweep_snapshots(dir_);
    ended_ = true;
  });
}

}  // namespace shoal
