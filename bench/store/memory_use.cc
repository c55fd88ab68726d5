#include "bench/store/memory_use.h"

#include <fstream>
#include <sstream>
#include <string>

namespace shoal {

std::uint64_t anonymous_bytes() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("RssAnon:")) continue;
    std::uint64_t kib = 0;
    std::istringstream(line.substr(8)) >> kib;
    return kib << 10;
  }
  return 0;
}

}  // namespace shoal
