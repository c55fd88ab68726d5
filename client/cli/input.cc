#include "client/cli/input.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "node/base/limits.h"

namespace shoal::cli {
namespace {

constexpr std::size_t kTextBytesMax = std::size_t{64} << 20;

}  // namespace

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

Result<std::optional<std::string>> read_text_file(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file && errno == ENOENT) return std::optional<std::string>();
  if (!file) return fail(Errc::invalid, "cannot read " + path + ": " + std::strerror(errno));
  std::string bytes;
  char buffer[1 << 16];
  while (bytes.size() <= kTextBytesMax) {
    const std::size_t got = std::fread(buffer, 1, sizeof buffer, file.get());
    bytes.append(buffer, got);
    if (got == 0) break;
  }
  if (std::ferror(file.get()) != 0) return fail(Errc::invalid, "cannot read " + path + ": " + std::strerror(errno));
  if (bytes.size() > kTextBytesMax) return fail(Errc::too_large, path + " is too large to be what it should be");
  return std::optional(std::move(bytes));
}

Status replace_file(const std::string& path, const std::string& text) {
  std::string written = path + ".XXXXXX";
  const int fd = ::mkstemp(written.data());
  const auto failed = [&] { return fail(Errc::io, "cannot write " + path + ": " + std::strerror(errno)); };
  if (fd < 0) return failed();
  std::size_t done = 0;
  bool good = true;
  while (good && done < text.size()) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    good = wrote > 0;
    if (good) done += static_cast<std::size_t>(wrote);
  }
  good = good && ::fsync(fd) == 0;
  good = ::close(fd) == 0 && good;
  if (good && std::rename(written.c_str(), path.c_str()) == 0) return Unit{};
  const Error error = failed();
  ::unlink(written.c_str());
  return error;
}

}  // namespace shoal::cli
