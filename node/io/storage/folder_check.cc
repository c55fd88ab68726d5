#include "node/io/storage/folder_check.h"

#include <fcntl.h>
#include <sys/file.h>

#include <bit>
#include <optional>
#include <utility>

#include "node/io/storage/data_folder.h"
#include "node/io/storage/digest_table.h"
#include "node/io/storage/lmdb_env.h"
#include "node/io/storage/log_recovery.h"
#include "node/io/storage/store_format.h"
#include "node/io/storage/sync_file.h"
#include "node/io/unique_fd.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

std::string count(std::uint64_t n, const std::string& what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : "s");
}

// Shared with other readers; a running node holds it alone.
Result<UniqueFd> lock_to_read(const fs::path& dir) {
  UniqueFd fd(::open((dir / "LOCK").c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.valid() && ::flock(fd.get(), LOCK_SH | LOCK_NB) != 0)
    return fail(Errc::refused, dir.string() + " is in use by a running node: stop it, then check its folder");
  return fd;
}

class Check {
 public:
  explicit Check(fs::path dir) : dir_(std::move(dir)) {}

  Result<FolderCheck> run() {
    if (std::error_code code; !fs::is_directory(dir_, code))
      return fail(Errc::invalid, dir_.string() + " is no folder");
    const Result<UniqueFd> lock = lock_to_read(dir_);
    if (!lock) return lock.error();
    const Result<std::string> text = read_small(dir_ / "identity", kTextFileBytesMax);
    if (!text && text.error().code == Errc::not_found)
      return fail(Errc::invalid, dir_.string() + " is no data folder: it holds no file 'identity'");
    if (!text) return text.error();
    const Result<Identity> identity = decode_identity(*text);
    if (!identity) return identity.error();
    found("identity: node " + to_string(identity->node) + ", name \"" + identity->name + "\", cluster " +
          to_string(identity->cluster) + ", " + count(identity->starts, "start"));
    if (std::error_code code; fs::exists(dir_ / kRestoringName, code))
      wrong("restoring it from a snapshot broke off: do that again, or choose another snapshot");
    if (const Status store = check_store(*identity); !store) return store.error();
    return std::move(check_);
  }

 private:
  void found(std::string sentence) { check_.found.push_back(std::move(sentence)); }
  void wrong(std::string sentence) {
    if (check_.damages++ < kDamagesTold) check_.wrong.push_back(std::move(sentence));
  }

  Status check_store(const Identity& identity) {
    const fs::path dir = dir_ / "store";
    if (std::error_code code; !fs::exists(dir / "data.mdb", code))
      return wrong("the records are missing from " + dir.string()), Unit{};
    const Result<LmdbEnv> env = LmdbEnv::open_to_read(dir);
    if (!env && env.error().code == Errc::corrupt) return wrong(env.error().message), Unit{};
    if (!env) return env.error();
    const Result<StoreHead> head = read_store_head(*env, identity.node);
    if (!head && head.error().code == Errc::corrupt) return wrong(head.error().message), Unit{};
    if (!head) return head.error();
    const std::optional<Membership> logged = logged_document(identity.node, *head);
    document_ = logged ? logged : head->document;
    check_document(identity, logged.has_value());
    if (!head->restored.empty())
      found("restored from snapshot " + head->restored + ": what it had promised as a voter is forgotten");
    check_tables(*env, *head);
    return check_log(identity.node, *head);
  }

  // The newest one that LMDB does not have yet. The log is read twice, because whether LMDB's records belong where they
  // are is seen by it; what is wrong with the log is told by check_log.
  std::optional<Membership> logged_document(NodeId owner, const StoreHead& head) {
    std::optional<Membership> newest;
    const Replay look = [&](const LogBatch& batch, double) {
      if (!batch.document) return Status(Unit{});
      if (Result<Membership> document = decode_document(*batch.document)) newest = *std::move(document);
      return Status(Unit{});
    };
    if (head.has_log) [[maybe_unused]]
      const Result<RecoveredLog> log = recover_log(log_dir(), owner, head.checkpoint, look);
    return newest;
  }

  void check_document(const Identity& identity, bool logged) {
    if (!document_) return found("membership document: none");
    found("membership document: number " + std::to_string(document_->epoch.value) + ", " +
          count(document_->members.size(), "member") + (logged ? ", in the commit log" : ""));
    if (document_->cluster != identity.cluster)
      wrong("the membership document is of cluster " + to_string(document_->cluster) + ", the identity of " +
            to_string(identity.cluster));
  }

  void check_tables(const LmdbEnv& env, const StoreHead& head) {
    if (env.digests == 0 || env.deltas == 0) return wrong("the table of digests is missing");
    LmdbTxn txn;
    std::uint32_t partitions = 0;
    int code = env.begin(MDB_RDONLY, txn);
    if (code == 0) code = sums_partitions(txn.get(), env, partitions);
    if (code != 0) return wrong("LMDB cannot be read: " + std::string(mdb_strerror(code)));
    const bool known = std::has_single_bit(partitions) && partitions <= kPartitionsMax;
    Tree sums(known ? partitions : 1);
    check_.records = check_table(txn.get(), env.records, "record", &sums);
    check_.hints = check_table(txn.get(), env.hints, "hint", nullptr);
    if (env.acceptors != 0) check_.acceptors = check_table(txn.get(), env.acceptors, "acceptor", nullptr);
    if (env.acceptors == 0 && head.is_current) wrong("the table of acceptors is missing");
    check_digests(txn.get(), env, sums);
  }

  // Adds up the digests of own copies, also of those that are damaged.
  std::uint64_t check_table(MDB_txn* txn, MDB_dbi table, const std::string& what, Tree* sums) {
    MDB_cursor* raw = nullptr;
    int code = mdb_cursor_open(txn, table, &raw);
    const LmdbCursor cursor(raw);
    MDB_val key{};
    MDB_val value{};
    std::uint64_t entries = 0;
    while (code == 0 && (code = mdb_cursor_get(cursor.get(), &key, &value, MDB_NEXT)) == 0) {
      ++entries;
      const std::optional<Place> place = place_from(lmdb_view(key));
      const std::optional<Hash128> digest = sealed_digest(lmdb_view(value));
      if (sums != nullptr && place && digest) sums->change(place->slot, std::nullopt, digest);
      check_entry(what, lmdb_view(key), lmdb_view(value));
    }
    if (code != MDB_NOTFOUND) wrong("the " + what + "s cannot be read to their end: " + mdb_strerror(code));
    found("LMDB: " + count(entries, what));
    return entries;
  }

  void check_digests(MDB_txn* txn, const LmdbEnv& env, const Tree& sums) {
    Tree stored(sums.partitions());
    if (const int code = load_sums(txn, env, stored))
      return wrong("the digests cannot be read to their end: " + std::string(mdb_strerror(code)));
    const std::uint32_t leaves = sums.partitions() * kLeaves;
    std::uint64_t differ = 0;
    for (std::uint32_t leaf = 0; leaf < leaves; ++leaf)
      differ += stored.at(LeafId{leaf}.node()) != sums.at(LeafId{leaf}.node());
    found("LMDB: digests of " + count(sums.partitions(), "partition"));
    if (differ > 0)
      wrong("the digests of " + std::to_string(differ) + " of " + std::to_string(leaves) +
            " leaves do not agree with the records: the node corrects them while it runs");
  }

  void check_entry(const std::string& what, std::string_view key, std::string_view value) {
    const std::optional<Place> place = place_from(key);
    if (!place) return wrong("a " + what + " lies under a key of " + std::to_string(key.size()) + " bytes");
    const Result<Entry> entry = decode_entry(*place, value);
    if (entry) return check_slot(what, *place, *entry);
    const std::string which = "the " + what + " at " + to_hex(key);
    if (const std::optional<Place> home = home_of(*place, value))
      return wrong(which + " belongs to " + to_hex(place_bytes(*home)) + ": its key has changed on the disk");
    wrong(which + ": " + entry.error().message);
  }

  // Where an entry was written that is good there and not where it lies.
  [[nodiscard]] std::optional<Place> home_of(const Place& place, std::string_view value) const {
    const std::optional<Key> key = sealed_key(value);
    if (!document_ || !key) return std::nullopt;
    const Place home = place.is_acceptor() && *key == Key{} ? Place::vote() : home_of_key(place.owner, *key);
    return decode_entry(home, value) ? std::optional(home) : std::nullopt;
  }

  // Precondition: there is a document.
  [[nodiscard]] Place home_of_key(NodeId owner, const Key& key) const {
    return {owner, slot_of(document_->cluster_key, key)};
  }

  void check_slot(const std::string& what, const Place& place, const Entry& entry) {
    if (place == Place::vote()) return;  // it is about no key
    if (document_ && home_of_key(place.owner, entry.key) != place)
      wrong("the " + what + " at " + to_hex(place_bytes(place)) + " holds key \"" + entry.key.name +
            "\", which belongs elsewhere");
  }

  Status check_log(NodeId owner, const StoreHead& head) {
    if (!head.has_log) return found("commit log: none, LMDB holds everything"), Unit{};
    if (std::error_code code; !fs::is_directory(log_dir(), code)) return wrong("the commit log is missing"), Unit{};
    std::uint64_t commits = 0;
    std::uint64_t changes = 0;
    const Replay look = [&](const LogBatch& batch, double) {
      ++commits;
      changes += batch.changes.size();
      check_batch(batch);
      return Status(Unit{});
    };
    const Result<RecoveredLog> log = recover_log(log_dir(), owner, head.checkpoint, look);
    if (!log && log.error().code == Errc::refused) return log.error();
    if (!log) return wrong(log.error().message), Unit{};
    if (log->segments.empty()) return wrong("the commit log is missing"), Unit{};
    found("commit log: " + count(log->segments.size(), "segment") + ", " + count(commits, "commit") + " with " +
          count(changes, "change") + " behind LMDB's checkpoint " + std::to_string(head.checkpoint.value) + ", " +
          std::to_string(log->unproven.size()) + " of them not known to have been synced");
    return Unit{};
  }

  static std::string kind_of(const Place& place) {
    if (place.is_own()) return "record";
    return place.is_hint() ? "hint" : "acceptor";
  }

  void check_batch(const LogBatch& batch) {
    for (const Change& change : batch.changes)
      if (change.entry) check_slot("logged " + kind_of(change.place), change.place, *change.entry);
    if (!batch.document) return;
    if (const Result<Membership> document = decode_document(*batch.document); !document)
      wrong("the membership document in commit " + std::to_string(batch.id.value) +
            " of the log: " + document.error().message);
  }

  [[nodiscard]] fs::path log_dir() const { return dir_ / "store" / "log"; }

  const fs::path dir_;
  FolderCheck check_;
  std::optional<Membership> document_;
};

}  // namespace

Result<FolderCheck> check_folder(const fs::path& dir) { return Check(dir).run(); }

}  // namespace shoal
