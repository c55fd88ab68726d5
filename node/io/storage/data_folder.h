// DataFolder: what makes a folder one node's folder, and a process its only user.
//
//   DIR/LOCK            held with flock while a process uses the folder; its pid, for people
//   DIR/identity        who the node is, as text behind a checksum (below)
//   DIR/store/          the records (disk_store.h)
//   DIR/snapshots/      copies of this folder (snapshot.h); each holds a file 'snapshot', and no process starts on it
//   DIR/restoring       while it is being restored from one
//
//   shoal data folder
//   format 1
//   node 6f1c09a2b3d4e5f6
//   cluster 0000000000000000     zeros until the node has joined or founded one
//   name alpha                   empty until then
//   starts 7                     process starts so far
//   check 0f1e2d3c4b5a6978       XXH3-64 of everything above
//
// Opening draws an identity when there is none, and an incarnation each time: the start counter is raised on
// the disk *before* this returns, so no two starts ever speak as the same one. Bad run otherwise: a start that
// crashed before its counter was saved minted dots; the next start mints the same dots for other values.
//
// What cannot be used is refused with a sentence and left as it was: somebody else's files, a newer format, damage, a
// folder in use or not writable, records without an identity. An identity that joined a cluster but has no records is
// caught by StoreOptions::create: pass `!joined()`.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

#include "node/base/ids.h"
#include "node/base/result.h"
#include "node/io/unique_fd.h"

namespace shoal {

inline constexpr const char* kSnapshotsName = "snapshots";
inline constexpr const char* kManifestName = "snapshot";
inline constexpr const char* kRestoringName = "restoring";
inline constexpr std::size_t kTextFileBytesMax = 4096;

struct Identity {
  NodeId node;
  ClusterId cluster;
  std::string name;
  std::uint64_t starts = 0;
  friend bool operator==(const Identity&, const Identity&) = default;
};

std::string encode_identity(const Identity& identity);
Result<Identity> decode_identity(std::string_view text);

class DataFolder {
 public:
  // Creates the folder when it is missing.
  static Result<DataFolder> open(const std::filesystem::path& dir);

  // Deletes identity and records of a folder of ours that nobody uses, or of one whose restoring broke off; the next
  // open() draws a new node. Only after the operator asked for it: what only this node held is gone. A snapshot is
  // refused.
  static Status reset(const std::filesystem::path& dir);

  // Makes an empty or missing folder, or one whose restoring broke off, the folder of this node. `fill` puts the store
  // into the folder that it gets; what it leaves is durable.
  static Status restore(const std::filesystem::path& dir, const Identity& identity,
                        const std::function<Status(const std::filesystem::path& store)>& fill);

  [[nodiscard]] const Identity& identity() const { return identity_; }
  [[nodiscard]] Incarnation incarnation() const { return incarnation_; }
  [[nodiscard]] bool joined() const { return identity_.cluster != ClusterId{}; }
  [[nodiscard]] std::filesystem::path store_dir() const { return dir_ / "store"; }
  [[nodiscard]] std::filesystem::path snapshots_dir() const { return dir_ / kSnapshotsName; }

  // Writes down, durably, that the node belongs to a cluster under a name. A cluster never changes: another one is
  // refused.
  Status join(ClusterId cluster, const std::string& name);

 private:
  DataFolder(std::filesystem::path dir, UniqueFd lock) : dir_(std::move(dir)), lock_(std::move(lock)) {}
  Status load_or_draw();
  Status count_start();
  Status write(const Identity& identity);

  std::filesystem::path dir_;
  UniqueFd lock_;
  Identity identity_;
  Incarnation incarnation_;
};

}  // namespace shoal
