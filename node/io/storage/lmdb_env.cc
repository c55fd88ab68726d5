#include "node/io/storage/lmdb_env.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "node/base/check.h"
#include "node/io/storage/disk_trouble.h"
#include "node/io/storage/sync_file.h"
#include "node/io/unique_fd.h"

namespace shoal {
namespace {

constexpr MDB_dbi kTablesMax = 8;
constexpr off_t kTailSlackBytes = 1 << 20;  // pages taken and given back in one transaction: a handful at most

Error open_error(const std::filesystem::path& dir, std::size_t map_bytes, int code) {
  const std::string file = (dir / "data.mdb").string();
  switch (code) {
    case MDB_INVALID:
      return fail(Errc::corrupt, file +
                                     " is damaged or is no store of shoal: restore it from a backup, or start with "
                                     "an empty folder and let the other nodes fill it");
    case MDB_VERSION_MISMATCH:
      return fail(Errc::refused, file +
                                     " was written in another version of the LMDB format: start the version of "
                                     "shoal that wrote it");
    case ENOMEM:
      return fail(Errc::io, "cannot reserve " + std::to_string(map_bytes) + " bytes of address space for " + file +
                                ": set a smaller storage.map_gib");
    default: return fail(lmdb_errc(code), "cannot open " + file + ": " + mdb_strerror(code));
  }
}

// Point (1) of the head comment. 0 or errno.
int rewrite_heads(const std::filesystem::path& file) {
  const UniqueFd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid()) return errno == ENOENT ? 0 : errno;
  std::vector<char> heads(2 * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)));
  const ssize_t got = ::pread(fd.get(), heads.data(), heads.size(), 0);
  if (got < 0) return errno;
  if (static_cast<std::size_t>(got) < heads.size()) return 0;  // no store yet, or none at all: LMDB tells
  const ssize_t put = ::pwrite(fd.get(), heads.data(), heads.size(), 0);
  if (put != got) return put < 0 ? errno : EIO;
  return ::fdatasync(fd.get()) == 0 ? 0 : errno;
}

std::size_t bytes_wanted(MDB_env* env) {
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env, &info);
  mdb_env_stat(env, &stat);
  return (info.me_last_pgno + 1) * stat.ms_psize;
}

// Point (2) of the head comment.
Status check_length(MDB_env* env, const std::filesystem::path& file) {
  const auto wanted = static_cast<off_t>(bytes_wanted(env));
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) return fail(Errc::io, "cannot read " + file.string());
  if (found.st_size >= wanted) return Unit{};
  if (wanted - found.st_size > kTailSlackBytes)
    return fail(Errc::corrupt, file.string() + " is cut short (" + std::to_string(found.st_size) + " of " +
                                   std::to_string(wanted) + " bytes): restore it from a backup, or start with an " +
                                   "empty folder and let the other nodes fill it");
  if (::truncate(file.c_str(), wanted) != 0) return fail(Errc::io, "cannot extend " + file.string());
  return Unit{};
}

int open_tables(LmdbEnv& env, unsigned txn_flags, unsigned table_flags) {
  LmdbTxn txn;
  if (const int code = env.begin(txn_flags, txn)) return code;
  if (const int code = mdb_dbi_open(txn.get(), "records", table_flags, &env.records)) return code;
  if (const int code = mdb_dbi_open(txn.get(), "hints", table_flags, &env.hints)) return code;
  if (const int code = mdb_dbi_open(txn.get(), "meta", table_flags, &env.meta)) return code;
  for (const auto& [name, table] :
       {std::pair{"digests", &env.digests}, std::pair{"deltas", &env.deltas}, std::pair{"acceptors", &env.acceptors}}) {
    const int code = mdb_dbi_open(txn.get(), name, table_flags, table);
    if (code != 0 && (code != MDB_NOTFOUND || txn_flags != MDB_RDONLY)) return code;  // an older format has none
  }
  return mdb_txn_commit(txn.release());
}

