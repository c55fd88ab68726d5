#include "node/io/storage/disk_store.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <system_error>
#include <utility>

#include "node/base/check.h"
#include "node/io/storage/digest_table.h"
#include "node/io/storage/disk_trouble.h"
#include "node/io/storage/generation_writer.h"
#include "node/io/storage/stored_cursor.h"
#include "node/io/storage/sync_file.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

std::optional<Place> successor(const Place& place) {
  constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();
  const Slot& slot = place.slot;
  if (slot.lo != kHighest) return Place(place.owner, {.hi = slot.hi, .lo = slot.lo + 1});
  if (slot.hi != kHighest) return Place(place.owner, {.hi = slot.hi + 1, .lo = 0});
  if (!place.is_own() && !place.is_acceptor()) return Place(NodeId{place.owner.value + 1}, Slot{});
  return std::nullopt;
}

std::optional<Hash128> digest_of(const EntryPtr& entry) { return entry ? std::optional(entry->digest) : std::nullopt; }

std::uint32_t partitions_of(const StoreHead& head) { return head.document ? head.document->partitions : 1; }

std::size_t whole_pages(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (std::max(bytes, std::size_t{64} * page) + page - 1) / page * page;
}

}  // namespace

Result<std::unique_ptr<DiskStore>> DiskStore::open(const StoreOptions& options) {
  std::error_code ignored;
  if (!options.create && !std::filesystem::exists(options.dir / "data.mdb", ignored)) return store_missing(options.dir);
  Result<LmdbEnv> env = LmdbEnv::open(options.dir, whole_pages(options.map_bytes));
  if (!env) return env.error();
  Result<StoreHead> head = read_store_head(*env, options.owner);
  if (!head) return head.error();
  if (!head->claimed && !options.create) return store_missing(options.dir);
  Parts parts{.env = *std::move(env), .head = *std::move(head), .overlay = {}, .log = nullptr, .tree = Tree(1)};
  if (const Status opened = open_log(options, parts); !opened) return opened.error();
  if (!parts.head.is_current)
    if (const Status claimed = claim_store(parts.env, options.owner, /*has_log=*/true); !claimed)
      return claimed.error();
  if (const Status loaded = load_tree(options, parts); !loaded) return loaded.error();
  return std::unique_ptr<DiskStore>(new DiskStore(options, std::move(parts)));
}

Status DiskStore::open_log(const StoreOptions& options, Parts& parts) {
  const std::filesystem::path dir = options.dir / "log";
  std::error_code made;
  std::filesystem::create_directories(dir, made);
  if (made) return fail(disk_errc(made.value()), "cannot create " + dir.string() + ": " + made.message());
  // The log is only as durable as its folder's name.
  if (const Status named = sync_directory(options.dir); !named) return named.error();
  const Replay replay_batch = [&](const LogBatch& batch, double share) {
    if (options.replaying) options.replaying(share);
    return replay(options, parts, batch);
  };
  Result<RecoveredLog> found = recover_log(dir, options.owner, parts.head.checkpoint, replay_batch);
  if (!found) return found.error();
  if (parts.head.has_log && found->segments.empty())
    return store_damaged(options.dir, "the commit log is missing from " + dir.string());
  Result<std::unique_ptr<CommitLog>> log =
      CommitLog::open({.dir = dir,
                       .owner = options.owner,
                       .segment_bytes = options.segment_bytes,
                       .spares_max = options.log_bytes_max / 2 / options.segment_bytes,
                       .spares_ahead = options.spares_ahead,
                       .sync_every = options.sync ? std::chrono::milliseconds(0) : options.relaxed_interval / 2,
                       .retry = options.retry_interval,
                       .before_sync = options.before_sync},
                      *std::move(found));
  if (!log) return log.error();
  parts.log = *std::move(log);
  parts.log->release(parts.head.checkpoint);
  return Unit{};
}

// A long log is moved into LMDB on the way: it needs no more memory than it did when it was written.
Status DiskStore::replay(const StoreOptions& options, Parts& parts, const LogBatch& batch) {
  for (const Change& change : batch.changes) parts.overlay.put(change.place, change.entry);
  if (batch.document) {
    Result<Membership> document = decode_document(*batch.document);
    if (!document) return store_damaged(options.dir, document.error().message);
    parts.head.document = *std::move(document);
    parts.overlay.put_document(*batch.document);
  }
  if (parts.overlay.bytes() < 2 * options.generation_bytes) return Unit{};
  parts.overlay.freeze(batch.id, options.keep_digests ? partitions_of(parts.head) : 0);
  const int code = write_generation(parts.env, *parts.overlay.frozen());
  if (code != 0)
    return fail(lmdb_errc(code),
                "cannot replay the commit log into " + options.dir.string() + ": " + mdb_strerror(code));
  parts.overlay.drop_frozen();
  parts.head.checkpoint = batch.id;
  return Unit{};
}

