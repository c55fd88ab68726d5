#include "client/cli/input.h"

#include <cerrno>
#include <cstring>
#include <memory>

#include "node/base/limits.h"

namespace shoal::cli {

Result<std::string> read_value(std::FILE* stream, const std::string& name) {
  std::string bytes;
  char buffer[1 << 16];
  while (bytes.size() <= kValueBytesMax) {
    const std::size_t got = std::fread(buffer, 1, sizeof buffer, stream);
    bytes.append(buffer, got);
    if (got == 0) break;
  }
  if (std::ferror(stream) != 0) return fail(Errc::invalid, "cannot read " + name + ": " + std::strerror(errno));
  if (bytes.size() > kValueBytesMax)
    return fail(Errc::too_large, name + " is larger than the largest value (" + std::to_string(kValueBytesMax) +
                                     " bytes); nothing was written");
  return bytes;
}

Result<std::string> read_value_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return fail(Errc::invalid, "cannot read " + path + ": " + std::strerror(errno));
  return read_value(file.get(), path);
}

}  // namespace shoal::cli
