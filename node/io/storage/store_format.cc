#include "node/io/storage/store_format.h"

#include <string>

#include "node/base/bytes.h"
#include "node/wire/entry_codec.h"

namespace shoal {
namespace {

constexpr std::uint64_t kFormat =
    6;  // 5: the same, without acceptors; 3, 2: without digests; 1: without hints and buckets
constexpr std::uint64_t kFormatWithoutLog = 4;

// A value of table meta; empty when there is none.
Result<std::string> load(const LmdbEnv& env, std::string_view name) {
  LmdbTxn txn;
  MDB_val key = lmdb_val(name);
  MDB_val value{};
  int code = env.begin(MDB_RDONLY, txn);
  if (code == 0) code = mdb_get(txn.get(), env.meta, &key, &value);
  if (code == MDB_NOTFOUND) return std::string();
  if (code != 0) return store_damaged(env.dir, mdb_strerror(code));
  return std::string(lmdb_view(value));
}

Result<std::optional<Membership>> load_document(const LmdbEnv& env) {
  const Result<std::string> bytes = load(env, kDocumentName);
  if (!bytes) return bytes.error();
  if (bytes->empty()) return std::optional<Membership>();
  Result<Membership> document = decode_document(*bytes);
  if (!document && document.error().code == Errc::refused) return document.error();
  if (!document) return store_damaged(env.dir, document.error().message);
  return std::optional<Membership>(*std::move(document));
}

Status check_about(const LmdbEnv& env, std::string_view about, NodeId owner) {
  const std::uint64_t format = about.size() == 16 ? read_u64(about) : 0;
  const std::string store = "the store in " + env.dir.string();
  const std::string formats = " has format " + std::to_string(format);
  const std::string ours = std::to_string(kFormat) + " that this version reads";
  if (format > kFormat)
    return fail(Errc::refused, store + formats + ", newer than the " + ours + ": start the newer version again");
  if (format == 0) return store_damaged(env.dir, "no valid format number");
  if (format < kFormatWithoutLog)
    return fail(Errc::refused, store + formats + ", older than the " + ours +
                                   ": dump its keys with the older version and load them into a new cluster");
  if (const NodeId found{read_u64(about.substr(8))}; found != owner)
    return fail(Errc::refused, store + " belongs to node " + to_string(found) + ", not to " + to_string(owner) +
                                   ": start the node with its own folder");
  return Unit{};
}

Status put_meta(const LmdbEnv& env, std::string_view name, std::string_view value) {
  const int code = env.put_meta(name, value);
  if (code == 0) return Unit{};
  return fail(lmdb_errc(code), "cannot write to the store in " + env.dir.string() + ": " + mdb_strerror(code));
}

}  // namespace

Error store_damaged(const std::filesystem::path& dir, const std::string& what) {
  return fail(Errc::corrupt, "the store in " + dir.string() + " is damaged (" + what +
                                 "): restore it from a backup, or start with an empty folder and let the other nodes "
                                 "fill it");
}

Error store_missing(const std::filesystem::path& dir) {
  return fail(Errc::refused, "the records of this node are missing from " + dir.string() +
                                 ": restore them, or start with --reset-identity to join as a new node");
}

Result<StoreHead> read_store_head(const LmdbEnv& env, NodeId owner) {
  const Result<std::string> about = load(env, kAboutName);
  if (!about) return about.error();
  if (about->empty()) return StoreHead{};
  if (const Status usable = check_about(env, *about, owner); !usable) return usable.error();
  const Result<std::string> checkpoint = load(env, kCheckpointName);
  if (!checkpoint) return checkpoint.error();
  if (!checkpoint->empty() && checkpoint->size() != 8) return store_damaged(env.dir, "no valid checkpoint number");
  Result<std::string> restored = load(env, kRestoredName);
  if (!restored) return restored.error();
  Result<std::optional<Membership>> document = load_document(env);
  if (!document) return document.error();
  return StoreHead{.claimed = true,
                   .has_log = read_u64(*about) > kFormatWithoutLog,
                   .is_current = read_u64(*about) == kFormat,
                   .restored = *std::move(restored),
                   .checkpoint = {checkpoint->empty() ? 0 : read_u64(*checkpoint)},
                   .document = *std::move(document)};
}

Status claim_store(const LmdbEnv& env, NodeId owner, bool has_log) {
  std::string about;
  append_u64(about, has_log ? kFormat : kFormatWithoutLog);
  append_u64(about, owner.value);
  return put_meta(env, kAboutName, about);
}

Status mark_restored(const LmdbEnv& env, const std::string& snapshot) { return put_meta(env, kRestoredName, snapshot); }

}  // namespace shoal