// From the sums that LMDB holds; what it takes is the memory of the tree and a look at each copy in the overlay.
Status DiskStore::load_tree(const StoreOptions& options, Parts& parts) {
  if (!options.keep_digests) return Unit{};
  parts.tree = Tree(partitions_of(parts.head));
  LmdbTxn reader;
  int code = parts.env.begin(MDB_RDONLY, reader);
  if (code == 0) code = load_visible(reader.get(), parts.env, parts.overlay, parts.tree);
  if (code == 0) return Unit{};
  if (lmdb_errc(code) == Errc::corrupt) return store_damaged(options.dir, mdb_strerror(code));
  return fail(lmdb_errc(code), "cannot read the store in " + options.dir.string() + ": " + mdb_strerror(code));
}

DiskStore::DiskStore(const StoreOptions& options, Parts parts)
    : options_(options),
      env_(std::move(parts.env)),
      document_(std::move(parts.head.document)),
      restored_(std::move(parts.head.restored)),
      overlay_(std::move(parts.overlay)),
      tree_(std::move(parts.tree)),
      filling_(std::make_shared<LogBatch>()),
      events_(::epoll_create1(EPOLL_CLOEXEC)),
      log_(std::move(parts.log)),
      checkpointer_(env_, options.retry_interval) {
  durable_ = told_ = log_->report().durable;
  checkpointed_ = parts.head.checkpoint;
  filling_->id = CommitId{durable_.value + 1};
  for (const int fd : {log_->event_fd(), checkpointer_.event_fd()}) {
    epoll_event interest{.events = EPOLLIN, .data = {}};
    SHOAL_CHECK(::epoll_ctl(events_.get(), EPOLL_CTL_ADD, fd, &interest) == 0);
  }
}

Result<EntryPtr> DiskStore::read(const Place& place) {
  if (std::optional<EntryPtr> held = overlay_.find(place)) {
    last_read_ = {place, digest_of(*held)};
    return *std::move(held);
  }
  const Result<std::optional<std::string_view>> bytes = stored(place);
  if (!bytes) return bytes.error();
  if (!*bytes && place.is_acceptor() && !restored_.empty())
    return fail(Errc::corrupt, "this node was restored from snapshot " + restored_ +
                                   " and does not know what it has promised: it does not vote");
  last_read_ = {place, *bytes ? sealed_digest(**bytes) : std::nullopt};
  return *bytes ? decode(place, **bytes) : EntryPtr();
}

// What LMDB holds there, until the turn ends.
Result<std::optional<std::string_view>> DiskStore::stored(const Place& place) {
  const Result<MDB_txn*> txn = snapshot();
  if (!txn) return txn.error();
  const std::string key_bytes = place_bytes(place);
  MDB_val key = lmdb_val(key_bytes);
  MDB_val value{};
  const int code = mdb_get(*txn, env_.table_of(place), &key, &value);
  if (code == MDB_NOTFOUND) return std::optional<std::string_view>();
  if (code != 0) return read_error(code);
  return std::optional(lmdb_view(value));
}

// Of what reads see; absent: nothing is there, or nothing that says it.
std::optional<Hash128> DiskStore::digest_at(const Place& place) {
  if (last_read_ && last_read_->place == place) return last_read_->digest;
  if (const std::optional<EntryPtr> held = overlay_.find(place)) return digest_of(*held);
  const Result<std::optional<std::string_view>> bytes = stored(place);
  return bytes && *bytes ? sealed_digest(**bytes) : std::nullopt;
}

// Overlay and LMDB as one, in order: what the overlay holds (null: erased), or what is only in LMDB. Until one of the
// two says no.
template <class Fresh, class Stored>
Status DiskStore::walk(const Place& from, const Place& end, Fresh fresh_entry, Stored stored_value) {
  const Result<MDB_txn*> txn = snapshot();
  if (!txn) return txn.error();
  OverlayCursor fresh(overlay_, from);
  StoredCursor stored(*txn, env_.table_of(from), from);
  while (stored.code() == 0) {
    const bool take_fresh = fresh.place() && (!stored.place() || *fresh.place() <= *stored.place());
    const std::optional<Place> place = take_fresh ? fresh.place() : stored.place();
    if (!place || *place >= end) break;
    if (!(take_fresh ? fresh_entry(*place, fresh.entry()) : stored_value(*place, stored.value()))) break;
    if (stored.place() == place) stored.next();
    if (take_fresh) fresh.next();
  }
  return stored.code() != 0 ? Status(read_error(stored.code())) : Status(Unit{});
}