// `map_bytes` of 0: as large as the file says.
int open_env(LmdbEnv& env, std::size_t map_bytes, unsigned flags) {
  MDB_env* raw = nullptr;
  if (const int code = mdb_env_create(&raw)) return code;
  env.env.reset(raw);
  if (const int code = mdb_env_set_mapsize(raw, map_bytes)) return code;
  if (const int code = mdb_env_set_maxdbs(raw, kTablesMax)) return code;
  // NOTLS: the reader belongs to its transaction, not to a thread. NORDAHEAD: slots are random, neighbours useless.
  return mdb_env_open(raw, env.dir.c_str(), MDB_NOTLS | MDB_NORDAHEAD | flags, 0600);
}

// Point (3) of the head comment. 0 or a code.
int make_first_file(const std::filesystem::path& file, std::size_t map_bytes) {
  std::filesystem::path draft = file;
  draft += ".new";
  ::unlink(draft.c_str());
  LmdbEnv env{.dir = draft, .env = nullptr};
  int code = open_env(env, map_bytes, MDB_NOSUBDIR | MDB_NOLOCK);
  if (code == 0) code = open_tables(env, 0, MDB_CREATE);
  env.env.reset();
  if (code == 0) code = ::rename(draft.c_str(), file.c_str()) == 0 ? 0 : errno;
  if (code != 0) ::unlink(draft.c_str());
  return code;
}

}  // namespace

Result<LmdbEnv> LmdbEnv::open(const std::filesystem::path& dir, std::size_t map_bytes) {
  std::error_code made;
  std::filesystem::create_directories(dir, made);
  if (made) return fail(Errc::io, "cannot create " + dir.string() + ": " + made.message());
  const std::filesystem::path file = dir / "data.mdb";
  LmdbEnv env{.dir = dir, .env = nullptr};
  std::error_code unknown;
  if (std::filesystem::status(file, unknown).type() == std::filesystem::file_type::not_found)
    if (const int code = make_first_file(file, map_bytes)) return open_error(dir, map_bytes, code);
  if (const int code = rewrite_heads(file)) return open_error(dir, map_bytes, code);
  if (const int code = open_env(env, map_bytes, 0)) return open_error(dir, map_bytes, code);
  if (const Status length = check_length(env.env.get(), file); !length) return length.error();
  if (const int code = open_tables(env, 0, MDB_CREATE)) return open_error(dir, map_bytes, code);
  // A new file is only as durable as its name.
  if (const Status named = sync_directory(dir); !named) return named.error();
  if (const Status named = sync_directory(dir.parent_path()); !named) return named.error();
  return env;
}

Result<LmdbEnv> LmdbEnv::open_to_read(const std::filesystem::path& dir) {
  const std::filesystem::path file = dir / "data.mdb";
  LmdbEnv env{.dir = dir, .env = nullptr};
  if (const int code = open_env(env, 0, MDB_RDONLY | MDB_NOLOCK)) return open_error(dir, 0, code);
  std::error_code unknown;
  if (const auto wanted = bytes_wanted(env.env.get()); std::filesystem::file_size(file, unknown) < wanted || unknown)
    return fail(Errc::corrupt, file.string() + " is cut short, it should have " + std::to_string(wanted) + " bytes");
  if (const int code = open_tables(env, MDB_RDONLY, 0))
    return open_error(dir, 0, code == MDB_NOTFOUND ? MDB_INVALID : code);
  return env;
}

int LmdbEnv::begin(unsigned flags, LmdbTxn& out) const {
  MDB_txn* raw = nullptr;
  const int code = mdb_txn_begin(env.get(), nullptr, flags, &raw);
  out.reset(code == 0 ? raw : nullptr);
  return code;
}

int LmdbEnv::put_meta(std::string_view name, std::string_view value) const {
  MDB_val key = lmdb_val(name);
  MDB_val bytes = lmdb_val(value);
  LmdbTxn txn;
  int code = begin(0, txn);
  if (code == 0) code = mdb_put(txn.get(), meta, &key, &bytes, 0);
  return code == 0 ? mdb_txn_commit(txn.release()) : code;
}

Errc lmdb_errc(int code) {
  switch (code) {
    case MDB_MAP_FULL: return Errc::no_space;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID: return Errc::corrupt;
    default: return disk_errc(code);
  }
}

bool lmdb_can_retry(int code) { return code > 0 || code == MDB_MAP_FULL; }

}  // namespace shoal
