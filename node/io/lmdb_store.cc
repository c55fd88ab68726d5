#include "node/io/lmdb_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>

#include "node/base/bytes.h"
#include "node/base/check.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

constexpr std::uint64_t kFormat = 2;  // 1: without hints and buckets

std::size_t memory_of(const Entry& entry) {
  std::size_t bytes = 256 + entry.key.bucket.size() + entry.key.name.size();
  bytes += entry.record.clock.entries().size() * sizeof(VersionVector::Entry);
  for (const Sibling& sibling : entry.record.siblings) bytes += sizeof(Sibling) + sibling.value.size();
  return bytes;
}

std::optional<Place> successor(const Place& place) {
  constexpr std::uint64_t kHighest = std::numeric_limits<std::uint64_t>::max();
  const Slot& slot = place.slot;
  if (slot.lo != kHighest) return Place(place.owner, {.hi = slot.hi, .lo = slot.lo + 1});
  if (slot.hi != kHighest) return Place(place.owner, {.hi = slot.hi + 1, .lo = 0});
  if (place.is_hint() && place.owner.value != kHighest) return Place(NodeId{place.owner.value + 1}, Slot{});
  return std::nullopt;
}

// Both batches in order; where both hold a place, the newer one counts. A null entry: erased.
class OverlayCursor {
 public:
  OverlayCursor(const WriteBatch& newer, const WriteBatch* older, const Place& from)
      : newer_(newer.records.lower_bound(from)), newer_end_(newer.records.end()) {
    if (older == nullptr) return;
    older_ = older->records.lower_bound(from);
    older_end_ = older->records.end();
    has_older_ = older_ != older_end_;
  }

  [[nodiscard]] std::optional<Place> place() const {
    if (!has_newer()) return has_older_ ? std::optional(older_->first) : std::nullopt;
    return has_older_ ? std::min(newer_->first, older_->first) : newer_->first;
  }
  [[nodiscard]] const EntryPtr& entry() const {
    return has_newer() && newer_->first == *place() ? newer_->second : older_->second;
  }
  void next() {
    const Place past = *place();
    if (has_newer() && newer_->first == past) ++newer_;
    if (has_older_ && older_->first == past) has_older_ = ++older_ != older_end_;
  }

 private:
  using Iterator = std::map<Place, EntryPtr>::const_iterator;
  [[nodiscard]] bool has_newer() const { return newer_ != newer_end_; }

  Iterator newer_;
  Iterator newer_end_;
  Iterator older_;
  Iterator older_end_;
  bool has_older_ = false;
};

// A table in order. A code other than 0 stays until the end: `place` is then absent.
class StoredCursor {
 public:
  StoredCursor(MDB_txn* txn, MDB_dbi table, const Place& from) {
    MDB_cursor* raw = nullptr;
    code_ = mdb_cursor_open(txn, table, &raw);
    cursor_.reset(code_ == 0 ? raw : nullptr);
    const std::string key = place_bytes(from);
    key_ = lmdb_val(key);
    if (code_ == 0) move(MDB_SET_RANGE);
  }

  [[nodiscard]] const std::optional<Place>& place() const { return place_; }
  [[nodiscard]] std::string_view value() const { return lmdb_view(value_); }
  void next() { move(MDB_NEXT); }
  [[nodiscard]] int code() const { return code_ == MDB_NOTFOUND ? 0 : code_; }

 private:
  void move(MDB_cursor_op op) {
    code_ = mdb_cursor_get(cursor_.get(), &key_, &value_, op);
    place_ = code_ == 0 ? place_from(lmdb_view(key_)) : std::nullopt;
    if (code_ == 0 && !place_) code_ = MDB_CORRUPTED;
  }

  LmdbCursor cursor_;
  MDB_val key_{};
  MDB_val value_{};
  std::optional<Place> place_;
  int code_ = 0;
};

Error damaged(const LmdbEnv& env, const std::string& what) {
  return fail(Errc::corrupt, "the store in " + env.dir.string() + " is damaged (" + what +
                                 "): restore it from a backup, or start with an empty folder and let the other nodes "
                                 "fill it");
}

Error missing(const std::filesystem::path& dir) {
  return fail(Errc::refused, "the records of this node are missing from " + dir.string() +
                                 ": restore them, or start with --reset-identity to join as a new node");
}

// A value of table meta; empty when there is none.
Result<std::string> load(const LmdbEnv& env, std::string_view name) {
  LmdbTxn txn;
  MDB_val key = lmdb_val(name);
  MDB_val value{};
  int code = env.begin(MDB_RDONLY, txn);
  if (code == 0) code = mdb_get(txn.get(), env.meta, &key, &value);
  if (code == MDB_NOTFOUND) return std::string();
  if (code != 0) return damaged(env, mdb_strerror(code));
  return std::string(lmdb_view(value));
}