Result<std::vector<PlacedEntry>> DiskStore::scan(const Place& begin, const Place& end, std::optional<Place> after,
                                                 std::size_t limit) {
  std::vector<PlacedEntry> found;
  const std::optional<Place> from = after ? successor(*after) : begin;
  if (!from || limit == 0) return found;
  const auto add = [&](const Place& place, EntryPtr entry) {
    found.push_back({.place = place, .entry = std::move(entry)});
    return found.size() < limit;
  };
  const Status walked = walk(
      *from, end, [&](const Place& place, const EntryPtr& entry) { return entry == nullptr || add(place, entry); },
      [&](const Place& place, std::string_view bytes) { return add(place, decode(place, bytes).value_or(nullptr)); });
  if (!walked) return walked.error();
  return found;
}

Result<std::vector<PlacedDigest>> DiskStore::scan_digests(const Place& begin, const Place& end) {
  std::vector<PlacedDigest> found;
  const Status walked = walk(
      begin, end,
      [&](const Place& place, const EntryPtr& entry) {
        if (entry != nullptr) found.push_back({place.slot, entry->digest});
        return true;
      },
      [&](const Place& place, std::string_view bytes) {
        if (const std::optional<Hash128> digest = sealed_digest(bytes)) found.push_back({place.slot, *digest});
        return true;
      });
  if (!walked) return walked.error();
  return found;
}

Status DiskStore::admit() {
  if (closed_) return fail(Errc::closed, "the node is shutting down");
  if (trouble_) return *trouble_;
  if (waiting_bytes() <= options_.overlay_bytes_max) return Unit{};
  const std::string waiting = std::to_string(waiting_bytes() >> 20) + " MiB of writes";
  return fail(Errc::overloaded, waiting + " wait for the disk of this node: try again in a moment");
}

Status DiskStore::admit_peers() {
  if (waiting_bytes() <= 2 * options_.overlay_bytes_max) return Unit{};
  return fail(Errc::overloaded, "the disk of this node does not keep up");
}

// States that were overwritten before they were logged are in the batches alone.
std::size_t DiskStore::waiting_bytes() const {
  return overlay_.bytes() + filling_->bytes + (at_hand_ ? at_hand_->bytes : 0);
}

CommitId DiskStore::write(const Place& place, EntryPtr entry) {
  SHOAL_CHECK(entry != nullptr);
  return change(place, std::move(entry));
}

CommitId DiskStore::erase(const Place& place) { return change(place, nullptr); }

CommitId DiskStore::change(const Place& place, EntryPtr entry) {
  if (place.is_own() && options_.keep_digests) tree_.change(place.slot, digest_at(place), digest_of(entry));
  last_read_.reset();
  filling_->changes.push_back({place, entry});
  filling_->bytes += memory_of(entry);
  overlay_.put(place, std::move(entry));
  return filling_->id;
}

std::uint64_t DiskStore::records() {
  std::uint64_t records = 0;
  for (std::uint32_t partition = 0; partition < tree_.partitions(); ++partition)
    records += tree_.at({.partition = {partition}}).count;
  return records;
}

// LMDB's follows with the next checkpoint. Until then a crash takes the correction back, and it is found again.
void DiskStore::correct(const TreeNode& leaf, const Digest& digest) {
  Digest delta = digest;
  delta -= tree_.at(leaf);
  tree_.set_leaf(leaf, digest);
  overlay_.correct(LeafId::of(leaf).value, delta);
}

// Almost always before there is any record. When LMDB cannot be read now, the scrub adds the sums up later.
void DiskStore::fit_tree(std::uint32_t partitions) {
  if (tree_.partitions() == partitions) return;
  overlay_.forget_corrections();
  Tree tree(partitions);
  const Result<MDB_txn*> txn = snapshot();
  const bool loaded = txn && load_visible(*txn, env_, overlay_, tree) == 0;
  tree_ = loaded ? std::move(tree) : Tree(partitions);
}

CommitId DiskStore::save_document(const Membership& document) {
  if (options_.keep_digests) fit_tree(document.partitions);
  filling_->document = encode_document(document);
  overlay_.put_document(*filling_->document);
  hurry(filling_->id);
  return filling_->id;
}

void DiskStore::flush() {
  end_snapshot();
  if (!at_hand_ && !filling_->empty() && !closed_) hand_over();
  checkpoint();
}

CommitId DiskStore::checkpoint_now() {
  const bool all_there = overlay_.active().empty() && !overlay_.frozen();
  wanted_ = all_there ? checkpointed_ : CommitId{filling_->id.value - (filling_->empty() ? 1 : 0)};
  hurry(wanted_);
  return wanted_;
}

