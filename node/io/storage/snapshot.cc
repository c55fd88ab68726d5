#include "node/io/storage/snapshot.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "node/io/storage/folder_check.h"
#include "node/io/storage/store_format.h"
#include "node/io/storage/sync_file.h"
#include "node/io/storage/text_lines.h"

namespace shoal {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kFormat = 2;
constexpr std::uint64_t kFormatWithoutAcceptors = 1;
constexpr std::string_view kTitle = "shoal snapshot\n";
constexpr std::size_t kNameBytesMax = 64;
constexpr std::string_view kHiddenEnd = ".shoal-draft";
constexpr std::uint64_t kStartsAtLeast = 256;
constexpr std::int64_t kSecondsPerStart = 16;

Result<std::string> read_text(const fs::path& file) {
  Result<std::string> text = read_small(file, kTextFileBytesMax);
  if (!text && text.error().code == Errc::not_found)
    return fail(Errc::invalid, file.parent_path().string() + " is no complete snapshot: it holds no file '" +
                                   file.filename().string() + "'");
  return text;
}

Result<Manifest> read_manifest(const fs::path& snapshot) {
  const Result<std::string> text = read_text(snapshot / kManifestName);
  if (!text) return text.error();
  return decode_manifest(*text);
}

Result<Identity> read_identity(const fs::path& snapshot) {
  const Result<std::string> text = read_text(snapshot / "identity");
  if (!text) return text.error();
  return decode_identity(*text);
}

// The name under which it is copied or removed: nobody takes it for a snapshot, or for a file of somebody else.
fs::path hidden(const fs::path& snapshots, const std::string& name) {
  return snapshots / ("." + name + std::string(kHiddenEnd));
}

bool is_hidden(std::string_view file) {
  if (!file.starts_with('.') || !file.ends_with(kHiddenEnd) || file.size() <= kHiddenEnd.size()) return false;
  return check_snapshot_name(file.substr(1, file.size() - 1 - kHiddenEnd.size())).has_value();
}

Result<Manifest> fill_snapshot(const SnapshotSource& source, LmdbTxn reader, Manifest manifest, const fs::path& dir,
                               CopyProgress& progress) {
  const Result<CopyCount> copied =
      copy_store(source.env, std::move(reader), source.identity.node, dir / "store", progress);
  if (!copied) return copied.error();
  std::error_code ignored;
  fs::remove(dir / "store" / "lock.mdb", ignored);
  manifest.records = copied->records;
  manifest.hints = copied->hints;
  if (const Status put = write_durably(dir / "identity", encode_identity(source.identity)); !put) return put.error();
  if (const Status put = write_durably(dir / kManifestName, encode_manifest(manifest)); !put) return put.error();
  return manifest;
}

// Gives a complete draft its name, durably.
Status publish(const fs::path& draft, const fs::path& place) {
  std::error_code error;
  fs::rename(draft, place, error);
  if (error) return fail(Errc::io, "cannot create " + place.string() + ": " + error.message());
  Status named = sync_directory(place.parent_path());
  if (!named) fs::rename(place, draft, error);
  return named;
}

// Invariant (2).
Result<Identity> later_life(Identity identity, const Manifest& manifest, WallTime now) {
  const std::int64_t seconds = std::max<std::int64_t>(0, (now.ms - manifest.created.ms) / 1000);
  identity.starts += kStartsAtLeast + static_cast<std::uint64_t>(seconds / kSecondsPerStart);
  if (identity.starts < Incarnation::kStartsMax) return identity;
  return fail(Errc::refused,
              "the snapshot is too old by this machine's clock to be restored: correct the clock, or let the other "
              "nodes fill an empty folder");
}

Status check_all(const fs::path& snapshot, const Manifest& manifest) {
  const Result<FolderCheck> check = check_folder(snapshot);
  if (!check) return check.error();
  const std::string whose = "the snapshot in " + snapshot.string();
  if (check->damages > 0) return fail(Errc::corrupt, whose + " is damaged: " + check->wrong.front());
  if (check->records != manifest.records || check->hints != manifest.hints)
    return fail(Errc::corrupt, whose + " is damaged: it holds " + std::to_string(check->records) + " records and " +
                                   std::to_string(check->hints) + " hints, and should hold " +
                                   std::to_string(manifest.records) + " and " + std::to_string(manifest.hints));
  return Unit{};
}

Status copy_records(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_directories(to, error);
  if (!error) fs::copy_file(from / "data.mdb", to / "data.mdb", fs::copy_options::overwrite_existing, error);
  if (error) return fail(Errc::io, "cannot copy the records to " + to.string() + ": " + error.message());
  if (const Status synced = sync_file(to / "data.mdb"); !synced) return synced;
  if (const Status same = verify_copy(from / "data.mdb", to / "data.mdb"); !same) return same;
  return sync_directory(to);
}

// Invariant (4).
Status forget_votes(const fs::path& store, const std::string& snapshot) {
  const Result<LmdbEnv> env = LmdbEnv::open(store, 0);
  return env ? mark_restored(*env, snapshot) : Status(env.error());
}

}  // namespace