Result<std::optional<Membership>> load_document(const LmdbEnv& env) {
  const Result<std::string> bytes = load(env, kDocumentName);
  if (!bytes) return bytes.error();
  if (bytes->empty()) return std::optional<Membership>();
  Result<Membership> document = decode_document(*bytes);
  if (!document && document.error().code == Errc::refused) return document.error();
  if (!document) return damaged(env, document.error().message);
  return std::optional<Membership>(*std::move(document));
}

// Makes a new store the owner's.
Status claim(const LmdbEnv& env, NodeId owner) {
  std::string about;
  append_u64(about, kFormat);
  append_u64(about, owner.value);
  MDB_val key = lmdb_val(kAboutName);
  MDB_val value = lmdb_val(about);
  LmdbTxn txn;
  int code = env.begin(0, txn);
  if (code == 0) code = mdb_put(txn.get(), env.meta, &key, &value, 0);
  if (code == 0) code = mdb_txn_commit(txn.release());
  if (code == 0) return Unit{};
  return fail(lmdb_errc(code), "cannot write to the store in " + env.dir.string() + ": " + mdb_strerror(code));
}

Status check_about(const LmdbEnv& env, std::string_view about, NodeId owner) {
  const std::uint64_t format = about.size() == 16 ? read_u64(about) : 0;
  const std::string dir = env.dir.string();
  if (format > kFormat)
    return fail(Errc::refused, "the store in " + dir + " has format " + std::to_string(format) + ", newer than the " +
                                   std::to_string(kFormat) + " that this version reads: start the newer version again");
  if (format == 0) return damaged(env, "no valid format number");
  if (format < kFormat)
    return fail(Errc::refused, "the store in " + dir + " has format " + std::to_string(format) + ", older than the " +
                                   std::to_string(kFormat) +
                                   " that this version reads: dump its keys with the older version and load them "
                                   "into a new cluster");
  if (const NodeId found{read_u64(about.substr(8))}; found != owner)
    return fail(Errc::refused, "the store in " + dir + " belongs to node " + to_string(found) + ", not to " +
                                   to_string(owner) + ": start the node with its own folder");
  return Unit{};
}

std::size_t whole_pages(std::size_t bytes) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return (std::max(bytes, std::size_t{64} * page) + page - 1) / page * page;
}

}  // namespace

Result<std::unique_ptr<LmdbStore>> LmdbStore::open(const StoreOptions& options) {
  std::error_code ignored;
  if (!options.create && !std::filesystem::exists(options.dir / "data.mdb", ignored)) return missing(options.dir);
  Result<LmdbEnv> env = LmdbEnv::open(options.dir, whole_pages(options.map_bytes));
  if (!env) return env.error();
  const Result<std::string> about = load(*env, kAboutName);
  if (!about) return about.error();
  if (about->empty() && !options.create) return missing(options.dir);
  const Status usable = about->empty() ? claim(*env, options.owner) : check_about(*env, *about, options.owner);
  if (!usable) return usable.error();
  Result<std::optional<Membership>> document = load_document(*env);
  if (!document) return document.error();
  return std::unique_ptr<LmdbStore>(new LmdbStore(options, *std::move(env), *std::move(document)));
}

LmdbStore::LmdbStore(const StoreOptions& options, LmdbEnv env, std::optional<Membership> document)
    : options_(options),
      env_(std::move(env)),
      document_(std::move(document)),
      filling_(std::make_shared<WriteBatch>()),
      committer_(env_, {.gather = options.sync ? std::chrono::milliseconds(0) : options.relaxed_interval / 2,
                        .retry = options.retry_interval}) {
  filling_->id = CommitId{1};
}

Result<EntryPtr> LmdbStore::read(const Place& place) {
  if (std::optional<EntryPtr> held = find_in_overlay(place)) return *std::move(held);
  const Result<MDB_txn*> txn = snapshot();
  if (!txn) return txn.error();
  const std::string key_bytes = place_bytes(place);
  MDB_val key = lmdb_val(key_bytes);
  MDB_val value{};
  const int code = mdb_get(*txn, env_.table_of(place), &key, &value);
  if (code == MDB_NOTFOUND) return EntryPtr();
  if (code != 0) return read_error(code);
  return decode(lmdb_view(value));
}

Result<std::vector<PlacedEntry>> LmdbStore::scan(const Place& begin, const Place& end, std::optional<Place> after,
                                                 std::size_t limit) {
  std::vector<PlacedEntry> found;
  const std::optional<Place> from = after ? successor(*after) : begin;
  if (!from) return found;
  const Result<MDB_txn*> txn = snapshot();
  if (!txn) return txn.error();
  OverlayCursor fresh(*filling_, syncing_.get(), *from);
  StoredCursor stored(*txn, env_.table_of(*from), *from);
  while (found.size() < limit && stored.code() == 0) {
    const bool take_fresh = fresh.place() && (!stored.place() || *fresh.place() <= *stored.place());
    const std::optional<Place> place = take_fresh ? fresh.place() : stored.place();
    if (!place || *place >= end) break;
    if (take_fresh && fresh.entry()) found.push_back({.place = *place, .entry = fresh.entry()});
    if (!take_fresh) found.push_back({.place = *place, .entry = decode(stored.value()).value_or(nullptr)});
    if (stored.place() == place) stored.next();
    if (take_fresh) fresh.next();
  }
  if (stored.code() != 0) return read_error(stored.code());
  return found;
}