Result<LmdbTxn> DiskStore::read_checkpoint() const {
  SHOAL_CHECK(!moving_);
  LmdbTxn reader;
  const int code = env_.begin(MDB_RDONLY, reader);
  if (code != 0) return fail(lmdb_errc(code), "cannot read the store: " + std::string(mdb_strerror(code)));
  return reader;
}

// Freezes between two batches only: a checkpoint covers whole commits.
void DiskStore::checkpoint() {
  const std::size_t room = options_.generation_bytes;
  const bool large = overlay_.active().bytes >= room || log_->bytes() >= options_.log_bytes_max / 2;
  const bool due = large || checkpointed_ < wanted_;
  if (!overlay_.frozen() && filling_->empty() && !overlay_.active().empty() && due)
    overlay_.freeze(CommitId{filling_->id.value - 1}, partitions_kept());
  const double log = static_cast<double>(log_->bytes()) / static_cast<double>(options_.log_bytes_max);
  const Pace pace = Pace::of(left_to_move(), log, room, options_.overlay_bytes_max);
  checkpointer_.set_pressure(pace.pressure);
  log_->set_delay(pace.delay);
  if (!overlay_.frozen() || moving_ || durable_ < overlay_.frozen()->through) return;
  checkpointer_.take(overlay_.frozen());
  moving_ = true;
}

double DiskStore::left_to_move() const {
  const auto active = static_cast<double>(overlay_.active().bytes);
  if (!overlay_.frozen()) return active;
  return active + static_cast<double>(overlay_.frozen()->bytes) * (moving_ ? 1 - checkpointer_.progress() : 1);
}

std::optional<CommitId> DiskStore::collect() {
  absorb_reports();
  if (durable_ <= told_) return std::nullopt;
  told_ = durable_;
  return durable_;
}

void DiskStore::absorb_reports() {
  LogReport logged = log_->report();
  CheckpointReport moved = checkpointer_.report();
  trouble_ = logged.trouble ? std::move(logged.trouble) : std::move(moved.trouble);
  fatal_ = std::move(moved.fatal);
  durable_ = std::max(durable_, logged.durable);
  if (at_hand_ && at_hand_->id <= logged.written) at_hand_.reset();
  if (!overlay_.frozen() || moved.through < overlay_.frozen()->through) return;
  checkpointed_ = moved.through;
  log_->release(checkpointed_);
  checkpointer_.discard(overlay_.drop_frozen());
  moving_ = false;
  end_snapshot();
}

Status DiskStore::close() {
  if (closed_) return Unit{};
  const Status saved = save_rest();
  closed_ = true;
  return saved;
}

// An empty batch at the end says that everything before it was synced.
Status DiskStore::save_rest() {
  for (bool ended = false; !ended;) {
    if (!at_hand_) {
      ended = filling_->empty();
      hand_over();
    }
    log_->finish();
    absorb_reports();
    if (durable_.value + 1 < filling_->id.value)
      return trouble_ ? *trouble_ : fail(Errc::io, "some writes could not be saved");
  }
  return Unit{};
}

Result<MDB_txn*> DiskStore::snapshot() {
  if (!reading_) {
    const int code = reader_ ? mdb_txn_renew(reader_.get()) : env_.begin(MDB_RDONLY, reader_);
    if (code != 0) return read_error(code);
    reading_ = true;
  }
  return reader_.get();
}

void DiskStore::end_snapshot() {
  if (reading_) mdb_txn_reset(reader_.get());
  reading_ = false;
}

// Whatever the bytes are, they are not "absent" and not somebody else's fault: corrupt, also when the damage is in
// the format number.
Result<EntryPtr> DiskStore::decode(const Place& place, std::string_view bytes) {
  Result<Entry> entry = decode_entry(place, bytes);
  if (entry) return EntryPtr(std::make_shared<const Entry>(*std::move(entry)));
  ++corrupt_reads_;
  return fail(Errc::corrupt, "the store in " + env_.dir.string() + ": " + entry.error().message);
}

Error DiskStore::read_error(int code) {
  const bool corrupt = lmdb_errc(code) == Errc::corrupt;
  if (corrupt) ++corrupt_reads_;
  return fail(corrupt ? Errc::corrupt : Errc::io,
              "cannot read the store in " + env_.dir.string() + ": " + mdb_strerror(code));
}

void DiskStore::hand_over() {
  const CommitId next{filling_->id.value + 1};
  at_hand_ = std::exchange(filling_, std::make_shared<LogBatch>());
  filling_->id = next;
  log_->take(at_hand_);
}

}  // namespace shoal
