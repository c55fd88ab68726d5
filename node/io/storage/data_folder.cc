#include "node/io/storage/data_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>

#include "node/io/random.h"
#include "node/io/storage/sync_file.h"
#include "node/io/storage/text_lines.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFormat = 1;
constexpr std::string_view kTitle = "shoal data folder\n";

Error unusable(Errc code, const fs::path& dir, const std::string& why) {
  return fail(code, "cannot use " + dir.string() + " as data folder: " + why);
}

// Names that may be in a folder before it is ours: the file system's own, and ours of a first start that broke off.
bool is_harmless(const std::string& name) {
  return name.starts_with(".") || name == "lost+found" || name == "LOCK" || name == "identity.new" ||
         name == "restoring.new" || name == kSnapshotsName;
}

Status check_empty(const fs::path& dir) {
  std::error_code error;
  if (fs::exists(dir / "store", error))
    return unusable(Errc::refused, dir,
                    "it holds records but no identity: restore the file 'identity', or start with --reset-identity to "
                    "give the records up and join as a new node");
  for (fs::directory_iterator entry(dir, error), end; !error && entry != end; entry.increment(error))
    if (const std::string name = entry->path().filename().string(); !is_harmless(name))
      return unusable(Errc::refused, dir, "it holds other files ('" + name + "'): choose an empty folder");
  if (error) return unusable(Errc::io, dir, "it cannot be read (" + error.message() + ")");
  return Unit{};
}

Status check_no_snapshot(const fs::path& dir) {
  std::error_code error;
  if (!fs::exists(dir / kManifestName, error)) return Unit{};
  return unusable(
      Errc::refused, dir,
      "it is a snapshot: restore it into another folder with shoald --restore " + dir.string() + " --data FOLDER");
}

// Or what is left of one, or the beginning.
bool holds_a_node(const fs::path& dir) {
  std::error_code error;
  return fs::exists(dir / "identity", error) || fs::exists(dir / "store", error) ||
         fs::exists(dir / kRestoringName, error);
}

Status check_content(const fs::path& dir) {
  if (const Status live = check_no_snapshot(dir); !live) return live;
  std::error_code error;
  if (fs::exists(dir / kRestoringName, error))
    return unusable(Errc::refused, dir, "restoring it from a snapshot broke off: do that again, or choose another one");
  return fs::exists(dir / "identity", error) ? Status(Unit{}) : check_empty(dir);
}

Status check_restorable(const fs::path& dir) {
  std::error_code error;
  if (fs::exists(dir / kRestoringName, error)) return Unit{};
  if (fs::exists(dir / "identity", error))
    return unusable(Errc::refused, dir, "a node lives in it: move that folder away, or restore into another one");
  return check_empty(dir);
}

Status make_folder(const fs::path& dir) {
  std::error_code error;
  const fs::file_status found = fs::status(dir, error);
  if (fs::is_directory(found)) return Unit{};
  if (fs::exists(found)) return unusable(Errc::invalid, dir, "it is not a folder");
  error.clear();
  fs::create_directories(dir, error);
  if (error) return unusable(Errc::io, dir, "it cannot be created (" + error.message() + ")");
  fs::permissions(dir, fs::perms::owner_all, error);
  return sync_directory((dir.has_filename() ? dir : dir.parent_path()).parent_path());
}

std::string holder(int fd) {
  char text[32];
  const ssize_t got = ::pread(fd, text, sizeof text, 0);
  const std::string_view pid(text, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return pid.empty() ? "another process" : "process " + std::string(pid.substr(0, pid.find('\n')));
}

Result<UniqueFd> take_lock(const fs::path& dir) {
  UniqueFd fd(::open((dir / "LOCK").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd.valid())
    return unusable(Errc::io, dir, "it cannot be written to (" + std::generic_category().message(errno) + ")");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return unusable(Errc::io, dir, "it cannot be locked");
    return unusable(Errc::refused, dir,
                    "it is in use by " + holder(fd.get()) + ": stop that one, or give this node a folder of its own");
  }
  // The pid is a courtesy: a full disk must not stop a node over it.
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) == 0) [[maybe_unused]]
    const ssize_t put = ::pwrite(fd.get(), pid.data(), pid.size(), 0);
  return fd;
}

// Checks twice: without the first time a lock would be left in a folder of somebody else, and before the lock was taken
// another process may have changed what was seen.
Result<UniqueFd> claim(const fs::path& dir, Status (*check)(const fs::path&)) {
  if (const Status usable = check(dir); !usable) return usable.error();
  Result<UniqueFd> lock = take_lock(dir);
  if (!lock) return lock;
  if (const Status still = check(dir); !still) return still.error();
  return lock;
}

}  // namespace

std::string encode_identity(const Identity& identity) {
  std::string text(kTitle);
  text += "format " + std::to_string(kFormat) + "\n";
  text += "node " + to_string(identity.node) + "\n";
  text += "cluster " + to_string(identity.cluster) + "\n";
  text += "name " + identity.name + "\n";
  text += "starts " + std::to_string(identity.starts) + "\n";
  return text + check_line(text);
}