Status LmdbStore::admit() {
  if (closed_) return fail(Errc::closed, "the node is shutting down");
  if (trouble_) return *trouble_;
  if (overlay_bytes() <= options_.overlay_bytes_max) return Unit{};
  const std::string waiting = std::to_string(overlay_bytes() >> 20) + " MiB of writes";
  return fail(Errc::overloaded, waiting + " wait for the disk of this node: try again in a moment");
}

CommitId LmdbStore::write(const Place& place, EntryPtr entry) {
  SHOAL_CHECK(entry != nullptr);
  return change(place, std::move(entry));
}

CommitId LmdbStore::erase(const Place& place) { return change(place, nullptr); }

CommitId LmdbStore::change(const Place& place, EntryPtr entry) {
  EntryPtr& waiting = filling_->records[place];
  if (waiting) filling_->bytes -= memory_of(*waiting);
  if (entry) filling_->bytes += memory_of(*entry);
  waiting = std::move(entry);
  return filling_->id;
}

CommitId LmdbStore::save_document(const Membership& document) {
  filling_->document = encode_document(document);
  committer_.hurry(filling_->id);  // whoever numbers or joins waits for it, in `relaxed` as well
  return filling_->id;
}

std::uint64_t LmdbStore::records() {
  const Result<MDB_txn*> txn = snapshot();
  MDB_stat stat{};
  if (txn && mdb_stat(*txn, env_.records, &stat) == 0) records_ = stat.ms_entries;
  return records_;
}

void LmdbStore::flush() {
  end_snapshot();
  if (!syncing_ && !filling_->empty() && !closed_) hand_over();
}

void LmdbStore::flush_now() {
  committer_.hurry(filling_->id);
  flush();
}

std::optional<CommitId> LmdbStore::collect() {
  absorb_report();
  if (durable_ <= told_) return std::nullopt;
  told_ = durable_;
  return durable_;
}

// True when a batch became durable.
bool LmdbStore::absorb_report() {
  CommitReport report = committer_.report();
  trouble_ = std::move(report.trouble);
  fatal_ = std::move(report.fatal);
  if (report.durable <= durable_) return false;
  durable_ = report.durable;
  syncing_.reset();
  end_snapshot();
  return true;
}

Status LmdbStore::close() {
  while (!closed_ && (syncing_ || !filling_->empty())) {
    if (!syncing_) hand_over();
    committer_.finish();
    if (!absorb_report()) break;
  }
  closed_ = true;
  if (!syncing_ && filling_->empty()) return Unit{};
  return trouble_ ? *trouble_ : fail(Errc::io, "some writes could not be saved");
}

std::optional<EntryPtr> LmdbStore::find_in_overlay(const Place& place) const {
  if (const auto found = filling_->records.find(place); found != filling_->records.end()) return found->second;
  if (!syncing_) return std::nullopt;
  const auto found = syncing_->records.find(place);
  return found == syncing_->records.end() ? std::nullopt : std::optional(found->second);
}

Result<MDB_txn*> LmdbStore::snapshot() {
  if (!reading_) {
    const int code = reader_ ? mdb_txn_renew(reader_.get()) : env_.begin(MDB_RDONLY, reader_);
    if (code != 0) return read_error(code);
    reading_ = true;
  }
  return reader_.get();
}

void LmdbStore::end_snapshot() {
  if (reading_) mdb_txn_reset(reader_.get());
  reading_ = false;
}

// Whatever the bytes are, they are not "absent" and not somebody else's fault: corrupt, also when the damage is in
// the format number.
Result<EntryPtr> LmdbStore::decode(std::string_view bytes) {
  Result<Entry> entry = decode_entry(bytes);
  if (entry) return EntryPtr(std::make_shared<const Entry>(*std::move(entry)));
  ++corrupt_reads_;
  return fail(Errc::corrupt, "the store in " + env_.dir.string() + ": " + entry.error().message);
}

Error LmdbStore::read_error(int code) {
  const bool corrupt = lmdb_errc(code) == Errc::corrupt;
  if (corrupt) ++corrupt_reads_;
  return fail(corrupt ? Errc::corrupt : Errc::io,
              "cannot read the store in " + env_.dir.string() + ": " + mdb_strerror(code));
}

void LmdbStore::hand_over() {
  const CommitId next{filling_->id.value + 1};
  syncing_ = std::move(filling_);
  filling_ = std::make_shared<WriteBatch>();
  filling_->id = next;
  committer_.take(syncing_);
}

std::size_t LmdbStore::overlay_bytes() const { return filling_->bytes + (syncing_ ? syncing_->bytes : 0); }

}  // namespace shoal
