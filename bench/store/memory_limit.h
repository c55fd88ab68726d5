// MemoryLimit: a memory control group for a process of ours, version 1 or 2, under the group that we are in. What it
// bounds is anonymous memory and page cache together.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "node/base/result.h"

namespace shoal {

class MemoryLimit {
 public:
  // Errc::unavailable with the reason where none can be made.
  static Result<std::unique_ptr<MemoryLimit>> create(std::uint64_t bytes);
  // Removes the group: precondition, nobody is in it any more.
  ~MemoryLimit();
  MemoryLimit(const MemoryLimit&) = delete;
  MemoryLimit& operator=(const MemoryLimit&) = delete;

  // Puts the calling process into the group.
  [[nodiscard]] Status enter() const;
  // Page cache charged to the group now.
  [[nodiscard]] std::uint64_t cache_bytes() const;
  [[nodiscard]] int version() const { return version_; }

 private:
  MemoryLimit(std::filesystem::path dir, int version) : dir_(std::move(dir)), version_(version) {}

  std::filesystem::path dir_;
  int version_;
};

}  // namespace shoal
