// What a command prints.
#pragma once

#include <array>
#include <cstdio>
#include <memory>
#include <string>

namespace shoal {

// Runs it in a shell; its standard output, whatever its exit code.
inline std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), &::pclose);
  std::string out;
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; pipe && (n = std::fread(buffer.data(), 1, buffer.size(), pipe.get())) > 0;)
    out.append(buffer.data(), n);
  return out;
}

}  // namespace shoal