Result<Identity> decode_identity(std::string_view text) {
  const Error damaged = fail(Errc::corrupt,
                             "its identity file is damaged: restore it, or start with --reset-identity to give the "
                             "records up and join as a new node");
  const std::string_view whole = text;
  if (!text.starts_with(kTitle)) return damaged;
  text.remove_prefix(kTitle.size());
  const auto format = take_number(text, "format", 10);
  if (format && *format > kFormat)
    return fail(Errc::refused, "it has format " + std::to_string(*format) + ", newer than the " +
                                   std::to_string(kFormat) + " that this version reads: start the newer version again");
  const auto node = take_number(text, "node", 16);
  const auto cluster = take_number(text, "cluster", 16);
  const auto name = take_line(text, "name");
  const auto starts = take_number(text, "starts", 10);
  const std::string_view checked = whole.substr(0, whole.size() - text.size());
  if (format != kFormat || !node || !cluster || !name || !starts || text != check_line(checked)) return damaged;
  return Identity{.node = {*node}, .cluster = {*cluster}, .name = std::string(*name), .starts = *starts};
}

Result<DataFolder> DataFolder::open(const fs::path& dir) {
  if (const Status made = make_folder(dir); !made) return made.error();
  Result<UniqueFd> lock = claim(dir, check_content);
  if (!lock) return lock.error();
  DataFolder folder(dir, *std::move(lock));
  if (const Status known = folder.load_or_draw(); !known) return known.error();
  if (const Status counted = folder.count_start(); !counted) return counted.error();
  return folder;
}

Status DataFolder::reset(const fs::path& dir) {
  std::error_code error;
  if (!fs::is_directory(dir, error)) return unusable(Errc::invalid, dir, "it is not a folder");
  if (const Status live = check_no_snapshot(dir); !live) return live;
  if (!holds_a_node(dir)) return check_content(dir);
  const Result<UniqueFd> lock = claim(dir, check_no_snapshot);
  if (!lock) return lock.error();
  fs::remove_all(dir / "store/log", error);
  for (const char* name : {"store/data.mdb", "store/data.mdb.new", "store/lock.mdb", "store", "identity.new",
                           "identity", "restoring.new", kRestoringName})
    if (!error) fs::remove(dir / name, error);
  if (error) return unusable(Errc::io, dir, "it cannot be reset (" + error.message() + ")");
  return sync_directory(dir);
}

Status DataFolder::restore(const fs::path& dir, const Identity& identity,
                           const std::function<Status(const fs::path& store)>& fill) {
  if (const Status made = make_folder(dir); !made) return made;
  Result<UniqueFd> lock = claim(dir, check_restorable);
  if (!lock) return lock.error();
  DataFolder folder(dir, *std::move(lock));
  if (const Status begun = write_durably(dir / kRestoringName, ""); !begun) return begun;
  if (const Status filled = fill(folder.store_dir()); !filled) return filled;
  if (const Status written = folder.write(identity); !written) return written;
  std::error_code error;
  fs::remove(dir / kRestoringName, error);
  if (error) return unusable(Errc::io, dir, "the file 'restoring' cannot be removed (" + error.message() + ")");
  return sync_directory(dir);
}

Status DataFolder::join(ClusterId cluster, const std::string& name) {
  if (joined() && identity_.cluster != cluster)
    return unusable(Errc::refused, dir_,
                    "its node belongs to cluster " + to_string(identity_.cluster) + ", not to " + to_string(cluster) +
                        ": use another folder");
  if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < ' '; }))
    return fail(Errc::invalid, "a node's name must be free of control characters");
  Identity identity = identity_;
  identity.cluster = cluster;
  identity.name = name;
  return identity == identity_ ? Status(Unit{}) : write(identity);
}

Status DataFolder::load_or_draw() {
  const Result<std::string> text = read_small(dir_ / "identity", kTextFileBytesMax);
  if (!text && text.error().code == Errc::not_found) {
    identity_.node = NodeId{random_id()};
    return Unit{};
  }
  if (!text) return text.error();
  Result<Identity> identity = decode_identity(*text);
  if (!identity) return unusable(identity.error().code, dir_, identity.error().message);
  identity_ = *std::move(identity);
  return Unit{};
}

Status DataFolder::count_start() {
  if (identity_.starts >= Incarnation::kStartsMax)
    return unusable(Errc::refused, dir_,
                    "its node has used up its " + std::to_string(Incarnation::kStartsMax) +
                        " starts: start with --reset-identity to join as a new node");
  Identity identity = identity_;
  ++identity.starts;
  if (const Status written = write(identity); !written) return written.error();
  incarnation_ = Incarnation::of(identity.starts, random_u64());
  return Unit{};
}

Status DataFolder::write(const Identity& identity) {
  const Status written = write_durably(dir_ / "identity", encode_identity(identity));
  if (!written) return unusable(written.error().code, dir_, written.error().message);
  identity_ = identity;
  return Unit{};
}

}  // namespace shoal
