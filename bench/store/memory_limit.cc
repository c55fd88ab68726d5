#include "bench/store/memory_limit.h"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace shoal {
namespace {

namespace fs = std::filesystem;

struct Mount {
  fs::path path;
  int version = 0;
};

// Where the memory controller of either version is mounted.
std::vector<Mount> memory_mounts() {
  std::vector<Mount> mounts;
  std::ifstream in("/proc/self/mounts");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string device;
    std::string mount;
    std::string type;
    std::string options;
    words >> device >> mount >> type >> options;
    if (type == "cgroup" && ("," + options + ",").find(",memory,") != std::string::npos) mounts.push_back({mount, 1});
    if (type == "cgroup2") mounts.push_back({mount, 2});
  }
  return mounts;
}

// The group that we are in, below the mount.
std::string own_group(int version) {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    if (version == 2 ? controllers == ",," : controllers.find(",memory,") != std::string::npos)
      return line.substr(second + 2);
  }
  return "";
}

bool put(const fs::path& file, const std::string& text) {
  std::ofstream out(file);
  out << text << std::flush;
  return out.good();
}

std::string text_of(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// Version 2 lets only groups without processes have groups with limits: beside us is the place.
fs::path parent_group(const Mount& at) {
  const std::string own = own_group(at.version);
  if (own.empty()) return at.path;
  return at.version == 2 ? (at.path / own).parent_path() : at.path / own;
}

bool limit(const fs::path& group, int version, std::uint64_t bytes) {
  const std::string number = std::to_string(bytes);
  if (version == 1) return put(group / "memory.limit_in_bytes", number);
  return put(group / "memory.max", number);
}

}  // namespace

Result<std::unique_ptr<MemoryLimit>> MemoryLimit::create(std::uint64_t bytes) {
  std::string tried;
  for (const Mount& at : memory_mounts()) {
    const fs::path group = parent_group(at) / ("shoal-bench-" + std::to_string(::getpid()));
    std::error_code code;
    if (fs::create_directory(group, code) && limit(group, at.version, bytes))
      return std::unique_ptr<MemoryLimit>(new MemoryLimit(group, at.version));
    ::rmdir(group.c_str());
    tried += " " + group.string();
  }
  return fail(Errc::unavailable, "no memory control group can be made (" +
                                     (tried.empty() ? "none is mounted" : "tried" + tried) +
                                     "): run as root, or in a group that was delegated with its memory controller");
}

MemoryLimit::~MemoryLimit() { ::rmdir(dir_.c_str()); }

Status MemoryLimit::enter() const {
  if (put(dir_ / "cgroup.procs", std::to_string(::getpid()))) return Unit{};
  return fail(Errc::unavailable, "cannot enter the control group " + dir_.string());
}

std::uint64_t MemoryLimit::cache_bytes() const {
  std::istringstream in(text_of(dir_ / "memory.stat"));
  const std::string wanted = version_ == 1 ? "cache" : "file";
  std::string name;
  for (std::uint64_t bytes = 0; in >> name >> bytes;)
    if (name == wanted) return bytes;
  return 0;
}

}  // namespace shoal
