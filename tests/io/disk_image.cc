#include "tests/io/disk_image.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <string>
#include <utility>

namespace shoal::test {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 4096;

std::string folder_of(const DiskOp& op) { return fs::path(op.path).parent_path().string(); }

// Which of the operations before `cut` are on the disk for sure.
std::vector<bool> safe_before(const std::vector<DiskOp>& ops, std::size_t cut) {
  std::vector<bool> safe(cut, false);
  std::map<ino_t, std::vector<std::size_t>> writes;  // that no sync has settled
  std::map<std::string, std::vector<std::size_t>> names;
  for (std::size_t i = 0; i + 1 < cut; ++i) {
    const DiskOp& op = ops[i];
    switch (op.kind) {
      case DiskOp::Kind::head: safe[i] = !op.failed; break;
      case DiskOp::Kind::allocate:
      case DiskOp::Kind::write: writes[op.file].push_back(i); break;
      case DiskOp::Kind::make_folder:
      case DiskOp::Kind::create:
      case DiskOp::Kind::rename:
      case DiskOp::Kind::unlink: names[folder_of(op)].push_back(i); break;
      case DiskOp::Kind::sync:
        for (const std::size_t before : std::exchange(writes[op.file], {}))
          safe[before] = !ops[before].failed && !op.failed;
        if (op.failed) break;
        for (const std::size_t before : std::exchange(names[op.path], {})) safe[before] = true;
    }
  }
  return safe;
}

// Files by their names. A number of an inode is used again when its file is gone: each life is a file of its own.
class Image {
 public:
  Image(Unsynced unsynced, Rng& rng) : unsynced_(unsynced), rng_(rng) {}

  void apply(const DiskOp& op, bool safe) {
    switch (op.kind) {
      case DiskOp::Kind::sync: break;
      case DiskOp::Kind::make_folder: folders_[op.path] = kept(safe); break;
      case DiskOp::Kind::create: create(op, safe); break;
      case DiskOp::Kind::allocate: allocate(op, safe); break;
      case DiskOp::Kind::rename: rename(op, safe); break;
      case DiskOp::Kind::unlink: unlink(op, safe); break;
      default: write(op, safe);
    }
  }
  void save(const fs::path& from, const fs::path& to) const {
    for (const auto& [name, kept] : folders_)
      if (kept) fs::create_directories(to / fs::path(name).lexically_relative(from));
    for (const auto& [name, file] : on_disk_) {
      const auto folder = folders_.find(fs::path(name).parent_path().string());
      if (folder != folders_.end() && !folder->second) continue;
      const fs::path target = to / fs::path(name).lexically_relative(from);
      fs::create_directories(target.parent_path());
      std::ofstream(target, std::ios::binary) << contents_.at(file);
    }
  }

 private:
  using File = std::pair<ino_t, int>;

  bool kept(bool safe) {
    return safe || unsynced_ == Unsynced::kept || (unsynced_ == Unsynced::half && rng_.chance(500'000));
  }

  void create(const DiskOp& op, bool safe) {
    const File file{op.file, lives_[op.file]};
    contents_.try_emplace(file);
    seen_[op.path] = file;
    if (kept(safe)) on_disk_[op.path] = file;
  }
  // One that was there before is on the disk.
  std::string& content_of(const DiskOp& op) {
    const File file{op.file, lives_[op.file]};
    if (contents_.try_emplace(file).second) on_disk_[op.path] = seen_[op.path] = file;
    return contents_[file];
  }
  void allocate(const DiskOp& op, bool safe) {
    std::string& disk = content_of(op);
    if (kept(safe)) disk.resize(std::max(disk.size(), static_cast<std::size_t>(op.offset)));
  }
  void write(const DiskOp& op, bool safe) {
    std::string& disk = content_of(op);
    const auto offset = static_cast<std::size_t>(op.offset);
    disk.resize(std::max(disk.size(), offset + op.bytes.size()));
    for (std::size_t at = 0; at < op.bytes.size(); at += kPage)
      if (kept(safe)) disk.replace(offset + at, std::min(kPage, op.bytes.size() - at), op.bytes, at, kPage);
  }
  void rename(const DiskOp& op, bool safe) {
    if (!seen_.contains(op.path)) return;  // nothing was ever written into it
    const File file = seen_[op.path];
    seen_.erase(op.path);
    seen_[op.to] = file;
    if (!kept(safe)) return;
    std::erase_if(on_disk_, [&](const auto& item) { return item.second == file; });
    on_disk_[op.to] = file;
  }
  void unlink(const DiskOp& op, bool safe) {
    if (!seen_.contains(op.path)) return;
    const File file = seen_[op.path];
    seen_.erase(op.path);
    ++lives_[file.first];
    if (kept(safe)) std::erase_if(on_disk_, [&](const auto& item) { return item.second == file; });
  }

  const Unsynced unsynced_;
  Rng& rng_;
  std::map<std::string, bool> folders_;  // made meanwhile; true: on the disk
  std::map<ino_t, int> lives_;
  std::map<File, std::string> contents_;
  std::map<std::string, File> seen_;  // by the running process
  std::map<std::string, File> on_disk_;
};

}  // namespace

void cut_power(const std::vector<DiskOp>& ops, std::size_t cut, Unsynced unsynced, Rng& rng, const fs::path& from,
               const fs::path& to) {
  const std::vector<bool> safe = safe_before(ops, cut);
  Image image(unsynced, rng);
  for (std::size_t i = 0; i < cut; ++i) image.apply(ops[i], safe[i]);
  image.save(from, to);
}

std::vector<DiskOp> ops_that_made(const fs::path& folder) {
  std::vector<DiskOp> ops;
  for (const fs::directory_entry& found : fs::recursive_directory_iterator(folder)) {
    struct stat file {};
    if (!found.is_regular_file() || ::stat(found.path().c_str(), &file) != 0) continue;
    std::ifstream in(found.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    ops.push_back({.kind = DiskOp::Kind::head,
                   .file = file.st_ino,
                   .path = found.path().string(),
                   .to = {},
                   .bytes = std::move(bytes)});
  }
  return ops;
}

}  // namespace shoal::test