std::string encode_manifest(const Manifest& manifest) {
  std::string text(kTitle);
  text += "format " + std::to_string(kFormat) + "\n";
  text += "name " + manifest.name + "\n";
  text += "created " + std::to_string(manifest.created.ms) + "\n";
  text += "records " + std::to_string(manifest.records) + "\n";
  text += "hints " + std::to_string(manifest.hints) + "\n";
  text += "acceptors 0\n";
  return text + check_line(text);
}

Result<Manifest> decode_manifest(std::string_view text) {
  const std::string_view whole = text;
  const Error damaged = fail(Errc::corrupt, "the snapshot's file 'snapshot' is damaged");
  if (!text.starts_with(kTitle)) return damaged;
  text.remove_prefix(kTitle.size());
  const auto format = take_number(text, "format", 10);
  if (format && *format > kFormat)
    return fail(Errc::refused, "the snapshot has format " + std::to_string(*format) + ", newer than the " +
                                   std::to_string(kFormat) + " that this version reads: use the newer version");
  const auto name = take_line(text, "name");
  const auto created = take_number(text, "created", 10);
  const auto records = take_number(text, "records", 10);
  const auto hints = take_number(text, "hints", 10);
  const bool says_acceptors = format != kFormatWithoutAcceptors;
  const auto acceptors = says_acceptors ? take_number(text, "acceptors", 10) : std::optional<std::uint64_t>(0);
  const std::string_view checked = whole.substr(0, whole.size() - text.size());
  const bool is_whole = format && *format > 0 && name && created && records && hints && acceptors == 0U;
  if (!is_whole || text != check_line(checked)) return damaged;
  return Manifest{.name = std::string(*name),
                  .created = {static_cast<std::int64_t>(*created)},
                  .records = *records,
                  .hints = *hints};
}

Status check_snapshot_name(std::string_view name) {
  const auto is_good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  };
  if (!name.empty() && name.size() <= kNameBytesMax && name[0] != '.' && std::ranges::all_of(name, is_good))
    return Unit{};
  return fail(Errc::invalid,
              "a snapshot's name is 1 to 64 letters, digits, '.', '_' and '-', and does not begin with '.'");
}

Result<Manifest> write_snapshot(const SnapshotSource& source, LmdbTxn reader, Manifest manifest,
                                const fs::path& snapshots, CopyProgress& progress) {
  const fs::path draft = hidden(snapshots, manifest.name);
  Result<Manifest> filled = fill_snapshot(source, std::move(reader), std::move(manifest), draft, progress);
  if (filled)
    if (const Status named = publish(draft, snapshots / filled->name); !named) filled = named.error();
  std::error_code ignored;
  if (!filled) fs::remove_all(draft, ignored);
  return filled;
}

std::vector<FoundSnapshot> find_snapshots(const fs::path& snapshots) {
  std::vector<FoundSnapshot> found;
  std::error_code error;
  for (fs::directory_iterator entry(snapshots, error), end; !error && entry != end; entry.increment(error)) {
    if (!check_snapshot_name(entry->path().filename().string())) continue;
    Result<Manifest> manifest = read_manifest(entry->path());
    if (!manifest) continue;
    manifest->name = entry->path().filename().string();
    std::error_code unknown;
    const std::uintmax_t bytes = fs::file_size(entry->path() / "store" / "data.mdb", unknown);
    found.push_back({*std::move(manifest), unknown ? 0 : bytes});
  }
  std::ranges::sort(found, {}, [](const FoundSnapshot& s) { return s.manifest.name; });
  return found;
}

Status remove_snapshot(const fs::path& snapshots, const std::string& name) {
  std::error_code error;
  fs::rename(snapshots / name, hidden(snapshots, name), error);
  if (error == std::errc::no_such_file_or_directory) return fail(Errc::not_found, "there is no snapshot " + name);
  if (error) return fail(Errc::io, "cannot remove " + (snapshots / name).string() + ": " + error.message());
  return sync_directory(snapshots);
}

void sweep_snapshots(const fs::path& snapshots) {
  std::vector<fs::path> left;
  std::error_code error;
  for (fs::directory_iterator entry(snapshots, error), end; !error && entry != end; entry.increment(error))
    if (is_hidden(entry->path().filename().string())) left.push_back(entry->path());
  for (const fs::path& path : left) fs::remove_all(path, error);
}

Result<Restored> restore_snapshot(const fs::path& snapshot, const fs::path& dir, WallTime now) {
  const Result<Manifest> manifest = read_manifest(snapshot);
  if (!manifest) return manifest.error();
  const Result<Identity> before = read_identity(snapshot);
  if (!before) return before.error();
  const Result<Identity> identity = later_life(*before, *manifest, now);
  if (!identity) return identity.error();
  if (const Status whole = check_all(snapshot, *manifest); !whole) return whole.error();
  const auto fill = [&](const fs::path& store) {
    const Status copied = copy_records(snapshot / "store", store);
    return copied ? forget_votes(store, manifest->name) : copied;
  };
  if (const Status restored = DataFolder::restore(dir, *identity, fill); !restored) return restored.error();
  return Restored{*manifest, *identity};
}

}  // namespace shoal
